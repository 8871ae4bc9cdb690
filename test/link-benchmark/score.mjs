#!/usr/bin/env node
// node score.mjs FOLDER [--list] [--json] [--dist DIR] [--misses FILE]
// Scores the linker on captures as generate.py writes them. Exit 1: recall below 0.995, or a false link at C4 or above, or a placebo hit.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BUILT, captures, linked, program } from './linked.mjs';
import { missesPage } from './misses.mjs';
import { compare, figures } from './scoring.mjs';

const LEAST_RECALL = 0.995;

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' }, json: { type: 'boolean' }, dist: { type: 'string' }, misses: { type: 'string' } },
});
const built = await program(asked.dist ?? BUILT);
const compared = [];
const cost = { importMs: 0, linkMs: 0, placeboHits: 0, placebos: 0, gaps: 0 };
for (const folder of positionals)
  for (const capture of captures(folder)) {
    const got = await linked(built, capture.dir);
    const { placebo, gaps, importMs, linkMs } = got;
    compared.push(compare(capture, got));
    cost.importMs += importMs;
    cost.linkMs += linkMs;
    cost.placeboHits += placebo.hits;
    cost.placebos += placebo.drawn;
    cost.gaps += gaps.length;
  }
const score = figures(compared);
if (asked.json) console.log(JSON.stringify(plain(score)));
else print(score);
if (asked.misses) writeFileSync(asked.misses, missesPage(score));
const failed = score.recall.value < LEAST_RECALL || score.precision.get('C4').value < 1 || cost.placeboHits > 0;
process.exitCode = failed ? 1 : 0;

function plain({ recall, micro, macro, precision, held, misses, surplus, pairs }) {
  const line = ({ capture, flow, value, type, family, features, got, level }) => ({
    capture,
    flow,
    value,
    type,
    family,
    features,
    got,
    level,
  });
  return {
    pairs,
    recall,
    micro,
    macro,
    precision: Object.fromEntries(precision),
    held: Object.fromEntries(held),
    placeboHits: cost.placeboHits,
    misses: misses.map(line),
    false: surplus.map(line),
  };
}

function percent({ hits, all, value, interval: [low, high] }) {
  return `${value.toFixed(4)} (${Number(hits.toFixed(1))} of ${Number(all.toFixed(1))}; 95% ${low.toFixed(4)} to ${high.toFixed(4)})`;
}

function print(all) {
  console.log(`${all.captures} captures, ${all.pairs} pairs to find, ${all.decoys} decoys, ${cost.placebos} placebos`);
  console.log(`import ${(cost.importMs / 1000).toFixed(1)} s, link ${(cost.linkMs / 1000).toFixed(1)} s, ${cost.gaps} gaps of the linker`);
  console.log(`recall            ${percent(all.recall)}`);
  console.log(`  uploads capped  ${percent(all.micro)}`);
  console.log(`  mean of families ${all.macro.toFixed(4)}`);
  for (const [level, found] of all.precision) console.log(`precision ${level}+    ${percent(found)}`);
  console.log(`placebo hits      ${cost.placeboHits}`);
  console.log(`levels (expected, got): ${[...all.levels].map(([key, count]) => `${key}: ${count}`).join('; ')}`);
  console.log(`agreement: ${[...all.agreement].map(([fact, [yes, of]]) => `${fact} ${yes}/${of}`).join(', ')}`);
  console.log('\nfamilies below 1:');
  for (const [family, found] of all.families) if (found.value < 1) console.log(`  ${percent(found)}  ${family}`);
  console.log('\nfactors of the grammar below 1:');
  const factors = [...all.features].filter(([, found]) => found.value < 1).toSorted(([, a], [, b]) => a.value - b.value);
  for (const [factor, found] of factors) console.log(`  ${percent(found)}  ${factor}`);
  console.log('\nnot expected yet (held out):');
  for (const [family, found] of all.held) console.log(`  ${percent(found)}  ${family}`);
  if (asked.list) list(all);
}

function list({ misses, surplus }) {
  console.log('\nmissed:');
  for (const row of misses)
    console.log(`  ${where(row)} wanted ${row.level}, got ${row.got ?? 'nothing'}; chain ${(row.chain ?? []).join('>')}`);
  console.log('\nfalse:');
  for (const row of surplus)
    console.log(`  ${where(row)} ${row.level} by ${row.link.chain.map(({ op }) => op).join('>')}; form ${row.link.certificate.form}`);
}

function where({ capture, flow, type, value, family, features }) {
  return `${capture} ${flow} ${type} ${value} [${family}] ${features ? JSON.stringify(features) : ''}`;
}
