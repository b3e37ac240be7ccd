// One call with the bot: signalling, and the impolite side of perfect negotiation.

const STATE_EVENTS = [
  "connectionstatechange",
  "iceconnectionstatechange",
  "icegatheringstatechange",
  "signalingstatechange",
];

function openSignaling() {
  const url = new URL("/signaling", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error("the program does not answer"));
  });
}

// Events: "happened" {text, elapsed}, "state", "track", "chat", "message" {text}, "ended".
export class Call extends EventTarget {
  stream = new MediaStream();
  #socket;
  #channel;
  #started;
  #told = new Set();
  #makingOffer = false;
  #ignoringOffer = false;
  #settingAnswer = false;

  async start(stream) {
    this.#started = performance.now();
    this.#socket = await openSignaling();
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = () => this.end();
    this.tell("signaling open");
    this.connection = new RTCPeerConnection();
    this.#listen();
    for (const track of stream.getTracks()) this.connection.addTrack(track, stream);
    this.#openChannel();
  }

  // Leaves the call; safe to repeat.
  end() {
    if (!this.connection || this.connection.signalingState === "closed") return;
    this.connection.close();
    this.#socket.close();
    this.tell("call ended");
    this.dispatchEvent(new Event("state"));
    this.dispatchEvent(new Event("ended"));
  }

  send(text) {
    this.#channel.send(text);
  }

  // Notes that something happened; with `once`, only its first time.
  tell(text, once = false) {
    if (once && this.#told.has(text)) return;
    this.#told.add(text);
    const elapsed = performance.now() - this.#started;
    this.dispatchEvent(new CustomEvent("happened", { detail: { text, elapsed } }));
  }

  #listen() {
    const connection = this.connection;
    for (const type of STATE_EVENTS) {
      connection.addEventListener(type, () => this.dispatchEvent(new Event("state")));
    }
    connection.onnegotiationneeded = () => this.#offer();
    connection.onicecandidate = ({ candidate }) => {
      this.#post({ candidate });
      this.tell(candidate ? "first candidate sent" : "all candidates sent", true);
    };
    connection.oniceconnectionstatechange = () => {
      this.tell(`ICE ${connection.iceConnectionState}`);
    };
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "connected") this.tell("DTLS connected", true);
      if (connection.connectionState === "failed") this.tell("connection failed");
    };
    connection.ontrack = ({ track }) => {
      this.stream.addTrack(track);
      this.dispatchEvent(new Event("track"));
    };
  }

  #openChannel() {
    this.#channel = this.connection.createDataChannel("chat");
    this.#channel.onopen = () => {
      this.tell("chat open");
      this.dispatchEvent(new Event("chat"));
    };
    this.#channel.onmessage = ({ data }) => {
      this.dispatchEvent(new CustomEvent("message", { detail: { text: data } }));
    };
  }

  #post(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #offer() {
    this.#makingOffer = true;
    try {
      await this.connection.setLocalDescription();
      this.#postDescription();
    } finally {
      this.#makingOffer = false;
    }
  }

  #postDescription() {
    const description = this.connection.localDescription;
    this.#post({ description });
    this.tell(`${description.type} sent`);
  }

  async #receive({ description, candidate, bye }) {
    if (bye) {
      this.end();
    } else if (description) {
      await this.#receiveDescription(description);
    } else {
      await this.#receiveCandidate(candidate);
    }
  }

  // Of two offers that cross, ours stands and the bot takes its own back.
  async #receiveDescription(description) {
    this.tell(`${description.type} received`);
    const stable = this.connection.signalingState === "stable" || this.#settingAnswer;
    this.#ignoringOffer = description.type === "offer" && (this.#makingOffer || !stable);
    if (this.#ignoringOffer) return;
    this.#settingAnswer = description.type === "answer";
    await this.connection.setRemoteDescription(description);
    this.#settingAnswer = false;
    this.#watchPath();
    if (description.type === "offer") {
      await this.connection.setLocalDescription();
      this.#postDescription();
    }
  }

  #watchPath() {
    const transport = this.connection.getSenders()[0].transport?.iceTransport;
    if (transport) transport.onselectedcandidatepairchange = () => this.tell("path chosen");
  }

  async #receiveCandidate(candidate) {
    this.tell(candidate ? "first candidate received" : "all candidates received", true);
    try {
      await this.connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.#ignoringOffer) throw error;
    }
  }
}
