import { FileChannel, TransferError } from "./files.js";

const TRIES = 10, PAUSE = 1000;
const [drop, choose, fetchIt, list] = ["drop", "choose", "fetch", "list"].map(id => document.getElementById(id));

// A channel to the program, over a connection that has nothing yet.
async function connect(connection, label) {
  const channel = connection.createDataChannel(label);
  const files = new FileChannel(channel);
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === "failed") { channel.close(); connection.close(); }
  };
  await connection.setLocalDescription();
  await new Promise(resolve => {
    connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && resolve();
    connection.onicegatheringstatechange();
  });
  const headers = { "Content-Type": "application/sdp" };
  const response = await fetch("files", { method: "POST", headers, body: connection.localDescription.sdp });
  if (!response.ok) throw new Error(`the program answers ${response.status}`);
  await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  return files;
}

// Does something with a channel, again where the connection breaks.
async function persist(label, row, work) {
  for (let attempt = 1; ; attempt++) {
    const connection = new RTCPeerConnection();
    try {
      return await work(await connect(connection, label));
    } catch (error) {
      row.tell(error.message);
      if (error instanceof TransferError || attempt === TRIES) return;
    } finally {
      connection.close();
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE));
  }
}

function show(name) {
  const row = document.createElement("li"), bar = document.createElement("progress"), words = document.createElement("small");
  const title = document.createElement("span");
  title.textContent = name;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  row.append(title, bar, words);
  list.append(row);
  const begun = performance.now();
  return {
    title,
    tell: text => { words.textContent = text; },
    progress: (done, size) => {
      bar.value = size ? done / size : 1;
      const rate = done / 1e3 / (performance.now() - begun);
      words.textContent = `${(done / 1e6).toFixed(1)} of ${(size / 1e6).toFixed(1)} MB, ${rate.toFixed(1)} MB/s`;
    },
  };
}

async function send(files) {
  for (const file of files) {
    const row = show(file.name);
    await persist("files", row, async channel => {
      await channel.send(file, row.progress);
      row.tell(`kept, ${(file.size / 1e6).toFixed(1)} MB`);
    });
  }
}

fetchIt.onclick = async () => {
  const row = show("the program's file"), kept = [];
  await persist("fetch", row, async channel => {
    const file = await channel.receive(kept, row.progress), link = document.createElement("a");
    [link.href, link.download, link.textContent] = [URL.createObjectURL(file), file.name, file.name];
    row.title.replaceChildren(link);
    row.tell(`received, ${(file.size / 1e6).toFixed(1)} MB: its name saves it`);
  });
};
choose.onchange = () => send([...choose.files]);
drop.ondragover = event => { event.preventDefault(); drop.className = "over"; };
drop.ondragleave = () => { drop.className = ""; };
drop.ondrop = event => { event.preventDefault(); drop.className = ""; send([...event.dataTransfer.files]); };
