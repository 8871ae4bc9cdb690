// The capture proxy beside http-mitm-proxy, mockttp and mitmproxy: one interleaved run on this machine, full capture to disk for all.
// Alone: node test/bench/capture.mjs [--only steady,http2] [--contenders jiejing,stock] [--rounds 5] [--quick] [--seconds 5] [--keep] [--node-args "--cpu-prof"]
import { arch, cpus, loadavg, platform, release } from 'node:os';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { rows } from './capture/goals.mjs';
import { MEASURES, runRounds } from './capture/rounds.mjs';

const CONTENDERS = ['relay', 'pipeline', 'stock', 'mockttp', 'mitmproxy', 'mitmproxy-stream'];
const FULL = { rounds: 5, hostsRounds: 1, warmMs: 2000, steadyMs: 5000, latencyMs: 8000, hosts: 10_000 };
const QUICK = { rounds: 1, hostsRounds: 1, warmMs: 1000, steadyMs: 2000, latencyMs: 3000, hosts: 500 };
/** Load average over the last minute at which somebody else must be at work. */
const BUSY = 0.7;
const FAIRNESS = [
  'one raw client (sockets, TLS 1.3) and one hand-written origin, a process each; the origin alone is shown as "straight"',
  'every round starts each proxy fresh, in another order; ratios are medians of per-round ratios [lowest–highest]',
  'CPU is the proxy’s whole process tree, all threads, from the scheduler, until it is at rest again after the load',
  'all keep both bodies of every exchange on disk; afterwards each is read back from its own files and held against what was sent',
  'names lead to this machine by name resolution, the origin’s CA comes by NODE_EXTRA_CA_CERTS: hooks for either would slow the contenders',
  'a leaf is made for one name each: no wildcard, no shared cache between rounds',
];

/** Rows of goals and what was reached; see test/bench/run.mjs. */
export async function measure() {
  return await report({ ...FULL, only: Object.keys(MEASURES), contenders: CONTENDERS, keep: false, nodeArgs: [] });
}

async function report(given) {
  const [load = 0] = loadavg();
  const machine = `Node ${process.versions.node}, ${platform()} ${release()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${load.toFixed(1)} at the start`;
  console.log(`  ${machine}${load > BUSY ? ': this machine is busy with something else, the figures are worth little' : ''}`);
  const options = { ...given, machine };
  const run = await runRounds(options, (line) => console.log(`  ${line}`));
  for (const { title, flags } of Object.values(run.contenders)) console.log(`  ${title}: ${flags}`);
  for (const one of FAIRNESS) console.log(`  fair: ${one}`);
  console.log(`  all figures: ${run.file}`);
  for (const failure of run.failures) console.log(`  failed: ${failure}`);
  return rows(run.results);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      contenders: { type: 'string' },
      rounds: { type: 'string' },
      'hosts-rounds': { type: 'string' },
      hosts: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      'node-args': { type: 'string', default: '' },
    },
  });
  const usual = values.quick ? QUICK : FULL;
  const seconds = values.seconds === undefined ? {} : { steadyMs: Number(values.seconds) * 1000, latencyMs: Number(values.seconds) * 1000 };
  const list = await report({
    ...usual,
    ...seconds,
    rounds: Number(values.rounds ?? usual.rounds),
    hostsRounds: Number(values['hosts-rounds'] ?? usual.hostsRounds),
    hosts: Number(values.hosts ?? usual.hosts),
    only: chosen(values.only, Object.keys(MEASURES), { h2: ['http2'] }),
    contenders: chosen(values.contenders, CONTENDERS, { jiejing: ['relay', 'pipeline'] }),
    keep: values.keep,
    nodeArgs: values['node-args'].split(' ').filter(Boolean),
  });
  for (const row of list) print(row);
}

function chosen(given, all, short) {
  if (given === undefined) return all;
  const names = given.split(',').flatMap((name) => short[name] ?? [name]);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`no ${unknown.join(', ')}; there are ${all.join(', ')}`);
    process.exit(2);
  }
  return names;
}

function print({ what, goal, reached, unit, note, least }) {
  const met = least ? reached >= goal : reached <= goal;
  console.log(`${met ? 'met   ' : 'MISSED'}  ${what}: ${reached.toFixed(2)} ${unit} (goal ${least ? '≥' : '≤'} ${goal}) — ${note}`);
}
