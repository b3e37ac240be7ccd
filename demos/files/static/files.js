// Files over a data channel: the same protocol as peer.files, which says it in words.
const BLOCK = 1 << 20, PIECE = 32 * 1024, AHEAD = 8 * BLOCK, MAX_SIZE = 2 ** 30;

export class TransferError extends Error {}

// The SHA-256 of the SHA-256s of the blocks.
class Digest {
  #blocks = [];

  async add(block) {
    this.#blocks.push(await crypto.subtle.digest("SHA-256", block));
  }

  async hex() {
    const whole = await crypto.subtle.digest("SHA-256", await new Blob(this.#blocks).arrayBuffer());
    return [...new Uint8Array(whole)].map(octet => octet.toString(16).padStart(2, "0")).join("");
  }
}

export class FileChannel {
  #channel;
  #mail = [];
  #wake = () => {};
  #transfer = 0;

  constructor(channel) {
    this.#channel = channel;
    channel.binaryType = "arraybuffer";
    channel.addEventListener("message", ({ data }) => { this.#mail.push(data); this.#wake(); });
    for (const name of ["open", "close"]) channel.addEventListener(name, () => this.#wake());
  }

  // Sends a File; resolves when the other side has kept it.
  async send(file, progress = () => {}) {
    while (this.#channel.readyState === "connecting") await this.#change();
    this.#transfer += 1;
    this.#say({ file: file.name, size: file.size, transfer: this.#transfer });
    let { have, digest: theirs } = await this.#answer(), digest = new Digest();
    for (let at = 0; at < have; at += BLOCK) await digest.add(await read(file, at));
    if ((await digest.hex()) !== theirs) [have, digest] = [0, new Digest()];
    this.#say({ from: have });
    let sent = have, answer = {};
    const hear = async () => {
      answer = await this.#answer();
      if ("have" in answer) progress(have = answer.have, file.size);
    };
    while (sent < file.size) {
      const block = await read(file, sent);
      await digest.add(block);
      for (let at = 0; at < block.byteLength; at += PIECE) this.#send(block.slice(at, at + PIECE));
      sent += block.byteLength;
      while (sent - have > AHEAD - BLOCK) await hear();
    }
    this.#say({ digest: await digest.hex() });
    while (!answer.kept) await hear();
    progress(file.size, file.size);
  }

  // Receives a file; `kept` are the blocks of an earlier try, to which more are added.
  async receive(kept = [], progress = () => {}) {
    const { file, size, transfer } = JSON.parse(await this.#next());
    this.#transfer = transfer;
    if (!(size <= MAX_SIZE)) throw this.#refuse("the file is too large");
    let digest = new Digest();
    for (const block of kept) await digest.add(block);
    let have = kept.reduce((sum, block) => sum + block.byteLength, 0);
    this.#reply({ have, digest: await digest.hex() });
    if (JSON.parse(await this.#next()).from !== have) [have, digest, kept.length] = [0, new Digest(), 0];
    while (have < size) {
      const block = await this.#block(Math.min(BLOCK, size - have));
      await digest.add(block);
      kept.push(block);
      have += block.byteLength;
      this.#reply({ have });
      progress(have, size);
    }
    if (JSON.parse(await this.#next()).digest !== await digest.hex()) {
      kept.length = 0;
      throw this.#refuse("the file is not as it was sent");
    }
    this.#reply({ kept: true });
    return new File(kept, file);
  }

  async #block(size) {
    const block = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const piece = await this.#next();
      if (typeof piece === "string" || at + piece.byteLength > size)
        throw this.#refuse("the file ended too early");
      block.set(new Uint8Array(piece), at);
      at += piece.byteLength;
    }
    return block.buffer;
  }

  async #answer() {
    let fields = {};
    while (fields.transfer !== this.#transfer) fields = JSON.parse(await this.#next());
    if ("refused" in fields) throw new TransferError(`refused: ${fields.refused}`);
    return fields;
  }

  async #next() {
    while (!this.#mail.length) {
      if (["closing", "closed"].includes(this.#channel.readyState)) throw new Error("the channel closed");
      await this.#change();
    }
    return this.#mail.shift();
  }

  #change() {
    return new Promise(resolve => { this.#wake = resolve; });
  }

  #refuse(reason) {
    this.#reply({ refused: reason });
    return new TransferError(reason);
  }

  #reply(fields) { this.#say({ ...fields, transfer: this.#transfer }); }
  #say(fields) { this.#send(JSON.stringify(fields)); }
  #send(message) {
    if (this.#channel.readyState !== "open") throw new Error("the channel closed");
    this.#channel.send(message);
  }
}

function read(file, start) {
  return file.slice(start, start + BLOCK).arrayBuffer();
}
