// The page: shows what a call does, and passes on what the visitor wants.

import { Call } from "./call.js";
import { readFigures } from "./figures.js";
import { openMedia } from "./media.js";

const INTERVAL = 250;
const SAMPLES = 240;
const GOOD = new Set(["connected", "completed", "complete", "stable"]);
const BUSY = new Set(["checking", "connecting", "gathering", "disconnected"]);
const STATES = {
  "connection-state": "connectionState",
  "ice-state": "iceConnectionState",
  "gathering-state": "iceGatheringState",
  "signaling-state": "signalingState",
};

const $ = (id) => document.getElementById(id);

let call = null;
let stream = null;
let figures = null;
let samples = [];
let happened = {};

function setStatus(text) {
  $("status").textContent = text;
}

function addItem(list, item) {
  list.append(item);
  list.scrollTop = list.scrollHeight;
}

function showEvent({ text, elapsed }) {
  happened[text] ??= elapsed;
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = `${elapsed.toFixed(0)} ms`;
  item.append(time, text);
  addItem($("events"), item);
}

function showMessage(text, mine) {
  const item = document.createElement("li");
  item.className = mine ? "mine" : "theirs";
  item.textContent = text;
  addItem($("messages"), item);
}

function stateClass(state) {
  if (GOOD.has(state)) return "good";
  if (state === "failed") return "bad";
  return BUSY.has(state) || state.startsWith("have-") ? "busy" : "";
}

function showStates() {
  for (const [id, name] of Object.entries(STATES)) {
    const state = call.connection[name];
    $(id).textContent = state;
    $(id).className = stateClass(state);
  }
  if (call.connection.connectionState === "connected") setStatus("Connected. Say something.");
}

function showChart() {
  const step = 120 / Math.max(1, samples.length - 1);
  const top = Math.max(100, ...samples.flatMap(({ receiving, sending }) => [receiving, sending]));
  for (const name of ["receiving", "sending"]) {
    const points = samples.map((sample, index) => {
      const y = 31 - (30 * sample[name]) / top;
      return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
    });
    $(`${name}-chart`).setAttribute("points", points.join(" "));
  }
}

async function showFigures(current) {
  if (current !== call || !current.connection) return;
  figures = readFigures(await current.connection.getStats(), figures);
  $("local-candidate").textContent = figures.local;
  $("remote-candidate").textContent = figures.remote;
  $("rtt").value = figures.roundTrip.toFixed(1);
  $("receiving").value = figures.receiving.toFixed(0);
  $("sending").value = figures.sending.toFixed(0);
  $("pictures").value = figures.pictures.toFixed(0);
  $("self-level").value = Math.sqrt(figures.voiceLevel);
  $("bot-level").value = Math.sqrt(figures.soundLevel);
  if (figures.soundEnergy > 0) current.tell("first sound", true);
  samples = [...samples, figures].slice(-SAMPLES);
  showChart();
}

function attach(video, media) {
  video.srcObject = media;
  video.closest(".screen").classList.toggle("playing", Boolean(media));
}

function setRunning(running) {
  $("start").textContent = running ? "Hang up" : "Start the call";
  $("start").classList.toggle("ends", running);
  for (const id of ["microphone", "camera"]) {
    $(id).disabled = !running;
    $(id).setAttribute("aria-pressed", "false");
  }
  if (!running) setChat(false);
}

function setChat(open) {
  for (const element of $("compose").elements) element.disabled = !open;
}

function watch(current) {
  const timer = setInterval(() => showFigures(current), INTERVAL);
  current.addEventListener("happened", ({ detail }) => showEvent(detail));
  current.addEventListener("state", showStates);
  current.addEventListener("chat", () => setChat(true));
  current.addEventListener("message", ({ detail }) => showMessage(detail.text, false));
  current.addEventListener("track", () => attach($("bot"), current.stream));
  current.addEventListener("ended", () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    attach($("self"), null);
    attach($("bot"), null);
    for (const meter of document.querySelectorAll("meter")) meter.value = 0;
    setRunning(false);
    setStatus("The call is over. Start another one whenever you like.");
  });
  $("bot").requestVideoFrameCallback?.(() => current.tell("first picture", true));
}

async function start() {
  $("start").disabled = true;
  setStatus("Asking for camera and microphone.");
  $("events").replaceChildren();
  $("messages").replaceChildren();
  [figures, samples, happened] = [null, [], {}];
  const media = await openMedia();
  stream = media.stream;
  attach($("self"), stream);
  call = new Call();
  watch(call);
  const names = media.missing.map((kind) => ({ video: "camera", audio: "microphone" })[kind]);
  setStatus(names.length ? `No ${names.join(", no ")}: calling all the same.` : "Calling.");
  try {
    await call.start(stream);
    setRunning(true);
    showStates();
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    attach($("self"), null);
    setStatus(`No call: ${error.message}.`);
  }
  $("start").disabled = false;
}

function toggle(button, kind) {
  const off = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(off));
  for (const track of stream.getTracks()) {
    if (track.kind === kind) track.enabled = !off;
  }
}

function write(text) {
  showMessage(text, true);
  call.send(text);
}

$("start").addEventListener("click", () => {
  if ($("start").classList.contains("ends")) {
    call.end();
  } else {
    start();
  }
});
$("microphone").addEventListener("click", ({ currentTarget }) => toggle(currentTarget, "audio"));
$("camera").addEventListener("click", ({ currentTarget }) => toggle(currentTarget, "video"));
$("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text) write(text);
  $("text").value = "";
});
addEventListener("unhandledrejection", ({ reason }) => setStatus(`It went wrong: ${reason}`));
$("host").textContent = location.hostname === "localhost" ? "this machine" : location.hostname;

// For the console, and for the run without a window.
globalThis.report = () => ({
  happened,
  figures,
  state: call?.connection?.connectionState ?? "new",
  status: $("status").textContent,
  heard: [...$("messages").querySelectorAll(".theirs")].map((item) => item.textContent),
});
