// Makes the traffic, in a process of its own. Commands come from the bench as messages; answers hold numbers only.
import { createSecureContext } from 'node:tls';
import { number } from './bodies.mjs';
import { Http1, Http2, close, get, open } from './client.mjs';
import { answerCalls } from './processes.mjs';

const pools = new Map();
let nextPool = 1;

const way = ({ proxyPort, originPort, caPem, alpn = 'http/1.1' }) => ({
  proxyPort,
  originPort,
  alpn,
  context: createSecureContext({ ca: caPem }),
});

const COMMANDS = {
  /** Opens `connections` to one host. */
  async open({ to, host, connections }) {
    const over = way(to);
    const sockets = [];
    for (let i = 0; i < connections; i++) sockets.push(await open(over, host));
    const authority = `${host}:${to.originPort}`;
    const Kind = over.alpn === 'h2' ? Http2 : Http1;
    pools.set(
      nextPool,
      sockets.map((socket) => new Kind(socket, authority)),
    );
    return nextPool++;
  },

  async close({ pool }) {
    const connections = pools.get(pool);
    pools.delete(pool);
    for (const one of connections) one.failed = () => {};
    await Promise.all(connections.map((one) => close(one.socket)));
  },

  /** Keeps `atOnce` requests in flight on each connection for `ms`; lets the last ones end. Numbers are `from` and up. */
  drive({ pool, ms, atOnce, from }) {
    return new Promise((resolve, reject) => {
      const connections = pools.get(pool);
      const began = performance.now();
      const until = began + ms;
      const starts = new Map();
      const times = [];
      let next = from;
      let flying = 0;
      let inTime = 0;
      const start = (one) => {
        flying += 1;
        starts.set(next, performance.now());
        one.ask(next++);
      };
      for (const one of connections) {
        one.failed = reject;
        one.answered = (id) => {
          const now = performance.now();
          times.push(now - starts.get(id));
          starts.delete(id);
          flying -= 1;
          if (now < until) {
            inTime += 1;
            start(one);
          } else if (flying === 0) resolve({ from, to: next, perSecond: inTime / (ms / 1000), ...spread(times) });
        };
      }
      for (const one of connections) for (let i = 0; i < atOnce; i++) start(one);
    });
  },

  /** Sends `perSecond` requests on the one pool and as many on the other, in turn, for `ms`; a tick that finds its connection busy is left out (`count` tells). */
  async alternate({ proxied, straight, perSecond, ms, from }) {
    const sides = [
      { connections: pools.get(proxied), times: [], next: from, at: 0 },
      { connections: pools.get(straight), times: [], next: 1, at: 0 },
    ];
    const began = performance.now();
    await new Promise((resolve, reject) => {
      let ticks = 0;
      let flying = 0;
      const total = Math.floor((ms / 1000) * perSecond * 2);
      for (const side of sides)
        for (const one of side.connections) {
          one.failed = reject;
          one.busy = false;
        }
      const tick = () => {
        const due = Math.min(total, Math.floor(((performance.now() - began) * perSecond * 2) / 1000));
        for (; ticks < due; ticks++) {
          const side = sides[ticks % 2];
          const one = side.connections[side.at++ % side.connections.length];
          if (one.busy) continue;
          one.busy = true;
          flying += 1;
          const sent = performance.now();
          one.answered = () => {
            side.times.push(performance.now() - sent);
            one.busy = false;
            flying -= 1;
            if (ticks >= total && flying === 0) resolve();
          };
          one.ask(side.next++);
        }
        if (ticks < total) setTimeout(tick, 1);
        else if (flying === 0) resolve();
      };
      tick();
    });
    return { from, to: sides[0].next, proxied: spread(sides[0].times), straight: spread(sides[1].times) };
  },

  /** One GET to each host that was never asked before, first straight, then through the proxy; times from TCP to the last byte of the answer. */
  async firsts({ to, hosts, from }) {
    const over = way(to);
    const direct = way({ ...to, proxyPort: null, caPem: to.originCaPem });
    const proxied = [];
    const straight = [];
    for (const [i, host] of hosts.entries()) {
      straight.push((await get(direct, { host, path: `/f/${number(i)}`, pace: null })).allMs);
      proxied.push((await get(over, { host, path: `/f/${number(from + i)}`, pace: null })).allMs);
    }
    return { from, to: from + hosts.length, proxied: spread(proxied), straight: spread(straight) };
  },

  async get({ to, host, path, pace }) {
    return await get(way(to), { host, path, pace });
  },

  /** A handshake with each host, `width` at a time, none kept. */
  async handshakes({ to, prefix, count, width }) {
    const over = way(to);
    let next = 0;
    const one = async () => {
      while (next < count) await close(await open(over, `${prefix}${next++}.bench.test`));
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: width }, one));
    return { seconds: (performance.now() - began) / 1000 };
  },
};

function spread(times) {
  const sorted = Float64Array.from(times).toSorted();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

answerCalls(COMMANDS);
