// Holds a recorded run against the ledger of the app, from the format alone: the chain, the numbers, each body's bytes, each exchange.
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { downOf, sha256, upOf } from './bodies.mjs';

const STEP = 1 << 20;
const STATE = { ok: 'whole', ws: 'whole', slow: 'aborted', drip: 'aborted', cut: 'truncated' };
/** What the store keeps of a run that was killed may lack what came in this last time (ms). */
export const GRACE_MS = 1000;

/** Every line of events.jsonl that is whole; `onBroken` hears of a line whose `prev` is not the hash of the line before. */
async function* eventsOf(dir, onBroken) {
  let prev = sha256(readFileSync(join(dir, 'run.json')));
  let n = 0;
  for await (const line of createInterface({ input: createReadStream(join(dir, 'events.jsonl')) })) {
    n += 1;
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      // Only the last line may be torn; one in the middle breaks the chain at the next.
      prev = null;
      continue;
    }
    if (event.prev !== prev) onBroken(`line ${n}: it does not hold the hash of the line before`);
    prev = sha256(Buffer.from(line));
    yield event;
  }
}

/** Hashes what lies in the files of a run. */
function bodyReader(dir) {
  const files = new Map();
  const piece = Buffer.allocUnsafe(STEP);
  const fdOf = (file) => files.get(file) ?? files.set(file, openSync(join(dir, file), 'r')).get(file);
  return {
    hash({ file, offset, length }) {
      const hash = createHash('sha256');
      for (let done = 0; done < length;) {
        const got = readSync(fdOf(file), piece, 0, Math.min(STEP, length - done), offset + done);
        if (got === 0) return 'too short';
        hash.update(piece.subarray(0, got));
        done += got;
      }
      return hash.digest('hex');
    },
    close: () => files.forEach((fd) => closeSync(fd)),
  };
}

/** Resolves to `{ flows, gaps, faults, lost, messages }`. `killedAt`: the proxy was killed then (wall ms), and what came just before may be missing; null: it ended in order. */
export async function checkRun(dir, ledger, killedAt) {
  const told = {
    dir,
    ledger,
    faults: [],
    flows: 0,
    gaps: 0,
    messages: 0,
    numbers: new Set(),
    seen: new Map(),
    said: new Map(),
    refused: new Map(),
  };
  const bodies = bodyReader(dir);
  for await (const event of eventsOf(dir, (fault) => told.faults.push(fault))) {
    if (event.kind === 'gap') told.gaps += 1;
    if (event.kind === 'flow') takeFlow(told, event, bodies);
  }
  bodies.close();
  if (killedAt === null) numbersWhole(told);
  const lost = missing(told, killedAt === null ? Infinity : killedAt - GRACE_MS, killedAt === null);
  return { ...told, lost };
}

function takeFlow(told, flow, bodies) {
  const { faults, numbers } = told;
  told.flows += 1;
  if (numbers.has(flow.n)) faults.push(`two flows have the number ${flow.n}`);
  numbers.add(flow.n);
  for (const body of flow.bodies)
    if (bodies.hash(body) !== body.sha256) faults.push(`flow ${flow.n}: the stored bytes of its ${body.of} have another hash`);
  if (flow.websocket?.kind === 'message') return takeMessage(told, flow);
  if (flow.state === 'refused') return void told.refused.set(flow.host, (told.refused.get(flow.host) ?? 0) + 1);
  const [, kind, id] = /\/(\w+)\/(\d+)\/\d+$/.exec(flow.request?.target ?? '') ?? [];
  const made = told.ledger.exchanges.get(`${kind}/${id}`);
  if (made === undefined) return void faults.push(`flow ${flow.n} (${flow.state}, ${flow.reason}) of ${flow.host} was never made`);
  const key = `${kind}/${id}`;
  if (told.seen.has(key)) faults.push(`${key} was recorded twice`);
  told.seen.set(key, flow.n);
  const fault = exchangeFault(made, flow);
  if (fault !== null) faults.push(`${key} (${flow.engine}): ${fault}`);
}

function exchangeFault(made, flow) {
  if (flow.state !== STATE[made.kind]) return `it is ${flow.state} (${flow.reason}), not ${STATE[made.kind]}`;
  if (flow.door !== made.door) return `it came by ${flow.door}, not by ${made.door}`;
  if (made.door === 'socks5' && flow.owner.uid !== 10_123) return `its owner is ${JSON.stringify(flow.owner)}`;
  if (made.kind === 'ws') {
    const { messages } = flow.websocket ?? {};
    return messages?.request === made.messages && messages.response === made.messages
      ? null
      : `its channel holds ${JSON.stringify(messages)}`;
  }
  return (
    bodyFault(flow, 'request', upOf(made.id, made.up), true) ?? bodyFault(flow, 'response', downOf(made.id, made.down), made.kind === 'ok')
  );
}

function bodyFault(flow, of, whole, complete) {
  const body = flow.bodies.find((one) => one.of === of);
  const bytes = body?.bytes ?? 0;
  if (complete ? bytes !== whole.length : bytes >= whole.length) return `${bytes} bytes of ${whole.length} of the ${of}`;
  return body === undefined || bytes === 0 || body.sha256 === sha256(whole.subarray(0, bytes)) ? null : `other bytes in the ${of}`;
}

/** Its direction tells which body it has; both say the same. */
function takeMessage(told, flow) {
  told.messages += 1;
  const key = `${flow.websocket.channel} ${flow.websocket.number} ${flow.bodies[0]?.of}`;
  told.said.set(key, flow.bodies[0]?.sha256);
}

function numbersWhole(told) {
  for (let n = 1; n <= told.flows; n += 1) if (!told.numbers.has(n)) told.faults.push(`no flow has the number ${n}`);
}

/** What was over for the app by `until` and is not recorded. */
function missing({ ledger, seen, said, refused, faults }, until, ended) {
  const lost = [];
  for (const [key, made] of ledger.exchanges) {
    if (!seen.has(key)) {
      if (made.doneAt !== null && made.doneAt < until) lost.push(key);
      continue;
    }
    for (let i = 1; i <= (made.messages ?? 0); i += 1)
      for (const of of ['request', 'response']) {
        const id = `${made.id}-${i}`;
        const hash = said.get(`${seen.get(key)} ${i} ${of}`);
        if (hash === undefined) lost.push(`${key}, ${of} message ${i}`);
        else if (hash !== sha256(upOf(id, ledger.messages.get(id)))) faults.push(`${key}: other bytes in ${of} message ${i}`);
      }
  }
  if (!ended) return lost;
  for (const host of new Set([...ledger.refused.keys(), ...refused.keys()])) {
    const [made, found] = [ledger.refused.get(host) ?? 0, refused.get(host) ?? 0];
    if (made > found) lost.push(`${made - found} of ${made} refusals of ${host}`);
    if (made < found) faults.push(`${found} refusals of ${host}, of which ${made} were made`);
  }
  return lost;
}
