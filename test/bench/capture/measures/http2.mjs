// HTTP/2 both ways: 8 sessions with 4 streams each, POST of 1 KiB, 1 KiB back.
import { inSession, weighed } from '../session.mjs';

const SESSIONS = 8;
const STREAMS = 4;
const HOST = 'h2.bench.test';

export const http2 = {
  what: `HTTP/2, ${SESSIONS} sessions × ${STREAMS} streams, 1 KiB up and down`,
  runs: () => ['relay', 'pipeline', 'mockttp', 'mitmproxy'],
  async one(bench, id, name) {
    return await inSession(bench, id, name, async ({ to, pid, call }) => {
      const before = await bench.field.accepted();
      const pool = await call('open', { to: { ...to, alpn: 'h2' }, host: HOST, connections: SESSIONS });
      const warm = await call('drive', { pool, ms: bench.options.warmMs, atOnce: STREAMS, from: 1 });
      const { result, cpuMs } = await weighed(pid, () =>
        call('drive', { pool, ms: bench.options.steadyMs, atOnce: STREAMS, from: warm.to }),
      );
      const upstream = (await bench.field.accepted()) - before;
      await call('close', { pool });
      const requests = result.to - result.from;
      return {
        spans: [{ kind: 'h2', from: 1, to: result.to }],
        figures: { perSecond: result.perSecond, cpuMs: cpuMs / requests, p50Ms: result.p50, p99Ms: result.p99, upstream },
      };
    });
  },
  async straight({ field, options }) {
    const to = { proxyPort: null, originPort: field.originPort, caPem: field.originCaPem, alpn: 'h2' };
    const pool = await field.call('open', { to, host: HOST, connections: SESSIONS });
    const warm = await field.call('drive', { pool, ms: options.warmMs, atOnce: STREAMS, from: 1 });
    const { perSecond, p50, p99 } = await field.call('drive', { pool, ms: options.steadyMs, atOnce: STREAMS, from: warm.to });
    await field.call('close', { pool });
    return { perSecond, p50Ms: p50, p99Ms: p99 };
  },
};
