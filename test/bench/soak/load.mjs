// What the app of the soak does, at a bounded rate, and the ledger of it.
import { Agent } from 'node:http';
import { channel, http1, http2, lane, session } from './exchanges.mjs';
import { connectTo, tlsTo } from './ways.mjs';

const TICK_MS = 50;
/** Beyond this nothing is begun: the machine is behind. */
const MOST_IN_FLIGHT = 80;
const LANES = 6;
const SESSIONS = 3;
/** Exchanges after which a connection that is kept is given up for a new one. */
const LANE_LIFE = 400;
const HOSTS = 40;
const SMALLEST = 200;
const LARGE = 4 * 1024 * 1024;
const MESSAGES = 4;

/** How often of 1000 each is done. */
const MIX = [
  ['keepAlive', 340],
  ['newConnection', 90],
  ['http2', 270],
  ['plain', 100],
  ['socks', 60],
  ['bareTls', 20],
  ['channel', 20],
  ['refusal', 40],
  ['abort', 36],
  ['cut', 22],
  ['large', 2],
];
/** In an order that mixes them well: 617 has no factor in common with 1000. */
const ORDER = MIX.flatMap(([name, times]) => Array.from({ length: times }, () => name));
const actOf = (seq) => ORDER[(seq * 617) % ORDER.length];

/** What was done: exchanges by path, messages by id, refusals counted by host, and what went wrong for the app. */
export const newLedger = () => ({
  exchanges: new Map(),
  messages: new Map(),
  refused: new Map(),
  faults: [],
  begun: 0,
  skipped: 0,
  seq: 0,
});

/** Begins the load on a proxy. `pause()` ends all that is under way and all connections; `resume()` goes on. */
export function startLoad(to, ledger, perSecond) {
  const app = new App(to, ledger);
  let timer = null;
  let owed = 0;
  const tick = () => {
    for (owed += (perSecond * TICK_MS) / 1000; owed >= 1; owed -= 1) app.step();
  };
  const resume = () => (timer = setInterval(tick, TICK_MS));
  resume();
  return {
    resume,
    async pause() {
      clearInterval(timer);
      await app.rest();
    },
    abandon: () => clearInterval(timer),
  };
}

class App {
  #to;
  #ledger;
  #inFlight = new Set();
  #lanes = [];
  #sessions = [];

  constructor(to, ledger) {
    this.#to = to;
    this.#ledger = ledger;
  }

  step() {
    const ledger = this.#ledger;
    if (this.#inFlight.size >= MOST_IN_FLIGHT) {
      ledger.skipped += 1;
      return;
    }
    ledger.seq += 1;
    ledger.begun += 1;
    const { seq } = ledger;
    const name = actOf(seq);
    const work = this[name](seq)
      .catch((error) => void ledger.faults.push({ name, seq, message: error.message, at: Date.now() }))
      .finally(() => this.#inFlight.delete(work));
    this.#inFlight.add(work);
  }

  async rest() {
    await Promise.all(this.#inFlight);
    for (const { agent } of this.#lanes.splice(0)) agent.destroy();
    for (const { over } of this.#sessions.splice(0)) (await over.catch(() => null))?.destroy();
  }

  /** Notes an exchange, makes it, and notes when it was over. */
  async #make(parts, make) {
    const exchange = { up: 0, door: 'http-proxy', ...parts };
    const noted = { ...exchange, doneAt: null };
    this.#ledger.exchanges.set(`${exchange.kind}/${exchange.id}`, noted);
    await make(exchange);
    noted.doneAt = Date.now();
  }

  #small(seq) {
    return {
      kind: 'ok',
      id: seq,
      up: seq % 3 === 0 ? SMALLEST + ((seq * 31) % 3000) : 0,
      down: seq % 23 === 0 ? 0 : SMALLEST + ((seq * 97) % 12_000),
    };
  }

  #lane(seq, kind, open) {
    const place = `${kind}${seq % LANES}`;
    const at = this.#lanes.findIndex((one) => one.place === place);
    if (at >= 0 && this.#lanes[at].uses < LANE_LIFE) {
      this.#lanes[at].uses += 1;
      return this.#lanes[at];
    }
    const host = `k${seq % HOSTS}.tls.soak.test`;
    const made = { place, host, agent: null, uses: 1 };
    made.agent = lane(() => open(host));
    if (at < 0) this.#lanes.push(made);
    else {
      const [old] = this.#lanes.splice(at, 1, made);
      void this.#retire(old.agent);
    }
    return made;
  }

  /** Its last requests may still be under way. */
  async #retire(agent) {
    while (Object.keys(agent.sockets).length > 0 || Object.keys(agent.requests).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    agent.destroy();
  }

  keepAlive(seq) {
    const { agent, host } = this.#lane(seq, 'tls', (name) => tlsTo(this.#to, name));
    return this.#make(this.#small(seq), (exchange) => http1(exchange, { agent, host }));
  }

  plain(seq) {
    const host = `p${seq % HOSTS}.plain.soak.test`;
    const { agent } = this.#plainLane(seq);
    return this.#make({ ...this.#small(seq), engine: null }, (exchange) =>
      http1(exchange, { agent, host, prefix: `http://${host}`, port: this.#to.proxyPort }),
    );
  }

  /** These go straight to the proxy, each request to a server of its own. */
  #plainLane(seq) {
    const place = `plain${seq % LANES}`;
    const found = this.#lanes.find((one) => one.place === place);
    if (found !== undefined) return found;
    const made = { place, agent: new Agent({ keepAlive: true, maxSockets: 1 }), uses: 0 };
    this.#lanes.push(made);
    return made;
  }

  async #alone(seq, { kind = 'ok', door = 'http-proxy', parts = {} }) {
    const host = `c${seq % HOSTS}.tls.soak.test`;
    const agent = lane(() => tlsTo(this.#to, host, { door }));
    try {
      await this.#make({ ...this.#small(seq), kind, door, ...parts }, (exchange) => http1(exchange, { agent, host }));
    } finally {
      agent.destroy();
    }
  }

  newConnection(seq) {
    return this.#alone(seq, {});
  }
  socks(seq) {
    return this.#alone(seq, { door: 'socks5' });
  }
  bareTls(seq) {
    return this.#alone(seq, { door: 'tls' });
  }
  large(seq) {
    return this.#alone(seq, { parts: seq % 2 === 0 ? { up: LARGE, down: SMALLEST } : { up: 0, down: LARGE } });
  }

  async #overHttp2(seq, parts) {
    const held = this.#session(seq);
    held.uses += 1;
    held.live += 1;
    try {
      const over = await held.over;
      await this.#make({ ...this.#small(seq), ...parts }, (exchange) => http2(exchange, over));
    } finally {
      held.live -= 1;
      // Not before: a session that is asked to close may still refuse what it has not sent yet.
      if (held.retired && held.live === 0) await held.over.then((over) => over.close()).catch(() => {});
    }
  }

  #session(seq) {
    const place = seq % SESSIONS;
    const at = this.#sessions.findIndex((one) => one.place === place);
    if (at >= 0 && this.#sessions[at].uses < LANE_LIFE) return this.#sessions[at];
    const made = { place, uses: 0, live: 0, retired: false, over: session(this.#to, `h${seq % HOSTS}.tls.soak.test`) };
    if (at < 0) this.#sessions.push(made);
    else {
      const [old] = this.#sessions.splice(at, 1, made);
      old.retired = true;
      if (old.live === 0) void old.over.then((over) => over.close()).catch(() => {});
    }
    return made;
  }

  http2(seq) {
    return this.#overHttp2(seq, {});
  }

  async abort(seq) {
    const kind = seq % 2 === 0 ? 'slow' : 'drip';
    const parts = { up: 0, down: 64 * 1024 };
    await (seq % 4 < 2 ? this.#overHttp2(seq, { kind, ...parts }) : this.#alone(seq, { kind, parts }));
  }

  async cut(seq) {
    const parts = { up: 0, down: 8 * 1024 };
    await (seq % 2 === 0 ? this.#overHttp2(seq, { kind: 'cut', ...parts }) : this.#alone(seq, { kind: 'cut', parts }));
  }

  async channel(seq) {
    const host = `w${seq % HOSTS}.tls.soak.test`;
    const tls = await tlsTo(this.#to, host, { alpn: 'http/1.1' });
    const parts = { kind: 'ws', id: seq, up: null, down: null, messages: MESSAGES };
    const bytes = SMALLEST + (seq % 1500);
    for (let i = 1; i <= MESSAGES; i += 1) this.#ledger.messages.set(`${seq}-${i}`, bytes * i);
    await this.#make(parts, () => channel({ id: seq, messages: MESSAGES, bytes, compress: seq % 2 === 0 }, { tls, host }));
  }

  /** Five ways in which there is no exchange. */
  async refusal(seq) {
    const to = this.#to;
    const host = (letter, kind) => `${letter}${seq % 10}.${kind}.soak.test`;
    const ways = [
      [host('d', 'tls'), (name) => tlsTo(to, name, { trusting: false }).catch(() => {})],
      [host('b', 'bad'), (name) => tlsTo(to, name).catch(() => {})],
      [host('n', 'none'), (name) => connectTo(to, `${name}:443`)],
      [`x${seq % 10}:99999`, (name) => connectTo(to, name)],
      [host('s', 'tls'), (name) => connectTo(to, `${name}:443`).then(({ socket }) => socket)],
    ];
    const [name, act] = ways[seq % ways.length];
    this.#ledger.refused.set(name, (this.#ledger.refused.get(name) ?? 0) + 1);
    const left = await act(name);
    (left?.socket ?? left)?.destroy();
  }
}
