// One measurement in a process of its own: node part.mjs NAME JSON. Prints JSON. Times are seconds of CPU of the whole process.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readCorpus, readNeedles } from './corpus.mjs';
import { recorded } from './flows.mjs';

const cpu = (work) => {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, result };
};
const load = async (options, name) => await import(pathToFileURL(join(options.dist, name)).href);

/** Passes over the haystack before the one that is timed: the module is compiled twice, the second time better. */
const WARM_UP = 40_000_000;

const PARTS = {
  async kernel(options) {
    const { createKernel } = await load(options, 'reports/link/kernel.js');
    const { bodies, plain } = readCorpus(options.corpus);
    const needles = readNeedles(options.corpus, options.needles);
    const kernel = createKernel(needles.length);
    const built = cpu(() => {
      for (const needle of needles) kernel.add(needle);
      kernel.scan(plain, 64, () => undefined);
    });
    let hits = 0;
    const pass = (most) => {
      hits = 0;
      for (const { plainAt, plainLength } of bodies) {
        if (plainAt > most) break;
        kernel.scan(plain.subarray(plainAt, plainAt + plainLength), plainLength, () => (hits += 1));
      }
    };
    pass(WARM_UP);
    const { seconds } = cpu(() => pass(plain.length));
    return { build: built.seconds, scan: seconds, hits };
  },

  async link(options) {
    const { link } = await load(options, 'reports/link/link.js');
    const corpus = readCorpus(options.corpus);
    const idle = process.memoryUsage().rss;
    const { seconds, result } = cpu(() => link(recorded(corpus)));
    return { seconds, peak: process.resourceUsage().maxRSS * 1024 - idle, ...recallOf(corpus, linkedIn(result)) };
  },

  /** Tables alone: what 10,000 values take, with nothing linked. */
  async memory(options) {
    const { buildNeedles } = await load(options, 'reports/link/needles.js');
    const values = JSON.parse(readFileSync(join(options.corpus, 'values.json'), 'utf8'));
    globalThis.gc();
    const before = process.memoryUsage().rss;
    const { seconds, result } = cpu(() => {
      const needles = buildNeedles(values);
      needles.kernel.scan(Buffer.alloc(64), 64, () => undefined);
      return needles;
    });
    globalThis.gc();
    return { seconds, bytes: process.memoryUsage().rss - before, alive: result !== null };
  },

  async sha256(options) {
    const { bodies, plain } = readCorpus(options.corpus);
    const { seconds } = cpu(() => {
      for (const { plainAt, plainLength } of bodies)
        createHash('sha256')
          .update(plain.subarray(plainAt, plainAt + plainLength))
          .digest();
    });
    return { seconds };
  },

  /** Indicator matching of so many values over the first bodies that are text. */
  async trackhar({ corpus, module, values: count, bytes }) {
    const { default: library, processRequest = library?.processRequest } = await import(pathToFileURL(module).href);
    const { values, bodies, plain } = readCorpus(corpus);
    const indicatorValues = { other: values.slice(0, count).map(({ text }) => text) };
    let searched = 0;
    const requests = [];
    for (const { plainAt, plainLength, bulk } of bodies) {
      if (bulk || searched > bytes) continue;
      searched += plainLength;
      requests.push({
        startTime: new Date(0),
        method: 'POST',
        host: 'up.example',
        path: '/up',
        endpointUrl: 'https://up.example/up',
        content: plain.toString('utf8', plainAt, plainAt + plainLength),
        port: '443',
        scheme: 'https',
        httpVersion: '1.1',
        headers: [],
        cookies: [],
      });
    }
    const { seconds } = cpu(() => {
      for (const request of requests) processRequest(request, { indicatorValues });
    });
    return { seconds, bytes: searched };
  },

  /** Seconds for one typical request of 4 kB and for a hostile one, beyond what the values of a usual run cost. */
  async requests(options) {
    const { link } = await load(options, 'reports/link/link.js');
    const corpus = readCorpus(options.corpus);
    const values = corpus.values.filter((_, i) => i % 40 === 0);
    const typical = corpus.bodies.filter((b) => !b.bulk && !b.gzip && b.length > 3000 && b.length < 5000).slice(0, 400);
    const once = (bodies, sent) => cpu(() => link(recorded({ values, bodies, sent }))).seconds;
    const few = typical.slice(0, 1);
    once(typical, corpus.sent);
    const base = once(few, corpus.sent);
    const seconds = once(typical, corpus.sent);
    const hostile = {};
    for (const [name, bytes] of Object.entries(hostileBodies())) {
      const body = { type: 'application/octet-stream', gzip: false, at: 0, length: bytes.length };
      hostile[name] = once([body], bytes) - base;
    }
    return { typical: (seconds - base) / (typical.length - 1), hostile };
  },

  /** Seconds that linking a recorded run takes in a fresh process. */
  async audit(options) {
    const { link } = await load(options, 'reports/link/link.js');
    const { readRun } = await load(options, 'harness/store/read.js');
    const { head, events, manifest } = readRun(options.run);
    const files = new Map();
    const read = (file, offset, length) => {
      const bytes = files.get(file) ?? readFileSync(join(options.run, file));
      files.set(file, bytes);
      return bytes.subarray(offset, offset + length);
    };
    const first = cpu(() => link({ head, events, manifest, bodies: { read } }));
    return { seconds: first.seconds, flows: events.filter((e) => e.kind === 'flow').length, links: first.result.links.length };
  },

  /** Which planted pairs are there for a search that decodes nothing, by the spellings that it looks for. */
  async strategies(options) {
    const { createKernel } = await load(options, 'reports/link/kernel.js');
    const corpus = readCorpus(options.corpus);
    const { codedSpellings } = await import('./values.mjs');
    const out = {};
    for (const [name, picks] of Object.entries(STRATEGIES)) {
      const kernel = createKernel(corpus.values.length);
      const owner = [];
      for (const value of corpus.values)
        for (const spelling of new Set(picks(value, codedSpellings))) {
          const bytes = Buffer.from(spelling);
          if (bytes.length < 11) continue;
          kernel.add(bytes);
          owner.push(value.id);
        }
      out[name] = recallOf(corpus, (i) => {
        const { plainAt, plainLength } = corpus.bodies[i];
        const found = new Set();
        kernel.scan(corpus.plain.subarray(plainAt, plainAt + plainLength), plainLength, (needle) => found.add(owner[needle]));
        return found;
      });
    }
    return out;
  },
};

const digest =
  (op, coding) =>
  ({ text }) =>
    createHash(op).update(text).digest(coding);
const base64 = ({ text }) => Buffer.from(text).toString('base64').replace(/=+$/, '');
const STRATEGIES = {
  'plain only': (value) => [value.text],
  'plain and URL-encoded (TrackHAR as shipped)': (value) => [value.text, encodeURIComponent(value.text)],
  'plain, base64, md5, sha256 (Blacklight)': (value) => [
    value.text,
    base64(value),
    digest('md5', 'hex')(value),
    digest('sha256', 'hex')(value),
  ],
  'all coded spellings, nothing decoded (ripgrep, Hyperscan)': (value, codedSpellings) => codedSpellings(value),
};

function linkedIn({ links }) {
  const byFlow = new Map();
  for (const { flow, value } of links) byFlow.set(flow, (byFlow.get(flow) ?? new Set()).add(value));
  return (i) => byFlow.get(`e${i + 1}`) ?? new Set();
}

/** Planted pairs of request and value that were found: all, and without the uploads of whole address books. */
function recallOf({ bodies }, foundIn) {
  const count = { all: 0, found: 0, single: 0, singleFound: 0, further: 0 };
  for (const [i, { values, bulk }] of bodies.entries()) {
    const found = foundIn(i);
    const hits = values.filter((id) => found.has(id)).length;
    count.all += values.length;
    count.found += hits;
    count.further += found.size - hits;
    if (bulk) continue;
    count.single += values.length;
    count.singleFound += hits;
  }
  return {
    recall: count.found / count.all,
    single: count.singleFound / count.single,
    missed: count.all - count.found,
    further: count.further,
  };
}

function hostileBodies() {
  const nested = (text, n) => {
    let out = text;
    for (let i = 0; i < n; i++) out = Buffer.from(out).toString('base64');
    return Buffer.from(out);
  };
  return {
    '2 MB of %25': Buffer.from('%25'.repeat(700_000)),
    'gzip bomb of 1 GB': gzipSync(Buffer.alloc(2 ** 30)),
    'base64 five times over 1 MB': nested('14082736951 '.repeat(90_000), 5),
    '4 MB of hex': Buffer.from('0123456789abcdef'.repeat(250_000)),
    '4 MB of short tokens': Buffer.from('Zm9vYmFyYmF6cXV4Zm9v '.repeat(200_000)),
  };
}

const [name, json] = process.argv.slice(2);
console.log(JSON.stringify(await PARTS[name](JSON.parse(json))));
