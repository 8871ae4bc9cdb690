// The goals of the capture proxy, and what a run reached of them.
import { median } from '../processes.mjs';

const LESS = 'less';
const MORE = 'more';
const P50_FLOOR_MS = 0.01;
const MANY = 10_000;

/** `goals` are the least ratio to each contender, and the aim where there is one. */
const RATIOS = [
  {
    measure: 'steady',
    ours: 'relay',
    figure: 'cpuMs',
    sense: LESS,
    what: 'CPU a request, relay',
    goals: { mitmproxy: [15, 25], mockttp: [5, 8], stock: [3.5, 5] },
  },
  {
    measure: 'steady',
    ours: 'relay',
    figure: 'perSecond',
    sense: MORE,
    what: 'requests a second, relay',
    goals: { mitmproxy: [15], mockttp: [5], stock: [3] },
  },
  {
    measure: 'steady',
    ours: 'pipeline',
    figure: 'cpuMs',
    sense: LESS,
    what: 'CPU a request, pipeline',
    goals: { mitmproxy: [4], mockttp: [1.7], stock: [1] },
  },
  {
    measure: 'http2',
    ours: 'relay',
    figure: 'perSecond',
    sense: MORE,
    what: 'HTTP/2 requests a second',
    goals: { mitmproxy: [6], mockttp: [1.8] },
  },
  {
    measure: 'latency',
    ours: 'relay',
    figure: 'addedP50Ms',
    sense: LESS,
    what: 'added latency p50 at 200 requests a second',
    goals: { mitmproxy: [4, 8], mockttp: [3], stock: [2.5] },
  },
  {
    measure: 'first',
    ours: 'relay',
    figure: 'addedP50Ms',
    sense: LESS,
    what: 'first request to a new host, added p50',
    goals: { mitmproxy: [1.8], mockttp: [2.5], stock: [25] },
  },
  { measure: 'leaf', ours: 'relay', figure: 'p50Ms', sense: LESS, what: 'leaf certificate p50', goals: { mockttp: [5], stock: [150] } },
  {
    measure: 'big',
    ours: 'relay',
    figure: 'mibPerSecond',
    sense: MORE,
    what: '50 MiB body, MiB/s',
    goals: { mitmproxy: [1.5], 'mitmproxy-stream': [0.9, 1.2], mockttp: [0.95], stock: [0.95] },
  },
];
/** Upper bounds of our own figures: the worst round counts for descriptors and ports, the median for the rest. */
const LIMITS = [
  { measure: 'big', figure: 'growthMiB', what: 'memory growth, 50 MiB bodies', unit: 'MiB', goal: 40, aim: 8, pick: median },
  { measure: 'slow', figure: 'growthMiB', what: 'memory growth, 50 MiB to a slow reader', unit: 'MiB', goal: 8, pick: median },
  { measure: 'hosts', figure: 'rssMiB', what: 'memory after 10,000 hosts not held', unit: 'MiB', goal: 190, aim: 120, pick: median },
  { measure: 'hosts', figure: 'addedDescriptors', what: 'descriptors left after them', unit: 'descriptors', goal: 0, pick: worst },
  { measure: 'hosts', figure: 'addedListening', what: 'listening ports left after them', unit: 'ports', goal: 0, pick: worst },
];
const HOSTS_SHARE = {
  measure: 'hosts',
  figure: 'rssMiB',
  what: 'memory after 10,000 hosts not held, against mockttp',
  other: 'mockttp',
  goal: 0.4,
};

function worst(numbers) {
  return Math.max(...numbers);
}

/** Rows as test/bench/run.mjs prints them; `least`: the goal is a lower bound. `results[measure][contender]` are rounds, null where one failed. */
export function rows(results) {
  return [...RATIOS.flatMap((one) => ratioRows(results, one)), ...limitRows(results), ...shareRow(results), ...captureRows(results)];
}

function ratioRows(results, { measure, ours, figure, sense, what, goals }) {
  const rounds = results[measure];
  if (rounds?.[ours] === undefined) return [];
  return Object.entries(goals)
    .filter(([other]) => rounds[other] !== undefined)
    .map(([other, [goal, aim]]) => {
      const pairs = paired(rounds[ours], rounds[other], figure);
      const ratios = pairs.map(([mine, theirs]) => (sense === LESS ? theirs / floor(mine, figure) : mine / theirs));
      const row = { what: `${what}, ${sense} than ${other}`, goal, unit: '×', least: true };
      if (ratios.length === 0) return { ...row, ...NEITHER };
      const raw = [0, 1].map((side) => short(median(pairs.map((pair) => pair[side])))).join(' against ');
      return { ...row, reached: median(ratios), note: `${spread(ratios)}${aim ? `; aim ${aim}` : ''}; ${raw} ${UNITS[figure]}` };
    });
}

const UNITS = { cpuMs: 'ms', perSecond: 'a second', addedP50Ms: 'ms', p50Ms: 'ms', mibPerSecond: 'MiB/s', rssMiB: 'MiB' };

/** A figure under what the clock can tell would make any ratio. */
function floor(value, figure) {
  return figure === 'addedP50Ms' ? Math.max(value, P50_FLOOR_MS) : value;
}

function paired(mine, theirs, figure) {
  return mine.flatMap((one, round) => {
    const other = theirs[round];
    return one && other ? [[one.figures[figure], other.figures[figure]]] : [];
  });
}

const NEITHER = { reached: Number.NaN, note: 'no round in which both ran' };
const spread = (ratios) => `${ratios.length} rounds ${short(Math.min(...ratios))}–${short(Math.max(...ratios))}`;

function limitRows(results) {
  return LIMITS.flatMap(({ measure, figure, what, unit, goal, aim, pick }) => {
    const done = results[measure]?.relay?.filter((one) => one !== null);
    if (done === undefined) return [];
    const row = { what, goal, unit };
    if (done.length === 0) return [{ ...row, ...NEITHER }];
    const all = done.map((one) => one.figures[figure]);
    const fewer = done[0].figures.hosts < MANY ? `; only ${done[0].figures.hosts} hosts in this run` : '';
    return [{ ...row, reached: pick(all), note: `rounds ${all.map(short).join(' ')}${aim ? `; aim ${aim}` : ''}${fewer}` }];
  });
}

function shareRow(results) {
  const { measure, figure, what, other, goal } = HOSTS_SHARE;
  const rounds = results[measure];
  if (rounds?.relay === undefined || rounds[other] === undefined) return [];
  const ratios = paired(rounds.relay, rounds[other], figure).map(([mine, theirs]) => mine / theirs);
  const row = { what, goal, unit: '×' };
  return [ratios.length === 0 ? { ...row, ...NEITHER } : { ...row, reached: median(ratios), note: spread(ratios) }];
}

/** Every contender captured exactly what was sent: requests lost, kept twice, altered or invented, over all measures. */
function captureRows(results) {
  const sums = new Map();
  for (const contenders of Object.values(results))
    for (const [id, rounds] of Object.entries(contenders))
      for (const one of rounds) {
        if (!one?.check) continue;
        const sum = sums.get(id) ?? { made: 0, captured: 0, lost: 0, twice: 0, altered: 0, strange: 0 };
        for (const key of Object.keys(sum)) sum[key] += one.check[key];
        sums.set(id, sum);
      }
  return [...sums].map(([id, { made, captured, lost, twice, altered, strange }]) => ({
    what: `requests that ${id} did not capture as sent`,
    goal: 0,
    reached: lost + twice + altered + strange,
    unit: 'requests',
    note: `${captured} of ${made} read back with both bodies' hashes; lost ${lost}, twice ${twice}, altered ${altered}, not sent ${strange}`,
  }));
}

const short = (value) =>
  value === 0 ? '0' : Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(2);
