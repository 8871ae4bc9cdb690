// The first request to 50 hosts never seen before, one after the other: TCP, CONNECT, TLS, GET, last byte.
import { inSession, weighed } from '../session.mjs';

const HOSTS = 50;
/** Not counted: what is loaded or compiled at the very first connection is not a host's price. */
const WARM_HOSTS = 5;

const hostsOf = (name, count) => Array.from({ length: count }, (_, i) => `${name}${i}.bench.test`);

export const first = {
  what: `first request to a never-seen host, ${HOSTS} hosts`,
  runs: () => ['relay', 'pipeline', 'stock', 'mockttp', 'mitmproxy'],
  async one(bench, id, name) {
    return await inSession(bench, id, name, async ({ to, pid, call }) => {
      const warm = await call('firsts', { to, hosts: hostsOf('warm', WARM_HOSTS), from: 1 });
      const { result, cpuMs } = await weighed(pid, () => call('firsts', { to, hosts: hostsOf('first', HOSTS), from: warm.to }));
      return {
        spans: [{ kind: 'f', from: 1, to: result.to }],
        figures: {
          addedP50Ms: result.proxied.p50 - result.straight.p50,
          p50Ms: result.proxied.p50,
          p95Ms: result.proxied.p95,
          straightP50Ms: result.straight.p50,
          cpuMs: cpuMs / HOSTS,
        },
      };
    });
  },
};
