// 10,000 hosts, a handshake with each, 8 at a time, none kept open: what stays behind.
import { setTimeout as sleep } from 'node:timers/promises';
import { inSession, weighed } from '../session.mjs';
import { descriptors, rssMiB } from '../weigh.mjs';

const WIDTH = 8;
const WARM = 20;
const PATIENCE_MS = 600_000;
/** What is closed by a short timer may be closed. */
const REST_MS = 2000;
/** Its keys alone would take 40 minutes for 10,000; a hundred show the port that each host costs. */
const STOCK_HOSTS = 100;

export const hosts = {
  what: `distinct hosts, a handshake each, ${WIDTH} at a time, not held`,
  runs: () => ['relay', 'stock', 'mockttp', 'mitmproxy'],
  async one(bench, id, name) {
    const count = id === 'stock' ? Math.min(STOCK_HOSTS, bench.options.hosts) : bench.options.hosts;
    return await inSession(bench, id, name, async ({ to, pid, call }) => {
      await call('handshakes', { to, prefix: 'warm', count: WARM, width: WIDTH });
      const before = { rssMiB: rssMiB(pid), ...descriptors(pid) };
      const { result, cpuMs } = await weighed(pid, () => call('handshakes', { to, prefix: 'many', count, width: WIDTH }, PATIENCE_MS));
      await sleep(REST_MS);
      const after = { rssMiB: rssMiB(pid), ...descriptors(pid) };
      return {
        spans: [],
        // Ours must have a line for each connection that came to nothing; the others are not asked.
        unused: id === 'relay' ? count + WARM : null,
        figures: {
          hosts: count,
          rssBeforeMiB: before.rssMiB,
          rssMiB: after.rssMiB,
          addedDescriptors: after.open - before.open,
          addedListening: after.listening - before.listening,
          cpuMs: cpuMs / count,
          seconds: result.seconds,
        },
      };
    });
  },
};
