import { describe, expect, it } from 'vitest';
import type { Rule, Timeline } from '../../harness/model/finding.js';
import { permissionRequests } from '../../harness/model/timeline.js';
import { consent, gap, launched, picks, prompts, reached, reads, sends, story, unseen } from '../../reports/examples.js';
import { judge } from '../../reports/judge.js';
import { sentence } from '../../reports/words.js';
import { LAW } from '../../reports/law/law.js';
import deviceIds from '../../reports/rules/la-c01-device-id-before-consent.js';
import contacts from '../../reports/rules/la-c02-contacts-before-consent.js';
import prompted from '../../reports/rules/la-c03-permission-prompt-before-consent.js';
import thirdParty from '../../reports/rules/la-c05-third-party-before-consent.js';
import refusal from '../../reports/rules/la-c06-collection-after-refusal.js';
import withdrawal from '../../reports/rules/la-b09-collection-after-withdrawal.js';
import enumeration from '../../reports/rules/la-e01-contacts-enumeration.js';
import upload from '../../reports/rules/la-e02-contacts-upload.js';
import sharing from '../../reports/rules/la-f01-third-party-without-consent.js';

const told = (timeline: Timeline, rule: Rule): string[] =>
  judge(timeline, [rule], LAW).map((f) => (f.reason === null ? f.verdict : `${f.verdict}: ${f.reason}`));
const RISK = 'collect.risk.example';

describe('a request that goes on over an act of consent', () => {
  const channel = story(launched(0), sends(300, 'imei', RISK, { tookMs: 9000 }), consent(4000, 'agreed'));
  it.each<[string, Timeline, Rule, readonly string[]]>([
    ['accuses nobody of sending before consent', channel, thirdParty, ['undecided: clock']],
    ['nor of sending without it', channel, sharing, ['undecided: clock']],
    [
      'that ended before it does',
      story(launched(0), sends(300, 'imei', RISK, { tookMs: 90 }), consent(4000, 'agreed')),
      thirdParty,
      ['violation'],
    ],
    [
      'of withdrawal accuses nobody either',
      story(launched(0), consent(1000, 'agreed'), sends(2000, 'imei', RISK, { tookMs: 9000 }), consent(4000, 'withdrawn')),
      withdrawal,
      ['undecided: clock'],
    ],
  ])('%s', (_, timeline, rule, wanted) => {
    expect(told(timeline, rule)).toEqual(wanted);
  });
});

describe('the two contacts that the user picked', () => {
  const scenes = [launched(0), reached('form-reached'), reads(3000, 'contacts', { rows: 30, groups: 30 }), picks(4000, 2)] as const;
  it('may be sent', () => {
    expect(told(story(...scenes, sends(6000, 'contacts', 'api.loan.example', { party: 'first', groups: 2 })), upload)).toEqual(['clear']);
  });
  it('do not cover a third', () => {
    const sent = sends(6000, 'contacts', 'api.loan.example', { party: 'first', groups: 4 });
    expect(told(story(...scenes, sent), upload)).toEqual(['violation']);
  });
  it('raise the limit of what may be read', () => {
    const timeline = story(launched(0), reached('form-reached'), picks(4000, 3), reads(5000, 'contacts', { rows: 3, groups: 3 }));
    expect(told(timeline, enumeration)).toEqual(['clear']);
  });
});

describe('a refusal in no words', () => {
  it.each(['back', 'put-off'] as const)('%s: what follows is for a person to judge', (how) => {
    expect(told(story(launched(0), consent(900, 'declined', { how }), reads(2000, 'imei')), refusal)).toEqual(['undecided: implicit']);
    expect(told(story(launched(0), consent(900, 'declined', { how }), sends(2000, 'imei', RISK)), sharing)).toEqual(['violation']);
  });
  it('is none when another was said in words', () => {
    const timeline = story(launched(0), consent(900, 'declined', { how: 'back' }), consent(1500, 'declined'), reads(2000, 'imei'));
    expect(told(timeline, refusal)).toEqual(['violation']);
  });
});

it('a flow that nobody is known to have sent accuses nobody, though the app had read the value', () => {
  const owner = { uid: null, package: null, pid: null, how: 'unknown' } as const;
  expect(told(story(launched(0), reads(120, 'imei'), sends(300, 'imei', RISK, { owner })), thirdParty)).toEqual([
    'undecided: owner-unknown',
  ]);
});

describe('a moment that the driver lost sight of', () => {
  it('takes back no claim of another phase', () => {
    expect(told(story(launched(0), reads(120, 'imei'), consent(4000, 'agreed'), gap(9000, 'driver')), deviceIds)).toEqual(['violation']);
  });
  it('takes back those of its own', () => {
    expect(told(story(launched(0), reads(120, 'imei'), gap(900, 'driver'), consent(4000, 'agreed')), deviceIds)).toEqual([
      'not-tested: gap',
    ]);
  });
});

describe('what may be called clear', () => {
  const quiet = [consent(4000, 'agreed')] as const;
  it('is nothing when no hook is in', () => {
    expect(told(story(launched(0, false), ...quiet), deviceIds)).toEqual(['not-tested: unwatched']);
  });
  it('names the data that no hook watches', () => {
    const line = watching(story(launched(0), ...quiet), ['contacts', 'sms']);
    expect(told(line, deviceIds)).toEqual(['not-tested: unwatched']);
    const [finding] = judge(line, [contacts], LAW);
    expect(finding).toMatchObject({ verdict: 'clear', reason: null, facts: { reason: 'watched-in-part' } });
    expect(String(finding?.facts['data']).split(',')).toContain('location');
    expect(String(finding?.facts['data']).split(',')).not.toContain('sms');
    expect(sentence(contacts, finding?.facts ?? {}, 'zh')).toMatch(/^未发现；其中以下信息没有钩子监视.*位置/);
  });
});

const watching = (line: Timeline, data: readonly string[]): Timeline => ({
  ...line,
  head: { ...line.head, catalogue: { ...line.head.catalogue, data } },
});

describe('a prompt on the screen', () => {
  const groups = (line: Timeline): string[] => permissionRequests(line).map(({ prompt, group }) => `${group} ${prompt.act}`);
  it('stands by itself when the app asked only later', () => {
    const line = story(launched(0), prompts(200, 'SMS', 'shown', null), consent(900, 'agreed'), prompts(2000, 'SMS'));
    expect(groups(line)).toEqual(['SMS shown', 'SMS requested']);
    expect(told(line, prompted)).toEqual(['violation']);
  });
  it('is the request that brought it up, until it is answered', () => {
    const asked = [launched(0), prompts(200, 'SMS'), prompts(300, 'SMS', 'shown', null)] as const;
    expect(groups(story(...asked))).toEqual(['SMS requested']);
    expect(groups(story(...asked, prompts(400, 'SMS', 'answered', null), prompts(500, 'SMS', 'shown', null)))).toEqual([
      'SMS requested',
      'SMS shown',
    ]);
  });
});

it('a connection to an address is known by the name that it tells, in the finding as in the gap', () => {
  const line = story(
    launched(0),
    sends(300, 'imei', '203.0.113.9', { sni: RISK }),
    unseen(400, 'other.example'),
    gap(410, 'proxy', { host: 'other.example' }),
    consent(4000, 'agreed'),
  );
  const [sentTo, hidden] = judge(line, [thirdParty], LAW);
  expect(sentTo).toMatchObject({ verdict: 'violation', about: { receiver: RISK, sdk: 'example-risk' } });
  expect(hidden).toMatchObject({ verdict: 'not-tested', about: { receiver: 'other.example' } });
});
