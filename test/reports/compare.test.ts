import { describe, expect, it } from 'vitest';
import type { Report, Rule, Timeline } from '../../harness/model/finding.js';
import { compare } from '../../reports/compare.js';
import { consent, gap, interrupted, launched, reads, sends, story, unseen } from '../../reports/examples.js';
import { judge } from '../../reports/judge.js';
import { LAW } from '../../reports/law/law.js';
import { buildReport } from '../../reports/report.js';
import deviceIds from '../../reports/rules/la-c01-device-id-before-consent.js';
import thirdParty from '../../reports/rules/la-c05-third-party-before-consent.js';

const RULES: readonly Rule[] = [deviceIds, thirdParty];
const reportOf = (timeline: Timeline, rules = RULES): Report =>
  buildReport({
    timeline,
    findings: judge(timeline, rules, LAW),
    placebo: { drawn: 0, hits: 0, bytesSearched: 0, byType: [] },
    headSha256: '',
  });
const agrees = consent(4000, 'agreed');
const changes = (older: Report, newer: Report): (readonly [string, string, string | null])[] =>
  compare(older, newer).map(({ change, finding, why }) => [finding.about.datum, change, why]);

const imei = reportOf(story(launched(0), reads(120, 'imei'), agrees));
const none = reportOf(story(launched(0), agrees));

describe('a violation', () => {
  it('that is in both reports is still there, at whatever time it was seen', () => {
    expect(changes(imei, reportOf(story(launched(0), reads(700, 'imei'), agrees)))).toEqual([['imei', 'still', null]]);
  });
  it('that is only in the newer one is new', () => {
    expect(changes(none, imei)).toEqual([['imei', 'new', null]]);
  });
  it('is new even when its rule could not be tested before', () => {
    expect(changes(reportOf(story(launched(0), agrees, gap(5000, 'hooks'))), imei)).toEqual([['imei', 'new', null]]);
  });
  it('that is gone while its rule was judged whole is fixed', () => {
    expect(changes(imei, none)).toEqual([['imei', 'fixed', null]]);
  });
  it('that is gone beside another violation of its rule is fixed', () => {
    const oaid = reportOf(story(launched(0), reads(120, 'oaid'), agrees));
    expect(changes(imei, oaid)).toEqual([
      ['oaid', 'new', null],
      ['imei', 'fixed', null],
    ]);
  });
});

describe('a violation that is gone is not called fixed when', () => {
  it.each<[string, Report, string]>([
    ['a hook was missing', reportOf(story(launched(0), agrees, gap(5000, 'hooks'))), 'gap'],
    ['the run was cut short', reportOf(story(launched(0), interrupted())), 'interrupted'],
    ['the clocks could not tell', reportOf(story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), reads(4030, 'imei'))), 'clock'],
    ['the rule was left out', reportOf(story(launched(0), agrees), [thirdParty]), 'rule'],
  ])('%s', (_, newer, why) => {
    expect(changes(imei, newer)).toEqual([['imei', 'incomparable', why]]);
  });

  it('its receiver went unseen, while that of another one did not', () => {
    const both = reportOf(story(launched(0), sends(300, 'imei', 'a.example'), sends(310, 'imei', 'b.example'), agrees));
    const newer = reportOf(story(launched(0), unseen(300, 'a.example'), agrees));
    expect(compare(both, newer).map(({ change, finding }) => [finding.about.receiver, change])).toEqual([
      ['a.example', 'incomparable'],
      ['b.example', 'fixed'],
    ]);
  });
});

describe('two reports cannot be compared at all when they are of', () => {
  it.each<[string, Report, string]>([
    ['another app', { ...imei, app: { ...imei.app, package: 'com.example.other' } }, 'app'],
    ['another scenario', { ...imei, scenario: { ...imei.scenario, id: 'other' } }, 'scenario'],
    ['another kind of handset', { ...imei, handset: { ...imei.handset, kind: 'android' } }, 'handset'],
  ])('%s', (_, newer, why) => {
    expect(changes(imei, newer)).toEqual([['imei', 'incomparable', why]]);
    expect(changes(imei, { ...newer, findings: none.findings })).toEqual([['imei', 'incomparable', why]]);
  });
});
