// Half an hour of mixed load on one `jiejing capture`: nothing lost, nothing leaked; and a second one that is killed in the middle.
// Alone: node test/bench/soak.mjs [--minutes 30] [--per-second 80] [--build DIR, of which dist/ is used] [--keep]
import { fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from './processes.mjs';
import { checkRun } from './soak/check.mjs';
import { newLedger, startLoad } from './soak/load.mjs';

const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const USUAL = { minutes: 30, perSecond: 80, build: at('../..'), keep: false };
const ROUNDS = 4;
/** Until sockets that were closed on one side are gone on the other, and timers have run out. */
const REST_MS = 12_000;
const MIB = 1 << 20;

/** Rows of goals and what was reached; see test/bench/run.mjs. */
export async function measure() {
  return await soak(USUAL);
}

async function soak(options) {
  const root = mkdtempSync(join(tmpdir(), 'jiejing-soak-'));
  const origin = await startOrigin(options, root);
  try {
    return [...(await longLoad(options, root, origin)), ...(await killed(options, root, origin))];
  } finally {
    origin.child.kill('SIGKILL');
    if (options.keep) console.log(`  kept: ${root}`);
    else rmSync(root, { recursive: true, force: true });
  }
}

async function startOrigin({ build }, root) {
  const child = fork(at('./soak/origin.mjs'), [resolve(build)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { ports, caPem } = await new Promise((done, fail) =>
    child.once('message', done).once('exit', (code) => fail(new Error(`the origin ended with ${code}`))),
  );
  const caFile = join(root, 'far.pem');
  writeFileSync(caFile, caPem);
  return { child, ports, caFile };
}

/** `jiejing capture`, with a signal at which it collects garbage and tells what stays. */
async function startCapture({ build }, dir, { ports, caFile }) {
  mkdirSync(dir);
  const routes = { tls: ports.tls, bad: ports.bad, plain: ports.plain, none: 1 };
  const args = [
    '--expose-gc',
    '--import',
    at('./soak/gc-signal.mjs'),
    join(resolve(build), 'dist/harness/cli/main.js'),
    'capture',
    '--json',
    '--socks',
  ];
  args.push('--listen', '127.0.0.1:0', '--out', join(dir, 'run'), '--upstream-ca', caFile);
  for (const [name, port] of Object.entries(routes)) args.push('--resolve', `*.${name}.soak.test=127.0.0.1:${port}`);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  const memories = [];
  createInterface({ input: child.stderr }).on('line', (line) =>
    line.startsWith('{"memory"') ? memories.shift()?.(JSON.parse(line).memory) : said.push(line),
  );
  const detail = await new Promise((done, fail) => {
    createInterface({ input: child.stdout }).once('line', (line) => done(JSON.parse(line)));
    child.once('exit', (code) => fail(new Error(`capture ended with ${code}: ${said.join(' ')}`)));
  });
  const memory = () => new Promise((done) => (memories.push(done), child.kill('SIGUSR2')));
  const to = { proxyPort: detail.listening.port, labCaPem: readFileSync(detail.ca, 'utf8') };
  return { child, to, memory, said, run: join(dir, 'run') };
}

/** Open descriptors, and how many of them are sockets. */
function descriptors({ pid }) {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed while we looked
    }
  });
  return { all: links.length, sockets: links.filter((link) => link.startsWith('socket:')).length };
}

async function rest(capture, sockets) {
  for (const end = Date.now() + REST_MS; Date.now() < end && descriptors(capture.child).sockets > sockets;) await sleep(200);
  const { rss, heapUsed, external, arrayBuffers } = await capture.memory();
  const open = descriptors(capture.child);
  return { rss, heap: heapUsed, outside: external, buffers: arrayBuffers, ...open };
}

async function longLoad(options, root, origin) {
  const capture = await startCapture(options, join(root, 'long'), origin);
  const ledger = newLedger();
  const before = descriptors(capture.child);
  const load = startLoad(capture.to, ledger, options.perSecond);
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await sleep((options.minutes * 60_000) / ROUNDS);
    await load.pause();
    const weighed = await rest(capture, before.sockets);
    rounds.push(weighed);
    console.log(
      `  round ${round}: ${ledger.begun} begun, ${ledger.skipped} skipped, ${ledger.faults.length} faults; ${shownRound(weighed)}`,
    );
    if (round < ROUNDS) load.resume();
  }
  const ended = new Promise((done) => capture.child.once('exit', done));
  capture.child.kill('SIGINT');
  const code = await ended;
  const checked = await checkRun(capture.run, ledger, null);
  const reader = await readByProduct(options, capture.run);
  say(ledger, checked, capture);
  return [
    {
      what: `flows lost in ${options.minutes} minutes of mixed load`,
      goal: 0,
      reached: checked.lost.length,
      unit: 'flows',
      note: `${madeIn(ledger)} made; ${checked.flows} flows, ${checked.gaps} gaps, ${mib(statSync(join(capture.run, 'events.jsonl')).size)} MiB of events`,
    },
    {
      what: 'flows altered, doubled, invented or without a number',
      goal: 0,
      reached: checked.faults.length,
      unit: 'flows',
      note: 'numbers, chain, states, doors, the hash of each stored body against what was sent',
    },
    {
      what: 'exchanges that went wrong for the app',
      goal: 0,
      reached: ledger.faults.length,
      unit: 'exchanges',
      note: `${ledger.skipped} skipped because the machine was behind`,
    },
    {
      what: 'exit code of the capture, and of reading its run',
      goal: 0,
      reached: Math.max(code ?? 255, reader.code),
      unit: '',
      note: `read back in ${reader.seconds.toFixed(1)} s`,
    },
    ...leaks(rounds, before),
  ];
}

function leaks(rounds, before) {
  const stays = ({ heap, outside }) => heap + outside;
  const resident = ({ rss }) => rss;
  const after = rounds.at(-1);
  return [
    {
      what: 'heap and buffers that stay after GC, round 1 to 4',
      goal: 3,
      reached: grown(rounds, stays),
      unit: 'MiB',
      note: rounds.map((round) => mib(stays(round))).join(' → '),
    },
    {
      what: 'resident memory, round 1 to 4',
      goal: 24,
      reached: grown(rounds, resident),
      unit: 'MiB',
      note: rounds.map((round) => mib(resident(round))).join(' → '),
    },
    {
      what: 'sockets that stay open',
      goal: 0,
      reached: after.sockets - before.sockets,
      unit: 'descriptors',
      note: `all descriptors ${before.all} → ${after.all}`,
    },
  ];
}

/** A capture that is killed under load: what was over a second before must be there, and the run must read. */
async function killed(options, root, origin) {
  const capture = await startCapture(options, join(root, 'killed'), origin);
  const ledger = newLedger();
  const load = startLoad(capture.to, ledger, options.perSecond);
  await sleep(Math.max(8000, Math.min(60_000, options.minutes * 6000)));
  const before = new Set(ledger.faults);
  const ended = new Promise((done) => capture.child.once('exit', done));
  const killedAt = Date.now();
  capture.child.kill('SIGKILL');
  load.abandon();
  await ended;
  const checked = await checkRun(capture.run, ledger, killedAt);
  const reader = await readByProduct(options, capture.run);
  say({ ...ledger, faults: [...before] }, checked, capture);
  return [
    { what: 'kill -9 under load: exit code of reading the run', goal: 0, reached: reader.code, unit: '', note: reader.stdout.trim() },
    {
      what: 'kill -9 under load: exchanges over a second before that are not there',
      goal: 0,
      reached: checked.lost.length,
      unit: 'flows',
      note: `${madeIn(ledger)} made`,
    },
    {
      what: 'kill -9 under load: flows that are wrong',
      goal: 0,
      reached: checked.faults.length,
      unit: 'flows',
      note: `of ${checked.flows}`,
    },
  ];
}

const READ = `
const { readRun } = await import(process.argv[1]);
const { events, interrupted, tornTail, end } = readRun(process.argv[2]);
console.log(events.length + ' events read, ' + (end === null ? 'no end' : 'end: ' + end.outcome) + (interrupted ? ', interrupted' : '') + ', torn bytes: ' + tornTail);
`;
/** The product's own reader, which checks every hash. */
async function readByProduct({ build }, dir) {
  const done = await run(process.execPath, ['--input-type=module', '-e', READ, join(resolve(build), 'dist/harness/store/read.js'), dir]);
  console.log(`  the run reads: ${done.code === 0 ? done.stdout.trim() : done.stderr.slice(-500)}`);
  return done;
}

function say({ faults, skipped }, checked, { said }) {
  for (const { name, seq, message } of faults.slice(0, 10)) console.log(`  fault: ${name} ${seq}: ${message}`);
  for (const fault of [...checked.faults.slice(0, 20), ...checked.lost.slice(0, 20).map((key) => `lost: ${key}`)])
    console.log(`  ${fault}`);
  for (const line of said.slice(0, 10)) console.log(`  the capture said: ${line}`);
  if (skipped > 0) console.log(`  ${skipped} exchanges skipped`);
}

const mib = (bytes) => (bytes / MIB).toFixed(1);
const grown = (rounds, of) => Math.max(0, (of(rounds.at(-1)) - of(rounds[0])) / MIB);

function madeIn({ exchanges, messages, refused }) {
  const refusals = [...refused.values()].reduce((all, one) => all + one, 0);
  return `${exchanges.size} exchanges, ${messages.size * 2} WebSocket messages and ${refusals} refusals`;
}

function shownRound({ rss, heap, outside, buffers, all, sockets }) {
  return `rss ${mib(rss)}, heap ${mib(heap)}, external ${mib(outside)}, buffers ${mib(buffers)} MiB, ${all} descriptors, ${sockets} sockets`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      'per-second': { type: 'string' },
      build: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const began = Date.now();
  const rows = await soak({
    minutes: Number(values.minutes ?? USUAL.minutes),
    perSecond: Number(values['per-second'] ?? USUAL.perSecond),
    build: values.build ?? USUAL.build,
    keep: values.keep,
  });
  for (const { what, goal, reached, unit, note } of rows)
    console.log(
      `${reached <= goal ? 'met   ' : 'MISSED'}  ${what}: ${Number.isInteger(reached) ? reached : reached.toFixed(2)} ${unit} (goal ≤ ${goal}) — ${note}`,
    );
  console.log(`${((Date.now() - began) / 60_000).toFixed(1)} minutes in all`);
  process.exitCode = rows.every(({ reached, goal }) => reached <= goal) ? 0 : 1;
}
