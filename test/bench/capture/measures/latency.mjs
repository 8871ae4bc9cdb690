// What the proxy adds at 200 requests a second. Straight and proxied requests alternate, so that both meet the same machine.
import { inSession } from '../session.mjs';

const CONNECTIONS = 32;
const PER_SECOND = 200;
const HOST = 'latency.bench.test';

export const latency = {
  what: `added latency at ${PER_SECOND} requests a second, ${CONNECTIONS} connections, 1 KiB up and down`,
  runs: () => ['relay', 'pipeline', 'stock', 'mockttp', 'mitmproxy'],
  async one(bench, id, name) {
    return await inSession(bench, id, name, async ({ to, call }) => {
      const direct = { ...to, proxyPort: null, caPem: to.originCaPem };
      const proxied = await call('open', { to, host: HOST, connections: CONNECTIONS });
      const straight = await call('open', { to: direct, host: HOST, connections: CONNECTIONS });
      const warm = await call('drive', { pool: proxied, ms: bench.options.warmMs, atOnce: 1, from: 1 });
      const told = await call('alternate', { proxied, straight, perSecond: PER_SECOND, ms: bench.options.latencyMs, from: warm.to });
      await call('close', { pool: proxied });
      await call('close', { pool: straight });
      return {
        spans: [{ kind: 'r', from: 1, to: told.to }],
        figures: {
          addedP50Ms: told.proxied.p50 - told.straight.p50,
          addedP99Ms: told.proxied.p99 - told.straight.p99,
          p50Ms: told.proxied.p50,
          straightP50Ms: told.straight.p50,
          count: told.proxied.count,
        },
      };
    });
  },
};
