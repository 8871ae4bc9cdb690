// Large bodies, each on a connection of its own: `big` is how fast they come, `slow` what a reader costs that takes about 1.3 MiB a second.
import { setTimeout as sleep } from 'node:timers/promises';
import { number } from '../bodies.mjs';
import { inSession } from '../session.mjs';
import { peakMiB, resetPeak, rssMiB, settled } from '../weigh.mjs';

const MIB = 1 << 20;
const BIG = 50 * MIB;
const MEDIUM = 5 * MIB;
const TIMES = 3;
const HOST = 'big.bench.test';
const SLOW = { bytes: 65_536, everyMs: 50, forMs: 5000 };
const ALL = ['relay', 'pipeline', 'stock', 'mockttp', 'mitmproxy', 'mitmproxy-stream'];

export const big = {
  what: `bodies of 5 MiB, then of 50 MiB, ${TIMES} times each, one at a time`,
  runs: () => ALL,
  async one(bench, id, name) {
    return await inSession(bench, id, name, async (session) => {
      const { get, spans } = getter(session);
      const medium = await several(get, MEDIUM);
      const before = await restedMiB(session.pid);
      const large = await several(get, BIG);
      await settled(session.pid);
      const growthMiB = peakMiB(session.pid) - before;
      return {
        spans,
        figures: { mediumMibPerSecond: medium.mibPerSecond, mibPerSecond: large.mibPerSecond, firstByteMs: large.firstMs, growthMiB },
      };
    });
  },
};

export const slow = {
  what: '50 MiB for a reader that takes 64 KiB every 50 ms for 5 s, then the rest; memory at its highest within the 5 s',
  runs: () => ALL,
  async one(bench, id, name) {
    return await inSession(bench, id, name, async (session) => {
      const { get, spans } = getter(session);
      await several(get, MEDIUM);
      const before = await restedMiB(session.pid);
      const coming = get(BIG, SLOW);
      await Promise.race([coming, sleep(SLOW.forMs)]);
      const growthMiB = peakMiB(session.pid) - before;
      await coming;
      return { spans, figures: { growthMiB } };
    });
  },
};

function getter({ to, call }) {
  let next = 1;
  const spans = [];
  const get = async (bytes, pace = null) => {
    const path = `/big/${number(next)}/${bytes}`;
    spans.push({ kind: 'big', from: next, to: next + 1, tail: `/${bytes}` });
    next += 1;
    const { bodyMs, firstMs, bytes: got } = await call('get', { to, host: HOST, path, pace });
    if (got !== bytes) throw new Error(`${got} bytes came of ${bytes}`);
    return { mibPerSecond: bytes / MIB / (bodyMs / 1000), firstMs };
  };
  return { get, spans };
}

/** The median of some downloads by speed. */
async function several(get, bytes) {
  const all = [];
  for (let i = 0; i < TIMES; i++) all.push(await get(bytes));
  return all.toSorted((a, b) => a.mibPerSecond - b.mibPerSecond)[Math.floor(TIMES / 2)];
}

/** Resident memory of a process at rest; from here on the kernel marks its highest. */
async function restedMiB(pid) {
  await settled(pid);
  const before = rssMiB(pid);
  resetPeak(pid);
  return before;
}
