// HTTP/2 frames for both ends of this bench, so that neither end costs as much as the proxy between them.
// Header blocks are written without a dynamic table and never read: an answer is known by its body.

export const DATA = 0;
export const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
export const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const ACK = 1;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const WINDOW = 65_535;

export function frame(type, flags, stream, payload) {
  const out = Buffer.allocUnsafe(9 + payload.length);
  out.writeUIntBE(payload.length, 0, 3);
  out[3] = type;
  out[4] = flags;
  out.writeUInt32BE(stream, 5);
  payload.copy(out, 9);
  return out;
}

/** A header field by its index in the static table, its value as it stands. */
function literal(index, value) {
  const name = index < 15 ? [index] : [15, index - 15];
  return Buffer.concat([Buffer.from([...name, value.length]), Buffer.from(value, 'latin1')]);
}
const TYPE = literal(31, 'application/octet-stream');

export function requestHeaders(authority, path, bytes) {
  const method = bytes > 0 ? 0x83 : 0x82;
  const fields = [Buffer.from([method, 0x87]), literal(1, authority), literal(4, path), literal(58, 'bench')];
  return Buffer.concat(bytes > 0 ? [...fields, TYPE, literal(28, String(bytes))] : fields);
}
export const responseHeaders = (bytes) => Buffer.concat([Buffer.from([0x88]), TYPE, literal(28, String(bytes))]);

/** One end of a connection. `on` is `{ data(stream, bytes, ended), reset(stream, code), fail(error) }`. */
export class Session {
  #socket;
  #on;
  #kept = null;
  #preface;
  #window = WINDOW;
  #owed = 0;
  #waiting = [];

  constructor(socket, side, on) {
    this.#socket = socket;
    this.#on = on;
    this.#preface = side === 'server' ? PREFACE.length : 0;
    const hello = frame(SETTINGS, 0, 0, Buffer.alloc(0));
    socket.write(side === 'client' ? Buffer.concat([PREFACE, hello]) : hello);
    socket.on('data', (chunk) => this.#feed(chunk));
  }

  /** Sends a whole message; waits for the peer's window where it must. */
  send(stream, headers, body) {
    if (this.#window < body.length) {
      this.#waiting.push([stream, headers, body]);
      return;
    }
    this.#window -= body.length;
    this.#socket.write(Buffer.concat([frame(HEADERS, END_HEADERS, stream, headers), frame(DATA, END_STREAM, stream, body)]));
  }

  #feed(chunk) {
    let bytes = this.#kept === null ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = null;
    if (this.#preface > 0) {
      const skipped = Math.min(this.#preface, bytes.length);
      this.#preface -= skipped;
      bytes = bytes.subarray(skipped);
    }
    let at = 0;
    while (bytes.length - at >= 9) {
      const length = bytes.readUIntBE(at, 3);
      if (bytes.length - at < 9 + length) break;
      this.#frame(bytes[at + 3], bytes[at + 4], bytes.readUInt32BE(at + 5) & 0x7fffffff, bytes.subarray(at + 9, at + 9 + length));
      at += 9 + length;
    }
    if (at < bytes.length) this.#kept = bytes.subarray(at);
  }

  // oxlint-disable-next-line max-params -- the four fields of a frame
  #frame(type, flags, stream, payload) {
    if (type === DATA) this.#data(flags, stream, payload);
    else if (type === HEADERS && flags & END_STREAM) this.#on.data(stream, Buffer.alloc(0), true);
    else if (type === SETTINGS && !(flags & ACK)) this.#settings(payload);
    else if (type === PING && !(flags & ACK)) this.#socket.write(frame(PING, ACK, 0, payload));
    else if (type === WINDOW_UPDATE && stream === 0) this.#opened(payload.readUInt32BE(0) & 0x7fffffff);
    else if (type === RST_STREAM) this.#on.reset(stream, payload.readUInt32BE(0));
    else if (type === GOAWAY && payload.readUInt32BE(4) !== 0)
      this.#on.fail(new Error(`HTTP/2 session went away with code ${payload.readUInt32BE(4)}`));
  }

  #data(flags, stream, payload) {
    this.#owed += payload.length;
    if (this.#owed >= WINDOW / 2) {
      const increment = Buffer.alloc(4);
      increment.writeUInt32BE(this.#owed);
      this.#owed = 0;
      this.#socket.write(frame(WINDOW_UPDATE, 0, 0, increment));
    }
    const body = flags & PADDED ? payload.subarray(1, payload.length - payload[0]) : payload;
    this.#on.data(stream, body, (flags & END_STREAM) !== 0);
  }

  #settings(payload) {
    for (let at = 0; at + 6 <= payload.length; at += 6)
      if (payload.readUInt16BE(at) === 4 && payload.readUInt32BE(at + 2) < 16_384)
        this.#on.fail(new Error('a stream window too small for this bench'));
    this.#socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
  }

  #opened(more) {
    this.#window += more;
    for (const [stream, headers, body] of this.#waiting.splice(0)) this.send(stream, headers, body);
  }
}
