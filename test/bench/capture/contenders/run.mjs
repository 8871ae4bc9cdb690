// Reads a run folder of ours back, from the format alone: lines of events.jsonl, bodies by file, offset and length, each hashed again.
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const NONE = { bytes: 0, sha256: null };
const STEP = 1 << 20;

/** Yields `{ path, up, down }` of each flow that holds a request, `{ path: null, error }` for a flow without one, and the same with `gap` for a gap. */
export async function* readRun(dir) {
  const files = new Map();
  const fdOf = (file) => {
    if (!files.has(file)) files.set(file, openSync(join(dir, file), 'r'));
    return files.get(file);
  };
  try {
    for await (const line of createInterface({ input: createReadStream(join(dir, 'events.jsonl')) })) {
      const event = JSON.parse(line);
      if (event.kind === 'gap') yield { path: null, gap: event.what, error: `gap: ${event.what}: ${event.why}` };
      if (event.kind !== 'flow') continue;
      const error = event.state === 'whole' ? bodyFault(event.bodies, fdOf) : `flow ${event.id} is ${event.state}: ${event.reason}`;
      if (event.request === null || error !== null) yield { path: event.request?.target ?? null, error };
      else yield { path: event.request.target, up: bodyOf(event, 'request'), down: bodyOf(event, 'response') };
    }
  } finally {
    for (const fd of files.values()) closeSync(fd);
  }
}

function bodyOf(event, of) {
  const body = event.bodies.find((one) => one.of === of);
  return body === undefined || body.bytes === 0 ? NONE : { bytes: body.bytes, sha256: body.sha256 };
}

/** What is wrong with the stored bytes; null: each body is there, whole, and has the hash that its event says. */
function bodyFault(bodies, fdOf) {
  for (const { file, offset, length, bytes, sha256, state } of bodies) {
    if (state !== 'whole' || length !== bytes) return `${file} at ${offset} is ${state}, ${length} of ${bytes} bytes`;
    const hash = createHash('sha256');
    for (let done = 0; done < length;) {
      const piece = Buffer.allocUnsafe(Math.min(STEP, length - done));
      const got = readSync(fdOf(file), piece, 0, piece.length, offset + done);
      if (got === 0) return `${file} is shorter than its events say`;
      hash.update(piece.subarray(0, got));
      done += got;
    }
    if (hash.digest('hex') !== sha256) return `${file} at ${offset}: the stored bytes have another hash`;
  }
  return null;
}
