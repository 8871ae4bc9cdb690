import { describe, expect, it } from 'vitest';
import type { Claim, Finding, Rule, Timeline } from '../../harness/model/finding.js';
import { consent, gap, interrupted, launched, prompts, reached, reads, sends, story, unseen } from '../../reports/examples.js';
import { exitOf, fingerprintOf, judge } from '../../reports/judge.js';
import { LAW } from '../../reports/law/law.js';
import deviceIds from '../../reports/rules/la-c01-device-id-before-consent.js';
import contacts from '../../reports/rules/la-c02-contacts-before-consent.js';
import firstParty from '../../reports/rules/la-c04-first-party-before-consent.js';
import thirdParty from '../../reports/rules/la-c05-third-party-before-consent.js';
import refusal from '../../reports/rules/la-c06-collection-after-refusal.js';
import permissions from '../../reports/rules/la-d01-permission-unrelated-to-lending.js';
import enumeration from '../../reports/rules/la-e01-contacts-enumeration.js';
import sharing from '../../reports/rules/la-f01-third-party-without-consent.js';

const RULES: readonly Rule[] = [deviceIds, contacts, firstParty, thirdParty, refusal, permissions, enumeration, sharing];
const verdicts = (timeline: Timeline, ...rules: readonly Rule[]): (readonly [string, string | null])[] =>
  judge(timeline, rules, LAW).map((f) => [f.verdict, f.reason]);
const aiming = (timeline: Timeline, aims: Timeline['head']['scenario']['aims']): Timeline => ({
  ...timeline,
  head: { ...timeline.head, scenario: { ...timeline.head.scenario, aims } },
});
const began = (timeline: Timeline, day: string): Timeline => ({ ...timeline, head: { ...timeline.head, began: `${day}T10:00:00+08:00` } });

const eager = story(
  launched(0),
  reads(120, 'imei'),
  reads(130, 'imei'),
  reads(140, 'contacts', { rows: 30, groups: 30 }),
  sends(300, 'imei', 'collect.risk.example'),
  consent(4000, 'agreed'),
);
const agreed = [launched(0), consent(1000, 'agreed')] as const;

describe('a rule without a claim', () => {
  const quiet = story(...agreed);
  it.each<[string, Timeline, Rule, readonly [string, string | null]]>([
    ['is clear when all that it needs was reached and seen', quiet, deviceIds, ['clear', null]],
    ['is not tested when the scenario never aims at it', quiet, refusal, ['not-tested', 'scenario']],
    [
      'is not tested when the scenario aimed at it and missed',
      aiming(quiet, ['launched', 'agreed', 'form-reached']),
      enumeration,
      ['not-tested', 'missed'],
    ],
    ['is not tested when the run was cut short', story(...agreed, interrupted()), deviceIds, ['not-tested', 'interrupted']],
    ['is not tested when clearing it needs what was not seen', story(...agreed, gap(1100, 'hooks')), deviceIds, ['not-tested', 'gap']],
    [
      'is not tested when a hook of its own datum is missing',
      story(...agreed, gap(1100, 'hooks', { datum: 'imei' })),
      deviceIds,
      ['not-tested', 'gap'],
    ],
    [
      'is clear when a hook of another datum is missing',
      story(...agreed, gap(1100, 'hooks', { datum: 'contacts' })),
      deviceIds,
      ['clear', null],
    ],
    [
      'is clear when the gap lies in another phase',
      story(...agreed, gap(1100, 'hooks', { phase: 'after-consent' })),
      deviceIds,
      ['clear', null],
    ],
    ['is clear when a gap comes from what it does not look at', story(...agreed, gap(1100, 'proxy')), deviceIds, ['clear', null]],
    [
      'is clear when a host went unseen only after the phase that it speaks of',
      story(...agreed, unseen(2000, 'x.example'), gap(2010, 'proxy', { host: 'x.example' })),
      thirdParty,
      ['clear', null],
    ],
    [
      'is not tested when that host was spoken to in the phase as well',
      story(launched(0), unseen(500, 'x.example', 'first'), consent(1000, 'agreed'), gap(2010, 'proxy', { host: 'x.example' })),
      thirdParty,
      ['not-tested', 'gap'],
    ],
  ])('%s', (_, timeline, rule, wanted) => {
    expect(verdicts(timeline, rule)).toEqual([wanted]);
  });
});

describe('a rule with a claim', () => {
  it('becomes one finding for each fingerprint, with all events and their number', () => {
    const [finding, ...others] = judge(eager, [deviceIds], LAW);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      verdict: 'violation',
      count: 2,
      events: ['e4', 'e8', 'e5'],
      about: { datum: 'imei', phase: 'before-consent' },
      facts: { datum: 'imei', act: 'read' },
    });
  });

  it('keeps the gravest verdict of those that share a fingerprint', () => {
    const tried = reads(100, 'imei', { threw: 'java.lang.SecurityException' });
    for (const scenes of [
      [tried, reads(120, 'imei')],
      [reads(120, 'imei'), tried],
    ]) {
      expect(judge(story(launched(0), ...scenes, consent(4000, 'agreed')), [deviceIds], LAW)).toMatchObject([
        { verdict: 'violation', count: 1, facts: { act: 'read' } },
      ]);
    }
  });

  it('stands when the run was interrupted after it', () => {
    expect(verdicts(story(launched(0), reads(120, 'imei'), interrupted()), deviceIds)).toEqual([['violation', null]]);
  });

  it('stands beside a gap that only keeps the rule from saying clear', () => {
    expect(verdicts(story(launched(0), reads(120, 'imei'), gap(130, 'hooks')), deviceIds)).toEqual([['violation', null]]);
  });

  it('is withdrawn for the phase in which the driver lost sight, and for that alone', () => {
    const scenes = [launched(0), prompts(100, 'SMS'), consent(1000, 'declined'), prompts(2000, 'SMS')] as const;
    const findings = judge(story(...scenes, gap(2100, 'driver', { phase: 'after-refusal' })), [permissions], LAW);
    expect(findings.map((f) => [f.about.phase, f.verdict, f.reason])).toEqual([
      ['before-consent', 'violation', null],
      ['after-refusal', 'not-tested', 'gap'],
    ]);
    expect(findings[1]?.events.at(-1)).toBe('e7');
  });

  it('is not withdrawn for a gap about another host', () => {
    const timeline = story(launched(0), sends(300, 'imei', 'collect.risk.example'), gap(310, 'driver', { host: 'other.example' }));
    expect(verdicts(timeline, thirdParty)).toEqual([['violation', null]]);
  });

  it('does not hide what it leaves open: documents to be read and a gap are both told', () => {
    const timeline = story(...agreed, sends(2000, 'imei', 'collect.risk.example'), gap(2100, 'linker'));
    expect(verdicts(timeline, sharing)).toEqual([
      ['not-tested', 'documents'],
      ['not-tested', 'gap'],
    ]);
  });

  it('says nothing of clear beside documents to be read', () => {
    expect(verdicts(story(...agreed, sends(2000, 'imei', 'collect.risk.example')), sharing)).toEqual([['not-tested', 'documents']]);
  });
});

describe('law', () => {
  it('gives a finding the provisions that held on the day, the primary one first', () => {
    expect(judge(began(eager, '2026-03-02'), [deviceIds], LAW)[0]?.provisions).toEqual(['cac-191-3-1', 'pipl-13', 'csl-43', 'miit-24-9']);
    expect(judge(began(eager, '2025-03-02'), [deviceIds], LAW)[0]?.provisions).toEqual([
      'cac-191-3-1',
      'pipl-13',
      'csl2016-41',
      'miit-24-9',
    ]);
    expect(judge(began(eager, '2020-03-02'), [deviceIds], LAW)[0]?.provisions).toEqual(['cac-191-3-1', 'csl2016-41', 'miit-24-9']);
  });

  it('accuses nobody for a day on which no provision can be named', () => {
    expect(judge(began(eager, '2010-03-02'), [deviceIds], LAW)).toMatchObject([
      { verdict: 'not-tested', reason: 'no-law', provisions: [] },
    ]);
  });
});

describe('exit code', () => {
  it.each<[string, readonly Partial<Finding>[], number]>([
    ['nothing', [], 0],
    ['all clear', [{ verdict: 'clear', reason: null }], 0],
    [
      'a violation beside what was not tested',
      [
        { verdict: 'not-tested', reason: 'gap' },
        { verdict: 'violation', reason: null },
      ],
      1,
    ],
    ['undecided', [{ verdict: 'undecided', reason: 'clock' }], 4],
    ['a gap', [{ verdict: 'not-tested', reason: 'gap' }], 4],
    ['a host unseen', [{ verdict: 'not-tested', reason: 'host-unseen' }], 4],
    ['missed', [{ verdict: 'not-tested', reason: 'missed' }], 4],
    ['interrupted', [{ verdict: 'not-tested', reason: 'interrupted' }], 4],
    ['no law', [{ verdict: 'not-tested', reason: 'no-law' }], 4],
    [
      'outside the scenario',
      [
        { verdict: 'not-tested', reason: 'scenario' },
        { verdict: 'clear', reason: null },
      ],
      0,
    ],
    [
      'documents not read',
      [
        { verdict: 'not-tested', reason: 'documents' },
        { verdict: 'clear', reason: null },
      ],
      0,
    ],
  ])('%s', (_, findings, code) => {
    expect(exitOf(findings as readonly Finding[])).toBe(code);
  });
});

describe('judging', () => {
  it('gives the same bytes twice and leaves its input as it was', () => {
    const before = JSON.stringify(eager.events) + JSON.stringify(eager.links);
    const once = JSON.stringify(judge(eager, RULES, LAW));
    expect(JSON.stringify(judge(structuredCloneOf(eager), RULES, LAW))).toBe(once);
    expect(JSON.stringify(eager.events) + JSON.stringify(eager.links)).toBe(before);
  });

  it('gives every rule at least one finding and every finding its own fingerprint', () => {
    const findings = judge(eager, RULES, LAW);
    expect(new Set(findings.map((f) => f.rule)).size).toBe(RULES.length);
    expect(new Set(findings.map((f) => f.fingerprint)).size).toBe(findings.length);
    for (const f of findings) expect(f.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('tells fingerprints apart by each of their parts, and by nothing else', () => {
    const parts: Claim['about'] = { datum: 'imei', family: 'imei', phase: 'before-consent', receiver: '-', sdk: '-' };
    const others = [
      ...(Object.keys(parts) as (keyof typeof parts)[]).map((part) => fingerprintOf('LA-C01', { ...parts, [part]: 'x' })),
      fingerprintOf('LA-C02', parts),
    ];
    expect(new Set([fingerprintOf('LA-C01', parts), ...others]).size).toBe(7);
    expect(fingerprintOf('LA-C01', { sdk: '-', receiver: '-', phase: 'before-consent', family: 'imei', datum: 'imei' })).toBe(
      fingerprintOf('LA-C01', parts),
    );
  });

  it('of an honest app ends with 0, of one that speaks to an unseen host with 4, of an eager one with 1', () => {
    const honest = story(
      launched(0),
      consent(500, 'shown', { box: 'unticked' }),
      consent(1000, 'agreed'),
      reads(1500, 'imei'),
      prompts(1600, 'LOCATION'),
      sends(2000, 'imei', 'collect.risk.example'),
      reached('form-reached'),
    );
    const proud = story(launched(0), unseen(300, 'collect.risk.example'), consent(1000, 'agreed'), reached('form-reached'));
    expect([honest, proud, eager].map((timeline) => exitOf(judge(timeline, RULES, LAW)))).toEqual([0, 4, 1]);
    expect(judge(proud, [thirdParty, sharing], LAW).map((f) => [f.verdict, f.reason, f.about.receiver])).toEqual([
      ['not-tested', 'host-unseen', 'collect.risk.example'],
      ['not-tested', 'host-unseen', 'collect.risk.example'],
    ]);
  });
});

function structuredCloneOf({ sdkOf, ...timeline }: Timeline): Timeline {
  return { ...structuredClone(timeline), sdkOf };
}
