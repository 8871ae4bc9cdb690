const RANK = { C1: 1, C2: 2, C3: 3, C4: 4, C5: 5 };
export const rank = (level) => RANK[level] ?? 0;
/** Steps that no tool may leave out or add; light ones (percent, JSON, HTML, multipart) may be told in several ways. */
const TOLD = /^(base64|hex|gzip|deflate|brotli|zstd|md5|sha|sm3)/;
const MOST_PAIRS = 50;

/** Compares the links of one capture with its truth: a row for each expected pair, and the links that nothing expects. */
export function compare({ name, truth, texts }, { links, receivers }) {
  const byPair = new Map(links.map((link) => [`${link.flow} ${link.value}`, link]));
  const used = new Set();
  const rows = truth.map((row) => {
    const found = row.anyOf.map((flow) => byPair.get(`${flow} ${row.value}`)).filter((link) => link !== undefined);
    found.sort((a, b) => rank(b.level) - rank(a.level));
    const allowed = row.level === null ? row.also : [row.level, ...row.also];
    for (const link of found) if (row.must || allowed.includes(link.level)) used.add(link);
    return judged({ name, row, texts, allowed, best: found[0] ?? null, receivers });
  });
  const surplus = links.filter((link) => !used.has(link));
  return { rows, surplus: surplus.map((link) => described(name, link, truth, texts)), links };
}

function judged({ name, row, texts, allowed, best, receivers }) {
  const least = Math.min(...allowed.map(rank));
  const hit = best !== null && rank(best.level) >= least;
  const got = best?.level ?? null;
  const level = !hit ? null : allowed.includes(got) ? 'right' : rank(got) > rank(row.level) ? 'over' : 'under';
  return {
    capture: name,
    ...row,
    ...texts.get(row.value),
    hit,
    got,
    levelIs: level,
    best,
    agrees: hit ? { ...agreement(row, best), receiver: knows(row.receiver, receivers.get(best.flow)) } : {},
  };
}

function agreement(row, link) {
  const agrees = {};
  if (row.reads !== null)
    agrees.reads = row.reads.every((read) => link.reads.includes(read)) && (row.reads.length > 0 || link.reads.length === 0);
  if (row.reads !== null && row.order === 'before')
    agrees.nearest =
      link.observation === row.reads.toSorted(byNumber).at(-1) || (row.reads.length > 1 && row.reads.includes(link.observation));
  if (row.order !== null) agrees.order = link.order === row.order;
  if (row.owner !== null) agrees.owner = link.owner === row.owner;
  if (row.part !== null) agrees.part = link.span.part === row.part;
  if (row.chain !== null)
    agrees.chain =
      told(row.chain) === told(link.chain.flatMap((step) => (step.op === 'digest-of-digest' ? [step.outer, step.inner] : [step.op])));
  return agrees;
}

/** Whether who is behind the host is told as it is. */
function knows(wanted, got) {
  return Object.entries(wanted).every(([key, value]) => got?.[key] === value);
}

const byNumber = (a, b) => Number(a.slice(1)) - Number(b.slice(1));
const told = (steps) => steps.filter((step) => TOLD.test(step)).join(' ');

function described(name, link, truth, texts) {
  const row = truth.find(({ flow, value }) => flow === link.flow && value === link.value);
  const about = row ?? truth.find(({ flow }) => flow === link.flow);
  const family = row ? row.family : `no such pair, in a request of: ${about?.family ?? 'noise'}`;
  return { capture: name, flow: link.flow, level: link.level, family, features: about?.features ?? null, ...texts.get(link.value), link };
}

/** Wilson's 95% interval of `hits` among `all`. */
export function wilson(hits, all) {
  if (all === 0) return [0, 1];
  const z = 1.959964;
  const p = hits / all;
  const middle = p + (z * z) / (2 * all);
  const reach = z * Math.sqrt((p * (1 - p)) / all + (z * z) / (4 * all * all));
  return [(middle - reach) / (1 + (z * z) / all), (middle + reach) / (1 + (z * z) / all)];
}

/** Figures over all captures. */
export function figures(compared) {
  const rows = compared.flatMap((one) => one.rows);
  const surplus = compared.flatMap((one) => one.surplus);
  const links = compared.flatMap((one) => one.links);
  const musts = rows.filter((row) => row.must && !row.holdout);
  const families = grouped(musts, familyOf);
  return {
    pairs: musts.length,
    captures: compared.length,
    recall: share(musts),
    micro: capped(musts),
    macro: mean([...families.values()].map((list) => share(list).value)),
    families: new Map([...families].map(([family, list]) => [family, share(list)])),
    features: byFeature(musts),
    held: new Map(
      [
        ...grouped(
          rows.filter((row) => row.holdout),
          ({ family }) => family,
        ),
      ].map(([family, list]) => [family, share(list)]),
    ),
    precision: new Map(['C3', 'C4', 'C5'].map((level) => [level, precision(links, surplus, level)])),
    decoys: rows.filter((row) => !row.must).length,
    levels: levelTable(musts),
    agreement: agreements(musts),
    misses: musts.filter((row) => !row.hit),
    surplus,
  };
}

/** Rows of the grammar are told apart by what they send, families by their names. */
function familyOf(row) {
  if (row.features === undefined) return row.family;
  return `pairs: ${row.features.what.split('/')[0]}${row.features.digest === 'none' ? '' : ', digest'}`;
}

function grouped(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const list = groups.get(keyOf(row));
    if (list) list.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

function share(rows) {
  const hits = rows.filter(({ hit }) => hit).length;
  return { hits, all: rows.length, value: rows.length === 0 ? 1 : hits / rows.length, interval: wilson(hits, rows.length) };
}

/** Bulk uploads count as no more than fifty pairs a request. */
function capped(rows) {
  let [hits, all] = [0, 0];
  for (const list of grouped(rows, ({ capture, flow }) => `${capture} ${flow}`).values()) {
    const weight = Math.min(1, MOST_PAIRS / list.length);
    all += weight * list.length;
    hits += weight * list.filter(({ hit }) => hit).length;
  }
  return { hits, all, value: all === 0 ? 1 : hits / all, interval: wilson(hits, all) };
}

function byFeature(rows) {
  const features = new Map();
  for (const row of rows.filter((one) => one.features !== undefined))
    for (const [factor, level] of Object.entries(row.features)) {
      const key = `${factor} = ${level}`;
      features.set(key, [...(features.get(key) ?? []), row]);
    }
  return new Map([...features].map(([key, list]) => [key, share(list)]));
}

function precision(links, surplus, level) {
  const all = links.filter((link) => rank(link.level) >= rank(level)).length;
  const wrong = surplus.filter((link) => rank(link.level) >= rank(level)).length;
  return { hits: all - wrong, all, value: all === 0 ? 1 : (all - wrong) / all, interval: wilson(all - wrong, all) };
}

function levelTable(rows) {
  const table = new Map();
  for (const { level, got, levelIs } of rows.filter(({ hit }) => hit)) {
    const key = `${level} got ${got}${levelIs === 'right' ? '' : ` (${levelIs})`}`;
    table.set(key, (table.get(key) ?? 0) + 1);
  }
  return new Map([...table].toSorted());
}

function agreements(rows) {
  const table = new Map();
  for (const { agrees } of rows)
    for (const [fact, right] of Object.entries(agrees)) {
      const [yes, all] = table.get(fact) ?? [0, 0];
      table.set(fact, [yes + (right ? 1 : 0), all + 1]);
    }
  return table;
}

function mean(numbers) {
  return numbers.length === 0 ? 1 : numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}
