import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datumRow } from '../../harness/model/datum.js';
import type { Event } from '../../harness/model/event.js';
import type { Claim, Rule, Timeline, Verdict } from '../../harness/model/finding.js';
import type { Stamp } from '../../harness/model/stamp.js';
import { REASON_SENTENCES, REASONS } from '../../harness/model/reasons.js';
import { judge } from '../../reports/judge.js';
import { LAW } from '../../reports/law/law.js';

const FOLDER = join(import.meta.dirname, '../../reports/rules');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
const leaves = await Promise.all(
  files.map(async (file) => {
    const module: { readonly default: Rule } = await import(join(FOLDER, file));
    return { file, rule: module.default, source: readFileSync(join(FOLDER, file), 'utf8') };
  }),
);

const SHIPPED = ['B01', 'B09', 'C01', 'C02', 'C03', 'C04', 'C05', 'C06', 'D01', 'E01', 'E02', 'E03', 'E06', 'F01', 'G01'].map(
  (n) => `LA-${n}`,
);

/** `violationBySending` → `violation`. */
function wanted(example: string): Verdict {
  const verdicts = { violation: 'violation', undecided: 'undecided', notTested: 'not-tested', clear: 'clear' } as const;
  const word = Object.keys(verdicts).find((start): start is keyof typeof verdicts => example.startsWith(start));
  if (word === undefined) throw new Error(`an example's name must begin with a verdict: ${example}`);
  return verdicts[word];
}

const slots = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? ''))].toSorted();
const gravest = (verdicts: readonly Verdict[]): Verdict | undefined =>
  (['violation', 'undecided', 'not-tested', 'clear'] as const).find((verdict) => verdicts.includes(verdict));

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

describe('the folder of rules', () => {
  it('holds every rule of the first audit', () => {
    expect(leaves.map(({ rule }) => rule.id).toSorted()).toEqual(SHIPPED);
  });

  it.each(leaves)('$file is named after its id and a noun', ({ file, rule }) => {
    expect(file.startsWith(`${rule.id.toLowerCase()}-`)).toBe(true);
  });
});

describe.each(leaves)('$rule.id', ({ rule, source }) => {
  const examples = Object.entries(rule.examples);

  it.each(examples)('gives what its example "%s" says', (name, timeline) => {
    const findings = judge(timeline, [rule], LAW);
    expect(gravest(findings.map((f) => f.verdict))).toBe(wanted(name));
    if (wanted(name) === 'clear') expect(findings).toHaveLength(1);
  });

  it('shows an example of each verdict that it can give by itself', () => {
    const shown = new Set(examples.map(([name]) => wanted(name)));
    expect(shown.has('violation') && shown.has('clear') && shown.has('undecided')).toBe(true);
  });

  it.each(examples)('fills every slot of its sentence from the facts of "%s", in both languages', (_, timeline) => {
    expect(slots(rule.text.zh)).toEqual(slots(rule.text.en));
    for (const claim of rule.judge(timeline)) {
      const own = claim.verdict === 'not-tested' ? REASON_SENTENCES[claim.reason ?? ''] : rule.text;
      const facts = Object.keys(claim.facts)
        .filter((key) => key !== 'reason')
        .toSorted();
      expect(slots(own?.zh ?? '')).toEqual(facts);
      expect(slots(own?.en ?? '')).toEqual(facts);
    }
  });

  it.each(examples)('speaks only of what is in "%s", by listed reasons and listed data', (_, timeline) => {
    const events = new Set(timeline.events.map((e) => e.id));
    const links = new Set(timeline.links.map((l) => l.id));
    for (const claim of rule.judge(timeline)) {
      expect(claim.events.every((id) => events.has(id)) && claim.links.every((id) => links.has(id))).toBe(true);
      expect(claim.reason === null).toBe(claim.verdict === 'violation');
      if (claim.reason !== null) expect(Object.keys(REASONS)).toContain(claim.reason);
      if (claim.about.datum !== '-') expect(datumRow(claim.about.datum)).not.toBeNull();
    }
  });

  it('cites provisions that exist, a primary one that may be named today, and no draft', () => {
    const { primary, printable, supporting, defence } = rule.provisions;
    for (const id of [primary, ...printable, ...supporting, ...defence]) expect(LAW.rows.has(id), id).toBe(true);
    expect(printable).toContain(primary);
    expect(LAW.citable(printable, '2026-03-02')).toEqual(printable);
    expect(LAW.printable(primary) && LAW.inForce(primary, '2026-03-02')).toBe(true);
  });

  it('has a title, a sentence and defences in both languages', () => {
    for (const words of [rule.title, rule.text, ...rule.defences]) {
      expect(words.zh).toMatch(/[\u4e00-\u9fff]/);
      expect(words.en).toMatch(/[a-z]/);
      expect(words.en).not.toMatch(/[\u4e00-\u9fff]/);
    }
    expect(rule.defences.length).toBeGreaterThan(0);
    for (const datum of rule.data) expect(datumRow(datum)).not.toBeNull();
  });

  it('never says 收集 of a read alone', () => {
    expect(rule.text.zh).not.toContain('收集');
    expect(rule.title.zh).not.toContain('收集');
  });

  it('does not change a frozen timeline and gives the same claims twice', () => {
    for (const [, timeline] of examples) {
      deepFreeze(timeline);
      expect(JSON.stringify(rule.judge(timeline))).toBe(JSON.stringify(rule.judge(timeline)));
    }
  });

  it('imports only the model and the examples, is synchronous and touches nothing outside', () => {
    const imports = [...source.matchAll(/from '([^']+)'|import\s*\(\s*'([^']+)'|import '([^']+)'|require\(/g)].map(
      (m) => m[1] ?? m[2] ?? m[3] ?? 'require',
    );
    expect(imports.filter((path) => !/^\.\.\/\.\.\/harness\/model\/[\w-]+\.js$/.test(path) && path !== '../examples.js')).toEqual([]);
    expect(source).not.toMatch(/\b(async|await|Promise|process|fetch|Date|Math\.random|console|globalThis|eval)\b/);
  });
});

const withGap = (
  timeline: Timeline,
  source: Rule['toAccuse'][number],
  scope: Extract<Event, { kind: 'gap' }>['scope'],
  at: Stamp = { ms: 90_000, slackMs: 0, clock: 'run', seq: 90_000_900 },
): Timeline => ({
  ...timeline,
  events: [...timeline.events, { kind: 'gap', id: 'e900', at, source, what: 'w', why: 'y', scope }],
});

describe('gaps', () => {
  const all = { datum: null, host: null, phase: null };
  const accused = leaves.filter(({ rule }) => rule.toAccuse.length > 0);

  it.each(accused)('$rule.id accuses nobody when the lab lost sight of what its accusation rests on', ({ rule }) => {
    for (const source of rule.toAccuse) {
      const [first] = rule.judge(rule.examples.violation).flatMap(({ events }) => events);
      const when = rule.examples.violation.events.find((e) => e.id === first)?.at;
      const findings = judge(withGap(rule.examples.violation, source, all, when), [rule], LAW);
      expect(findings.filter((f) => f.verdict === 'violation')).toEqual([]);
      expect(findings.some((f) => f.verdict === 'not-tested' && f.reason === 'gap' && f.events.includes('e900'))).toBe(true);
    }
  });

  it.each(accused)('$rule.id still accuses when the gap lies in a phase that the claim does not', ({ rule }) => {
    const findings = judge(withGap(rule.examples.violation, rule.toAccuse[0] ?? 'driver', { ...all, phase: 'before-launch' }), [rule], LAW);
    expect(gravest(findings.map((f) => f.verdict))).toBe('violation');
  });

  it.each(leaves)('$rule.id never says clear with a gap in what clearing needs, and keeps a violation that was seen', ({ rule }) => {
    for (const source of rule.toClear) {
      const early = { ms: 1, slackMs: 0, clock: 'run', seq: 1900 };
      const clear = judge(
        withGap(rule.examples.clear, source, all, rule.phases.includes('before-consent') ? early : undefined),
        [rule],
        LAW,
      );
      expect(clear.map((f) => [f.verdict, f.reason])).toEqual([['not-tested', 'gap']]);
      if (rule.toAccuse.includes(source)) continue;
      expect(judge(withGap(rule.examples.violation, source, all), [rule], LAW).some((f) => f.verdict === 'violation')).toBe(true);
    }
  });
});

describe('claims of all rules on all examples', () => {
  const every = leaves.flatMap(({ rule }) => Object.values(rule.examples));

  it('name a phase, and `-` for all that is not said', () => {
    const claims: readonly Claim[] = leaves.flatMap(({ rule }) => every.flatMap((timeline) => rule.judge(timeline)));
    expect(claims.length).toBeGreaterThan(100);
    for (const { about } of claims) expect(Object.values(about).every((part) => part.length > 0) && about.phase !== '-').toBe(true);
  });

  it('accuse of sending only from level C4 on', () => {
    for (const { rule } of leaves) {
      for (const timeline of every) {
        const weak = { ...timeline, links: timeline.links.map((link) => ({ ...link, level: 'C3' as const })) };
        expect(rule.judge(weak).filter((claim) => claim.verdict === 'violation' && claim.links.length > 0)).toEqual([]);
      }
    }
  });

  it('never rest on a placebo', () => {
    for (const { rule } of leaves) {
      for (const timeline of every) {
        const placebos = { ...timeline, links: timeline.links.map((link) => ({ ...link, value: 'p1' as const })) };
        expect(rule.judge(placebos).filter((claim) => claim.links.length > 0)).toEqual([]);
      }
    }
  });
});
