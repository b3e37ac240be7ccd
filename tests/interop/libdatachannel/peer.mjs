// A libdatachannel peer that does what lines of JSON on standard input say, and tells on standard
// output what happens. It ends with its input. It trickles, and echoes what comes over channels.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { PeerConnection, cleanup } = createRequire(process.argv[2] + "/")("node-datachannel");

const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const pc = new PeerConnection("peer", {
  iceServers: [],
  bindAddress: "127.0.0.1",
  disableAutoNegotiation: true,
});
const channels = new Map();

function serve(channel) {
  // A channel that is closed has no label any more.
  const label = channel.getLabel();
  channels.set(label, channel);
  channel.onOpen(() => tell({ open: label }));
  channel.onClosed(() => tell({ closed: label }));
  channel.onMessage((data) => {
    const isText = typeof data === "string";
    if (isText) tell({ text: data });
    try {
      isText ? channel.sendMessage("echo " + data) : channel.sendMessageBinary(data);
    } catch {
      // It may be closed by now.
    }
  });
}

pc.onLocalDescription((sdp, type) => tell({ type, sdp }));
pc.onLocalCandidate((candidate, sdpMid) => tell({ candidate: { candidate, sdpMid } }));
pc.onStateChange((state) => tell({ state }));
pc.onDataChannel(serve);

const orders = {
  channel: ({ text, unordered = false, repeats }) =>
    serve(pc.createDataChannel(text, { unordered, maxRetransmits: repeats })),
  close: ({ text }) => channels.get(text).close(),
  offer: () => pc.setLocalDescription("offer"),
  answer: () => pc.setLocalDescription("answer"),
  remote: ({ type, sdp }) => pc.setRemoteDescription(sdp, type),
  candidate: ({ candidate }) => pc.addRemoteCandidate(candidate.candidate, candidate.sdpMid),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    try {
      const order = JSON.parse(line);
      orders[order.do](order);
    } catch (error) {
      tell({ error: String(error) });
    }
  })
  .on("close", () => {
    pc.close();
    cleanup();
    process.exit(0);
  });
