// What the visitor sends: camera and microphone, or stand-ins for what is missing.

const WANTED = {
  video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
  audio: { echoCancellation: true, noiseSuppression: true },
};

async function ask(kinds) {
  const wanted = Object.fromEntries(kinds.map((kind) => [kind, WANTED[kind]]));
  return (await navigator.mediaDevices.getUserMedia(wanted)).getTracks();
}

// A slow drawing in place of a camera.
function drawnTrack() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const context = canvas.getContext("2d");
  const draw = () => {
    const now = performance.now() / 1000;
    context.fillStyle = "#1c2b28";
    context.fillRect(0, 0, 640, 480);
    for (let i = 0; i < 24; i++) {
      const angle = now * 0.4 + (i * Math.PI) / 12;
      const reach = 120 + 60 * Math.sin(now + i * 0.8);
      context.fillStyle = `hsl(${160 + i * 8} 70% 55%)`;
      context.beginPath();
      context.arc(320 + reach * Math.cos(angle), 240 + reach * Math.sin(angle), 16, 0, 7);
      context.fill();
    }
  };
  draw();
  const timer = setInterval(draw, 33);
  const [track] = canvas.captureStream(30).getVideoTracks();
  const stop = track.stop.bind(track);
  track.stop = () => {
    clearInterval(timer);
    stop();
  };
  return track;
}

function silentTrack() {
  return new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
}

// Resolves to a stream with one track of each kind, and the kinds that are stand-ins.
export async function openMedia() {
  let tracks = [];
  for (const kinds of [["video", "audio"], ["video"], ["audio"]]) {
    try {
      tracks = await ask(kinds);
      break;
    } catch {
      continue; // refused or missing: ask for less
    }
  }
  const missing = ["video", "audio"].filter((kind) => !tracks.some((track) => track.kind === kind));
  if (missing.includes("video")) tracks.push(drawnTrack());
  if (missing.includes("audio")) tracks.push(silentTrack());
  return { stream: new MediaStream(tracks), missing };
}
