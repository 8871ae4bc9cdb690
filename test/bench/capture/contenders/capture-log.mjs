// The leanest full capture we could write for the Node contenders: one append-only file, chunks as they come, batched in one `writev` at a time.
import { createReadStream, openSync, writev } from 'node:fs';

export const REQUEST = 0;
export const UP = 1;
export const RESPONSE = 2;
export const DOWN = 3;
export const END = 4;
const PREFIX = 9;

export function openLog(file) {
  const fd = openSync(file, 'w');
  let waiting = [];
  let writing = false;
  let done = null;

  function flush() {
    if (waiting.length === 0) {
      writing = false;
      done?.();
      return;
    }
    writing = true;
    // POSIX takes 1,024 pieces in one call.
    const batch = waiting.length > 1024 ? waiting.splice(0, 1024) : waiting;
    if (batch === waiting) waiting = [];
    const bytes = batch.reduce((sum, piece) => sum + piece.length, 0);
    writev(fd, batch, (error, written) => {
      if (error) throw error;
      if (written !== bytes) throw new Error(`the disk took ${written} of ${bytes} bytes`);
      flush();
    });
  }

  return {
    put(id, kind, bytes) {
      const prefix = Buffer.allocUnsafe(PREFIX);
      prefix.writeUInt32BE(id, 0);
      prefix[4] = kind;
      prefix.writeUInt32BE(bytes.length, 5);
      waiting.push(prefix);
      if (bytes.length > 0) waiting.push(bytes);
      // Later in this turn more may come; they go in the same call.
      if (!writing) {
        writing = true;
        setImmediate(flush);
      }
    },
    /** Resolves when all is written. */
    end: () => new Promise((resolve) => (writing ? (done = resolve) : resolve())),
  };
}

/** Reads a log back: `{ id, kind, bytes }`, in the order written. */
export async function* readLog(file) {
  let kept = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    let at = 0;
    while (bytes.length - at >= PREFIX) {
      const end = at + PREFIX + bytes.readUInt32BE(at + 5);
      if (bytes.length < end) break;
      yield { id: bytes.readUInt32BE(at), kind: bytes[at + 4], bytes: bytes.subarray(at + PREFIX, end) };
      at = end;
    }
    kept = bytes.subarray(at);
  }
  if (kept.length > 0) throw new Error(`${file} ends in the middle of a record`);
}
