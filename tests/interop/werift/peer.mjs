// A werift peer that does what lines of JSON on standard input say, and tells on standard output
// what happens. It ends with its input. It trickles, and echoes what comes over channels.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { RTCPeerConnection } = createRequire(process.argv[2] + "/")("werift");

const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const pc = new RTCPeerConnection({ iceServers: [], iceAdditionalHostAddresses: ["127.0.0.1"] });
const channels = new Map();

function serve(channel) {
  channels.set(channel.label, channel);
  const opened = () => tell({ open: channel.label });
  if (channel.readyState === "open") opened();
  channel.stateChanged.subscribe((state) => {
    if (state === "open") opened();
    if (state === "closed") tell({ closed: channel.label });
  });
  channel.onMessage.subscribe((data) => {
    const isText = typeof data === "string";
    if (isText) tell({ text: data });
    if (channel.readyState === "open") channel.send(isText ? "echo " + data : data);
  });
}

pc.onIceCandidate.subscribe((candidate) => {
  if (candidate) tell({ candidate: { candidate: candidate.candidate, sdpMid: candidate.sdpMid } });
});
pc.connectionStateChange.subscribe((state) => tell({ state }));
pc.onDataChannel.subscribe(serve);

// It resolves only once all candidates are gathered: the description is told before.
async function describe(made) {
  tell({ type: made.type, sdp: made.sdp });
  await pc.setLocalDescription(made);
}

const orders = {
  channel: ({ text, unordered = false, repeats }) =>
    serve(pc.createDataChannel(text, { ordered: !unordered, maxRetransmits: repeats })),
  close: ({ text }) => channels.get(text).close(),
  offer: async () => describe(await pc.createOffer()),
  answer: async () => describe(await pc.createAnswer()),
  remote: ({ type, sdp }) => pc.setRemoteDescription({ type, sdp }),
  candidate: ({ candidate }) => pc.addIceCandidate(candidate),
};

// One after the other: an answer needs the offer set.
let before = Promise.resolve();
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    before = before
      .then(() => orders[order.do](order))
      .catch((error) => tell({ error: String(error) }));
  })
  .on("close", async () => {
    await pc.close();
    process.exit(0);
  });
