// Who runs, with which flags, and how what each captured is read back.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { contenderHome } from '../../situations/contenders/home.mjs';
import { readRun } from './contenders/run.mjs';
import { DOWN, END, REQUEST, UP, readLog } from './contenders/capture-log.mjs';
import { begin, freePort, launch } from './processes.mjs';

const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const CLI = at('../../../dist/harness/cli/main.js');
const home = contenderHome();
const ROUTED = ['--import', at('./contenders/route.mjs')];

/** `start(dir, field, nodeArgs)` resolves to `{ child, port, ca }`; `records(dir)` yields `{ path, up, down }`, each `{ bytes, sha256 }`. */
export const CONTENDERS = {
  relay: ours('relay'),
  pipeline: ours('pipeline'),
  stock: {
    title: `http-mitm-proxy ${home.stock?.version}`,
    flags: 'keepAlive: true; one append-only file, chunks as they come, batched writev; its own keys and certificates',
    there: home.stock !== null,
    http2: false,
    start: (dir, field, nodeArgs) => startNode([at('./contenders/stock.mjs'), home.stock.entry], { dir, field, nodeArgs }),
    records: (dir) => logRecords(dir),
  },
  mockttp: {
    title: `mockttp ${home.mockttp?.version}`,
    flags:
      'http2: true, recordTraffic: false, cors: false, suggestChanges: false; bodies from its request and response events, the same file as stock',
    there: home.mockttp !== null,
    http2: true,
    start: (dir, field, nodeArgs) => startNode([at('./contenders/mockttp.mjs'), home.mockttp.entry], { dir, field, nodeArgs }),
    records: (dir) => logRecords(dir),
  },
  mitmproxy: {
    title: `mitmproxy ${home.mitmproxy?.version}`,
    flags: `mitmdump -q -w FILE, flow_detail=0, else its defaults; ${home.mitmproxy?.build}`,
    there: home.mitmproxy !== null,
    http2: true,
    start: (dir, field) => startMitmproxy(dir, field, ['-w', join(dir, 'flows')]),
    records: (dir) => flowRecords(dir),
  },
  'mitmproxy-stream': {
    title: `mitmproxy ${home.mitmproxy?.version}, streaming`,
    flags: 'mitmdump -q, an addon that streams each response and appends its chunks to a file (its fastest way that keeps the body)',
    there: home.mitmproxy !== null,
    http2: true,
    start(dir, field) {
      mkdirSync(join(dir, 'tap'));
      return startMitmproxy(dir, field, ['-s', at('./contenders/tap.py'), '--set', `tap_dir=${join(dir, 'tap')}`]);
    },
    records: (dir) => tapRecords(join(dir, 'tap')),
  },
};

function ours(engine) {
  return {
    title: `jiejing capture, ${engine} engine`,
    flags: `capture --engine ${engine}, else its defaults: raw headers, SHA-256 of bodies, times, certificates and the chain are written as well`,
    there: existsSync(CLI),
    http2: true,
    async start(dir, field, nodeArgs) {
      const args = ['capture', '--json', '--listen', '127.0.0.1:0', '--out', join(dir, 'run'), '--engine', engine];
      const routes = ['--upstream-ca', field.originCa, '--resolve', '*.bench.test=127.0.0.1'];
      const { child, detail } = await launch(process.execPath, [...nodeArgs, CLI, ...args, ...routes], { dir });
      return { child, port: detail.listening.port, ca: detail.ca };
    },
    records: (dir) => readRun(join(dir, 'run')),
  };
}

async function startNode([script, entry], { dir, field, nodeArgs }) {
  const env = { NODE_EXTRA_CA_CERTS: field.originCa };
  const args = [...nodeArgs, ...ROUTED, script, entry, String(await freePort()), dir];
  const { child, detail } = await launch(process.execPath, args, { dir, env });
  return { child, port: detail.port, ca: detail.ca };
}

async function startMitmproxy(dir, field, more) {
  const port = await freePort();
  const settings = ['flow_detail=0', `confdir=${join(dir, 'conf')}`, `ssl_verify_upstream_trusted_ca=${field.originCa}`];
  const args = ['-q', '--listen-host', '127.0.0.1', '-p', String(port), ...settings.flatMap((one) => ['--set', one])];
  const code = 'from mitmproxy.tools.main import mitmdump; mitmdump()';
  const env = home.mitmproxy.pythonPath === null ? {} : { PYTHONPATH: home.mitmproxy.pythonPath };
  const child = begin(home.mitmproxy.python, ['-c', code, ...args, '-s', at('./contenders/route.py'), ...more], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`mitmdump ended with ${child.exitCode}`);
    if (await answers(port)) return { child, port, ca: join(dir, 'conf/mitmproxy-ca-cert.pem') };
    await sleep(100);
  }
  throw new Error('mitmdump did not listen within 30 s');
}

function answers(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), done(true))).once('error', () => done(false));
  });
}

class Body {
  bytes = 0;
  #hash = null;
  add(chunk) {
    this.#hash ??= createHash('sha256');
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }
  get sha256() {
    return this.#hash?.digest('hex') ?? null;
  }
}

async function* logRecords(dir) {
  const open = new Map();
  for await (const { id, kind, bytes } of readLog(join(dir, 'capture.log'))) {
    if (kind === REQUEST) open.set(id, { path: pathOf(JSON.parse(bytes.toString()).url), up: new Body(), down: new Body() });
    else if (kind === UP) open.get(id).up.add(bytes);
    else if (kind === DOWN) open.get(id).down.add(bytes);
    else if (kind === END) {
      yield open.get(id);
      open.delete(id);
    }
  }
}

const pathOf = (url) => (url.startsWith('/') ? url : new URL(url).pathname);

async function* flowRecords(dir) {
  const env = home.mitmproxy.pythonPath === null ? {} : { PYTHONPATH: home.mitmproxy.pythonPath };
  const child = begin(home.mitmproxy.python, [at('./contenders/read_flows.py'), join(dir, 'flows')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
}

async function* tapRecords(dir) {
  for (const line of readFileSync(join(dir, 'index.jsonl'), 'utf8').trim().split('\n')) {
    const { id, path } = JSON.parse(line);
    const down = new Body();
    for await (const chunk of createReadStream(join(dir, id), { highWaterMark: 1 << 20 })) down.add(chunk);
    yield { path, up: { bytes: 0, sha256: null }, down };
  }
}
