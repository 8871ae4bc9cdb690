// The matching kernel and the whole linker beside ripgrep, Hyperscan, TrackHAR and SHA-256: CPU time, one thread, contenders interleaved,
// medians. Alone: node test/bench/link.mjs [--megabytes 200] [--rounds 3] [--only kernel,link,requests,audit,memory,recall] [--dist DIR] [--keep DIR]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contenders, hyperscan } from './link/contenders.mjs';
import { corpus, readCorpus } from './link/corpus.mjs';
import { median } from './processes.mjs';

const PART = fileURLToPath(new URL('./link/part.mjs', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const USUAL = { megabytes: 200, rounds: 3, dist: DIST, root: tmpdir(), only: ['kernel', 'link', 'requests', 'audit', 'memory', 'recall'] };
/** Load average over the last minute at which somebody else must be at work. */
const BUSY = 0.7;
const TRACKHAR_BYTES = { 100: 1_000_000, 1000: 200_000 };

/** Rows of goals and what was reached; see test/bench/run.mjs. */
export async function measure() {
  return report(USUAL);
}

function report(options) {
  const [load = 0] = loadavg();
  console.log(
    `  load ${load.toFixed(1)} at the start${load > BUSY ? ': this machine is busy with something else' : ''}; CPU time, one thread, medians of ${options.rounds}`,
  );
  const folder = corpus(options);
  const bytes = readCorpus(folder).plain.length;
  console.log(`  ${(bytes / 1e6).toFixed(0)} MB of bodies with planted chains: ${folder}`);
  const work = mkdtempSync(join(tmpdir(), 'jiejing-link-'));
  try {
    const bench = { ...options, folder, bytes, work, found: contenders() };
    return options.only.flatMap((name) => SECTIONS[name](bench));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const SECTIONS = { kernel: kernelRows, link: linkRows, requests: requestRows, audit: auditRows, memory: memoryRows, recall: recallRows };

function part({ dist, folder }, name, options = {}, flags = []) {
  const json = JSON.stringify({ dist: resolve(dist), corpus: folder, ...options });
  const done = spawnSync(process.execPath, [...flags, PART, name, json], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`${name}: ${done.stderr.trim().split('\n').slice(-8).join('\n')}`);
  return JSON.parse(done.stdout);
}

/** Seconds of CPU of a child, from the kernel's own count for children that ended; Linux. */
function cpuOfChild(command, args) {
  const ticks = () => {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  };
  const before = ticks();
  const done = spawnSync(command, args, { maxBuffer: 1 << 28 });
  if (done.error || done.status > 1) throw new Error(`${command} ended with ${done.status}`);
  return ticks() - before;
}

const ripgrep = ({ found, folder }, needles) =>
  cpuOfChild(found.ripgrep, ['-j1', '-a', '-c', '-F', '-f', join(folder, `needles-${needles}.txt`), join(folder, 'plain.bin')]);

const speed = (bytes, seconds) => bytes / 1e6 / seconds;
const say = (line) => console.log(`  ${line}`);

function kernelRows(bench) {
  if (bench.found.ripgrep === null) return missing('ripgrep', 'node test/bench/link/contenders.mjs');
  const lengths = join(bench.work, 'lengths');
  writeFileSync(lengths, Buffer.from(Uint32Array.from(readCorpus(bench.folder).bodies, (b) => b.plainLength).buffer));
  const scanner = hyperscan(bench.work);
  if (scanner === null) say('Hyperscan: not installed here (Debian: libhyperscan-dev)');
  return [
    ['1000', null, ''],
    ['10000', 12, 'aim 18'],
    ['all', 20, 'aim 30'],
  ].flatMap(([needles, goal, aim]) => {
    const rounds = Array.from({ length: bench.rounds }, () => ({
      mine: part(bench, 'kernel', { needles }),
      rg: ripgrep(bench, needles),
      hs: scanner === null ? null : hyperscanned(scanner, bench, needles, lengths),
    }));
    const mine = speed(bench.bytes, median(rounds.map((r) => r.mine.scan)));
    const rg = speed(bench.bytes, median(rounds.map((r) => r.rg)));
    const whole = median(rounds.map((r) => r.rg / (r.mine.scan + r.mine.build)));
    say(
      `kernel, ${needles} needles: ${mine.toFixed(0)} MB/s, build ${median(rounds.map((r) => r.mine.build)).toFixed(2)} s, ${rounds[0].mine.hits} finds; ripgrep all-in ${rg.toFixed(1)} MB/s; both all-in ${whole.toFixed(1)}x`,
    );
    if (rounds[0].hs !== null) {
      const hs = speed(bench.bytes, median(rounds.map((r) => r.hs.scan)));
      say(
        `Hyperscan, ${needles} needles: ${hs.toFixed(0)} MB/s, compile ${rounds[0].hs.build.toFixed(1)} s, ${rounds[0].hs.hits} finds; kernel is ${(mine / hs).toFixed(2)}x`,
      );
    }
    if (goal === null) return [];
    const ratio = median(rounds.map((r) => r.rg / r.mine.scan));
    return [{ what: `kernel beside ripgrep -F -f, ${needles} needles`, goal, reached: ratio, unit: 'x', least: true, note: aim }];
  });
}

function hyperscanned(scanner, { folder }, needles, lengths) {
  const done = spawnSync(scanner, [join(folder, `needles-${needles}.txt`), join(folder, 'plain.bin'), lengths], { encoding: 'utf8' });
  return done.status === 0 ? JSON.parse(done.stdout) : null;
}

function linkRows(bench) {
  const rounds = Array.from({ length: bench.rounds }, () => ({
    mine: part(bench, 'link'),
    rg: bench.found.ripgrep === null ? null : ripgrep(bench, 'all'),
    sha: part(bench, 'sha256').seconds,
  }));
  const mine = speed(bench.bytes, median(rounds.map((r) => r.mine.seconds)));
  const { recall, single, missed, further } = rounds[0].mine;
  say(
    `link(): ${mine.toFixed(1)} MB/s, peak memory +${(rounds[0].mine.peak / 1e6).toFixed(0)} MB; recall ${recall.toFixed(5)} (single values ${single.toFixed(5)}), ${missed} pairs missed, ${further} further links`,
  );
  say('two workers beside one: not built');
  return [
    { what: 'link(), recall of planted pairs', goal: 0.9995, reached: recall, unit: '', least: true, note: `${missed} missed` },
    ...(rounds[0].rg === null
      ? missing('ripgrep', 'node test/bench/link/contenders.mjs')
      : [
          {
            what: 'link() beside ripgrep with coded needles',
            goal: 6,
            reached: median(rounds.map((r) => r.rg / r.mine.seconds)),
            unit: 'x',
            least: true,
            note: 'all-in',
          },
        ]),
    {
      what: 'link() beside SHA-256 of the same bytes',
      goal: 0.08,
      reached: median(rounds.map((r) => r.sha / r.mine.seconds)),
      unit: 'x',
      least: true,
      note: 'aim 0.12',
    },
    ...trackharRows(bench, mine),
  ];
}

/** The time of indicator matching grows with the number of values: 10,000 are reckoned from 100 and 1,000. */
function trackharRows(bench, mine) {
  if (bench.found.trackhar === null) return missing('TrackHAR', 'node test/bench/link/contenders.mjs');
  const perByte = Object.entries(TRACKHAR_BYTES).map(([values, bytes]) => {
    const { seconds, bytes: searched } = part(bench, 'trackhar', { module: bench.found.trackhar, values: Number(values), bytes });
    return seconds / searched;
  });
  const [hundred, thousand] = perByte;
  const speedAtAll = 1 / (thousand + ((thousand - hundred) / 900) * 9000) / 1e6;
  say(
    `TrackHAR: ${(1 / hundred / 1e6).toFixed(2)} MB/s at 100 values, ${(1 / thousand / 1e6).toFixed(3)} at 1,000, ${speedAtAll.toFixed(4)} reckoned at 10,000`,
  );
  return [
    { what: 'link() beside TrackHAR at 10,000 values', goal: 1000, reached: mine / speedAtAll, unit: 'x', least: true, note: 'reckoned' },
  ];
}

function requestRows(bench) {
  const rounds = Array.from({ length: bench.rounds }, () => part(bench, 'requests'));
  const names = Object.keys(rounds[0].hostile);
  const hostile = names.map((name) => [name, median(rounds.map((r) => r.hostile[name]))]);
  for (const [name, seconds] of hostile) say(`hostile, ${name}: ${seconds.toFixed(2)} s`);
  const worst = hostile.toSorted((a, b) => b[1] - a[1])[0];
  return [
    {
      what: 'linking a typical request of 4 kB',
      goal: 0.2,
      reached: median(rounds.map((r) => r.typical)) * 1000,
      unit: 'ms',
      note: 'aim 0.1',
    },
    { what: 'linking a hostile request', goal: 1, reached: worst[1], unit: 's', note: `${worst[0]}; aim 0.3` },
  ];
}

function auditRows(bench) {
  const cli = join(resolve(bench.dist), 'harness/cli/main.js');
  const done = spawnSync(process.execPath, [cli, 'audit', 'eager'], { cwd: bench.work, encoding: 'utf8' });
  const runs = join(bench.work, 'runs');
  const [run] = existsSync(runs) ? readdirSync(runs).filter((name) => !name.startsWith('.')) : [];
  if (run === undefined) throw new Error(`the audit wrote no run: ${done.stderr}`);
  const rounds = Array.from({ length: bench.rounds }, () => part(bench, 'audit', { run: join(runs, run) }));
  const note = `${rounds[0].flows} flows, ${rounds[0].links} links; aim 0.2`;
  return [{ what: 'linking a whole audit', goal: 0.5, reached: median(rounds.map((r) => r.seconds)), unit: 's', note }];
}

function memoryRows(bench) {
  const rounds = Array.from({ length: bench.rounds }, () => part(bench, 'memory', {}, ['--expose-gc']));
  const note = `built in ${median(rounds.map((r) => r.seconds)).toFixed(2)} s; aim 110`;
  return [{ what: 'memory of 10,000 values', goal: 150, reached: median(rounds.map((r) => r.bytes)) / 1e6, unit: 'MB', note }];
}

function recallRows(bench) {
  for (const [name, { recall, single }] of Object.entries(part(bench, 'strategies')))
    say(`recall of ${name}: ${recall.toFixed(3)} of all pairs, ${single.toFixed(3)} of single values`);
  return [];
}

function missing(name, how) {
  say(`${name} is not here: ${how}`);
  return [];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      megabytes: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      dist: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const only = values.only?.split(',') ?? USUAL.only;
  const unknown = only.filter((name) => !(name in SECTIONS));
  if (unknown.length > 0) {
    console.error(`no ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}`);
    process.exit(2);
  }
  const rows = report({
    megabytes: Number(values.megabytes ?? USUAL.megabytes),
    rounds: Number(values.rounds ?? USUAL.rounds),
    dist: values.dist ?? USUAL.dist,
    root: values.keep ?? USUAL.root,
    only,
  });
  for (const { what, goal, reached, unit, note, least = false } of rows) {
    const met = least ? reached >= goal : reached <= goal;
    console.log(
      `${met ? 'reached' : 'MISSED '}  ${what}: ${reached.toFixed(unit === '' ? 5 : 2)} ${unit} (goal ${least ? '≥' : '≤'} ${goal}) — ${note}`,
    );
  }
}
