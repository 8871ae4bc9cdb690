// 32 keep-alive connections, 1 KiB up and down, as fast as they go.
import { inSession, weighed } from '../session.mjs';
import { rssMiB } from '../weigh.mjs';

const CONNECTIONS = 32;
const HOST = 'steady.bench.test';

export const steady = {
  what: `${CONNECTIONS} keep-alive connections, 1 KiB up and down`,
  runs: () => ['relay', 'pipeline', 'stock', 'mockttp', 'mitmproxy'],
  async one(bench, id, name) {
    return await inSession(bench, id, name, async ({ to, pid, call }) => {
      const before = await bench.field.accepted();
      const pool = await call('open', { to, host: HOST, connections: CONNECTIONS });
      const warm = await call('drive', { pool, ms: bench.options.warmMs, atOnce: 1, from: 1 });
      const { result, cpuMs } = await weighed(pid, () => call('drive', { pool, ms: bench.options.steadyMs, atOnce: 1, from: warm.to }));
      const upstream = (await bench.field.accepted()) - before;
      const memory = rssMiB(pid);
      await call('close', { pool });
      const requests = result.to - result.from;
      return {
        spans: [{ kind: 'r', from: 1, to: result.to }],
        figures: { perSecond: result.perSecond, cpuMs: cpuMs / requests, p50Ms: result.p50, p99Ms: result.p99, rssMiB: memory, upstream },
      };
    });
  },
  /** The origin without a proxy, to show that it is not the bottleneck. */
  async straight({ field, options }) {
    const to = { proxyPort: null, originPort: field.originPort, caPem: field.originCaPem };
    const pool = await field.call('open', { to, host: HOST, connections: CONNECTIONS });
    const warm = await field.call('drive', { pool, ms: options.warmMs, atOnce: 1, from: 1 });
    const { perSecond, p50, p99 } = await field.call('drive', { pool, ms: options.steadyMs, atOnce: 1, from: warm.to });
    await field.call('close', { pool });
    return { perSecond, p50Ms: p50, p99Ms: p99 };
  },
};
