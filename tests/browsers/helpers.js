// Helpers for the tests, all below `rtc`. Tests reach them through `page.run`, so whatever they
// return to Python is a JSON value. Every wait ends after `BOUND` milliseconds with an error that
// says what was waited for.
"use strict";

const BOUND = 15000;
const WIDTH = 160;
const HEIGHT = 120;

const rtc = {};
window.rtc = rtc;

rtc.sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

// Wait until `condition`, which may be async, gives something true, and return that.
rtc.until = async (condition, what, timeout = BOUND) => {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await rtc.sleep(20);
  }
};

// ---- bytes -------------------------------------------------------------------------------------

rtc.toBase64 = buffer => {
  const characters = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte));
  return btoa(characters.join(""));
};

rtc.fromBase64 = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));

// ---- connections -------------------------------------------------------------------------------

// A data channel with the log of all it received: {text} or {bytes: base64} each.
class Channel {
  constructor(channel) {
    this.channel = channel;
    this.log = [];
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({data}) => {
      this.log.push(typeof data === "string" ? {text: data} : {bytes: rtc.toBase64(data)});
    };
  }

  send(message) {
    this.channel.send("text" in message ? message.text : rtc.fromBase64(message.bytes));
  }

  opened() {
    return rtc.until(() => this.channel.readyState === "open", `${this.channel.label} to open`);
  }

  closed() {
    return rtc.until(() => this.channel.readyState === "closed", `${this.channel.label} to close`);
  }

  // Wait for that many messages in all, and return them.
  async received(count) {
    await rtc.until(() => this.log.length >= count, `${count} messages`);
    return this.log;
  }
}

// A connection with what happened to it: `outbox` the signals for the other side not yet taken,
// {description} or {candidate} each; `states` gone through ("connectionState connected"), `tracks`
// by mid, `channels` by label.
class Peer {
  constructor(configuration, {trickle = true} = {}) {
    this.trickle = trickle;
    this.connection = new RTCPeerConnection(configuration);
    this.outbox = [];
    this.states = [];
    this.tracks = new Map();
    this.channels = new Map();
    this.watch();
  }

  watch() {
    const {connection} = this;
    connection.onicecandidate = ({candidate}) => {
      if (this.trickle) this.outbox.push({candidate: candidate && candidate.toJSON()});
    };
    connection.ondatachannel = ({channel}) => this.channels.set(channel.label, new Channel(channel));
    connection.ontrack = ({track, transceiver, streams}) => {
      this.tracks.set(transceiver.mid, {track, streams: streams.map(stream => stream.id)});
      rtc.play(track);
    };
    for (const name of ["connection", "iceConnection", "iceGathering", "signaling"]) {
      connection.addEventListener(`${name.toLowerCase()}statechange`, () => {
        this.states.push(`${name}State ${connection[`${name}State`]}`);
      });
    }
  }

  // Set an offer or answer of ours and put it into the outbox, without `trickle` when it has all
  // candidates.
  async describe() {
    await this.connection.setLocalDescription();
    if (!this.trickle) await this.gathered();
    this.outbox.push({description: this.connection.localDescription.toJSON()});
  }

  // Take signals of the other side, and answer offers.
  async take(signals) {
    for (const {description, candidate} of signals) {
      if (description) await this.connection.setRemoteDescription(description);
      else await this.connection.addIceCandidate(candidate);
      if (description?.type === "offer") await this.describe();
    }
  }

  // Empty the outbox as soon as there is something, or after some time.
  async signals(timeout = 2000) {
    await rtc.until(() => this.outbox.length, "signals", timeout).catch(() => {});
    return this.outbox.splice(0);
  }

  async gathered() {
    const {connection} = this;
    await rtc.until(() => connection.iceGatheringState === "complete", "gathering to complete");
    return connection.localDescription.sdp;
  }

  stable() {
    return rtc.until(() => this.connection.signalingState === "stable", "the answer");
  }

  reached(state) {
    const {connection} = this;
    return rtc.until(() => connection.connectionState === state, state).catch(error => {
      throw new Error(`${error.message}, it went through ${this.states.join()}`);
    });
  }

  createChannel(label, options) {
    const channel = new Channel(this.connection.createDataChannel(label, options));
    this.channels.set(label, channel);
    return channel;
  }

  // Wait for a channel of this label, ours or theirs, to be open.
  async channel(label) {
    const channel = await rtc.until(() => this.channels.get(label), `a channel ${label}`);
    await channel.opened();
    return channel;
  }

  // The inbound-rtp statistics by mid.
  async inbound() {
    const byMid = {};
    for (const entry of (await this.connection.getStats()).values()) {
      if (entry.type !== "inbound-rtp") continue;
      const {kind, mid, ssrc, packetsReceived, packetsLost, framesDecoded} = entry;
      const {totalAudioEnergy, trackIdentifier} = entry;
      byMid[mid] = {
        kind, mid, ssrc, packetsReceived, packetsLost, framesDecoded, totalAudioEnergy,
        trackIdentifier,
      };
    }
    return byMid;
  }

  // Wait until every track that came (there are `count`) is decoded: pictures, or audible sound.
  async decoding(count, frames = 5) {
    let seen = {};
    const heard = entry => entry.kind === "video"
      ? entry.framesDecoded >= frames
      : entry.totalAudioEnergy > 0;
    await rtc.until(async () => {
      seen = await this.inbound();
      return Object.values(seen).filter(heard).length >= count;
    }, `${count} tracks to be decoded`).catch(error => {
      throw new Error(`${error.message}: ${JSON.stringify(seen)}`);
    });
    return seen;
  }

  // Wait until each track has been decoded further than it is now.
  async decodingMore() {
    const before = await this.inbound();
    const further = ([mid, entry]) => entry.kind === "video"
      ? entry.framesDecoded > before[mid].framesDecoded
      : entry.totalAudioEnergy > before[mid].totalAudioEnergy;
    await rtc.until(
      async () => Object.entries(await this.inbound()).every(further), "more to be decoded");
  }
}

// The connections of this page by name; tests with one only need no name.
rtc.peers = new Map();

rtc.make = (configuration, name = "peer", options) => {
  const peer = new Peer(configuration, options);
  rtc.peers.set(name, peer);
  return peer;
};

rtc.peer = (name = "peer") => {
  const peer = rtc.peers.get(name);
  if (!peer) throw new Error(`there is no connection named ${name}`);
  return peer;
};

// ---- what is sent ------------------------------------------------------------------------------

// What the tracks made here show: a colour or a frequency.
rtc.contents = new Map();

// A video track of one colour (as CSS writes it), with a moving stripe so that frames differ.
rtc.camera = (color, rate = 15) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: WIDTH, height: HEIGHT});
  const context = canvas.getContext("2d");
  let count = 0;
  const draw = () => {
    context.fillStyle = color;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = "gray";
    context.fillRect(count++ % WIDTH, 0, 4, 8);
  };
  draw();
  setInterval(draw, 1000 / rate);
  const [track] = canvas.captureStream(rate).getVideoTracks();
  rtc.contents.set(track, color);
  return track;
};

let sound;

// The page's AudioContext, or null where there is no device to play to.
rtc.sound = async () => {
  if (sound === undefined) {
    sound = new AudioContext();
    const running = sound.resume().then(() => true);
    if (!await Promise.race([running, rtc.sleep(3000)])) sound = null;
  }
  return sound;
};

// An audio track of one frequency in Hz; without a sound device the browser's own test sound.
rtc.microphone = async frequency => {
  const context = await rtc.sound();
  if (!context) {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true, fake: true});
    return stream.getAudioTracks()[0];
  }
  const oscillator = new OscillatorNode(context, {frequency});
  const destination = new MediaStreamAudioDestinationNode(context);
  oscillator.connect(new GainNode(context, {gain: 0.5})).connect(destination);
  oscillator.start();
  const [track] = destination.stream.getAudioTracks();
  rtc.contents.set(track, frequency);
  return track;
};

// ---- what is received --------------------------------------------------------------------------

const players = new Map();

// Play a track; browsers decode only what is played.
rtc.play = track => {
  if (!players.has(track)) {
    const player = document.createElement(track.kind);
    Object.assign(player, {autoplay: true, muted: track.kind === "video"});
    player.srcObject = new MediaStream([track]);
    document.body.append(player);
    players.set(track, player);
  }
  return players.get(track);
};

// The colour in the middle of a video track's picture, as [red, green, blue].
rtc.color = async track => {
  const player = rtc.play(track);
  await rtc.until(() => player.videoWidth && player.readyState >= 2, "a picture");
  const canvas = new OffscreenCanvas(player.videoWidth, player.videoHeight);
  const context = canvas.getContext("2d");
  context.drawImage(player, 0, 0);
  const {data} = context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
  return Array.from(data.slice(0, 3));
};

// The loudest frequency of an audio track in Hz, or null where there is no sound device.
rtc.pitch = async track => {
  rtc.play(track);
  const context = await rtc.sound();
  if (!context) return null;
  const analyser = new AnalyserNode(context, {fftSize: 8192});
  new MediaStreamAudioSourceNode(context, {mediaStream: new MediaStream([track])}).connect(analyser);
  const levels = new Float32Array(analyser.frequencyBinCount);
  const loudest = await rtc.until(() => {
    analyser.getFloatFrequencyData(levels);
    const highest = Math.max(...levels);
    return highest > -50 && levels.indexOf(highest);
  }, "a sound");
  return loudest * context.sampleRate / analyser.fftSize;
};
