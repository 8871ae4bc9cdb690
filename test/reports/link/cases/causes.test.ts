import { describe, expect, test } from 'vitest';
import type { Consent, Event, Flow, Lifecycle } from '../../../../harness/model/event.js';
import type { Link, Rule, Timeline } from '../../../../harness/model/finding.js';
import type { Stamp } from '../../../../harness/model/stamp.js';
import { drawManifest } from '../../../../harness/values/draw.js';
import { confirm, type Side } from '../../../../reports/confirm.js';
import { aliasesOf } from '../../../../reports/receivers/aliases.js';
import { receiversFor } from '../../../../reports/receivers/receivers.js';
import deviceIdBefore from '../../../../reports/rules/la-c01-device-id-before-consent.js';
import firstPartyBefore from '../../../../reports/rules/la-c04-first-party-before-consent.js';
import thirdPartyBefore from '../../../../reports/rules/la-c05-third-party-before-consent.js';
import { timeline } from '../../../../reports/timeline.js';
import { at, HEAD, ID_CARD, IMEI, NAME_1, PACKAGE, PHONE_1, PROCESS, Story } from '../story.js';
import { json } from './encoders.js';
import { linked, VALUES } from './expect.js';

// The study puts order, owner and origin into levels ("sent, no prior read" is its C3). By design the level says only how sure it is
// that the value is in the request, and these are fields of their own: what follows is C4 all along.

const body = json({ imei: IMEI.text });
const linksOf = (story: Story): readonly Link[] => linked(story).links;

/** A run with its links on one clock. */
function timelineOf(story: Story, head = HEAD): Timeline {
  const { links, gaps } = linked(story);
  const { events, manifest, bodies } = story.parts(VALUES);
  const receivers = receiversFor(head, aliasesOf(events, bodies));
  return timeline({ head, events, manifest, links, gaps, interrupted: false, receivers });
}
/** The head of a run on a real handset: receivers of simulated apps are not known to it. */
const REAL_HEAD = { ...HEAD, handset: { ...HEAD.handset, simulated: false } };

describe('origin', () => {
  test('85 what the user typed into a form is his input, not a covert read', () => {
    const story = new Story();
    story.flow({ body: json({ idNumber: ID_CARD.text }) });
    expect(linksOf(story)).toMatchObject([
      { value: ID_CARD.id, level: 'C4', origin: 'typed', reads: [], observation: null, order: 'none' },
    ]);
  });

  test('85 a contact that the system’s picker handed over is picked', () => {
    const story = new Story();
    const picked: Lifecycle = {
      id: 'e1',
      at: at(10),
      kind: 'lifecycle',
      what: 'picked',
      process: PROCESS,
      detail: `${NAME_1.id},${PHONE_1.id}`,
      head: null,
    };
    story.events.push(picked);
    story.flow({ body: json({ n: NAME_1.text, p: PHONE_1.text }) });
    expect(linksOf(story).map(({ origin, observation }) => [origin, observation])).toEqual([
      ['picked', null],
      ['picked', null],
    ]);
  });

  test('86 sent before it was read', () => {
    const story = new Story();
    story.flow({ body, ms: 300 });
    const late = story.read(400, [IMEI.id]);
    expect(linksOf(story)).toMatchObject([{ level: 'C4', origin: 'unseen', observation: null, order: 'after', reads: [late.id] }]);
  });

  test('86 sent and never read', () => {
    const story = new Story();
    story.flow({ body, ms: 300 });
    expect(linksOf(story)).toMatchObject([{ level: 'C4', origin: 'unseen', observation: null, order: 'none', reads: [] }]);
  });
});

describe('order', () => {
  /** A read on the device's own clock. */
  const readAt = (ms: number, slackMs: number): { readonly at: Stamp; readonly firstAt: Stamp; readonly lastAt: Stamp } => {
    const stamp = { ms, slackMs, clock: 'device', seq: 1 };
    return { at: stamp, firstAt: stamp, lastAt: stamp };
  };
  test.each([
    ['read 1.5 s before by a clock that may be 2 s off', 3500, 2000, 'undecided'],
    ['read 1.5 s after by a clock that may be 2 s off', 6500, 2000, 'undecided'],
    ['read 2.5 s before by a clock that may be 2 s off', 2500, 2000, 'before'],
    ['read 2.5 s after by a clock that may be 2 s off', 7500, 2000, 'after'],
    ['read 1.5 s before by a clock that is true', 3500, 10, 'before'],
  ] as const)('87 clock skew of 2 s: %s', (_title, ms, slackMs, order) => {
    const story = new Story();
    story.read(ms, [IMEI.id], readAt(ms, slackMs));
    story.flow({ body, ms: 5000 });
    expect(linksOf(story)).toMatchObject([{ level: 'C4', order }]);
  });
});

describe('owner and reads', () => {
  test('88 read by one app, sent by another', () => {
    const story = new Story();
    const read = story.read(100, [IMEI.id]);
    story.flow({ body, package: 'com.other.app' });
    story.flow({ body, package: null });
    story.flow({ body, package: PACKAGE });
    expect(linksOf(story).map(({ owner, observation, level }) => [owner, observation, level])).toEqual([
      ['other', read.id, 'C4'],
      ['unknown', read.id, 'C4'],
      ['same', read.id, 'C4'],
    ]);
  });
  test('88 a sending of another app accuses the one under audit of nothing', () => {
    const story = new Story();
    story.read(100, [IMEI.id]);
    story.flow({ body, package: 'com.other.app', host: 'api.loan.example' });
    expect(firstPartyBefore.judge(timelineOf(story))).toEqual([]);
  });

  const UMENG = 'com.umeng.commonsdk.A.b';
  const OTHER = 'com.bun.miitmdid.A.b';
  test('89 two reads by two SDKs, one send: the latest is named, both are listed', () => {
    const story = new Story();
    const [first, second] = [story.read(100, [IMEI.id], { caller: UMENG }), story.read(200, [IMEI.id], { caller: OTHER })];
    story.flow({ body, ms: 300 });
    expect(linksOf(story)).toMatchObject([{ reads: [first.id, second.id], observation: second.id, order: 'before' }]);
  });
  test('89 two reads by two SDKs, sent to the host of the first: its own read is the nearest', () => {
    const story = new Story();
    const [first, second] = [story.read(100, [IMEI.id], { caller: UMENG }), story.read(200, [IMEI.id], { caller: OTHER })];
    story.flow({ body, ms: 300, host: 'ulogs.umeng.com' });
    expect(linksOf(story)).toMatchObject([{ reads: [first.id, second.id], observation: first.id, order: 'before' }]);
  });
  test('89 40 reads of one value, one send: one link', () => {
    const story = new Story();
    const reads = Array.from({ length: 40 }, (_, i) => story.read(100 + i, [IMEI.id]).id);
    story.flow({ body, ms: 300 });
    expect(linksOf(story)).toMatchObject([{ reads, observation: reads[39] }]);
  });
});

describe('a canary of an earlier run', () => {
  const clock = 1772416800000;
  const [earlier, now] = [drawManifest('a'.repeat(32), clock), drawManifest('b'.repeat(32), clock)];
  const stale = earlier.values.find(({ type }) => type === 'imei');

  test('90 it is not linked, and looked for by the earlier run’s values it is', () => {
    const story = new Story();
    const flow = story.flow({ body: json({ imei: stale?.text }) });
    expect(story.link(now.values, now.placebos)).toMatchObject({ links: [], placebo: { hits: 0 } });
    expect(story.link(earlier.values).links).toMatchObject([{ value: stale?.id, flow: flow.id, level: 'C4' }]);
  });

  test('90 sent in both runs, it is told as not having moved', () => {
    const story = new Story();
    story.flow({ body: json({ imei: stale?.text }) });
    const sideOf = (own: typeof now): Side => {
      const { links, gaps } = story.link(own.values, own.placebos);
      const { events, manifest } = story.parts(own.values);
      const receivers = receiversFor(HEAD, new Map());
      return {
        timeline: timeline({ head: HEAD, events, manifest, links, gaps, interrupted: false, receivers }),
        findings: [],
      };
    };
    expect(confirm(sideOf(earlier), sideOf(now), story.link(earlier.values).links)).toMatchObject({
      links: 1,
      moved: 0,
      unmoved: [{ why: 'stays' }],
    });
  });
});

describe('receivers', () => {
  const name = (text: string): Buffer =>
    Buffer.concat([...text.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.of(0)]);
  /** A DNS answer: the first name is another name for the second. */
  const cname = (from: string, to: string): Buffer =>
    Buffer.concat([
      Buffer.from('1234818000010001000000000', 'hex').subarray(0, 12),
      name(from),
      Buffer.of(0, 1, 0, 1, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, name(to).length),
      name(to),
    ]);
  const change = (story: Story, flow: Flow, more: Partial<Flow>): void => {
    story.events[story.events.indexOf(flow)] = { ...flow, ...more };
  };

  test('94 the operator’s own name that DNS leads to an SDK’s host is the SDK’s', () => {
    for (const known of [true, false]) {
      const story = new Story();
      if (known) {
        const dns = story.flow({ host: 'stat.loan.example', answer: 'x' });
        const answer = cname('stat.loan.example', 'ulogs.umeng.com');
        story.files.set('bodies/dns', answer);
        const of = {
          of: 'response',
          sha256: '',
          bytes: answer.length,
          file: 'bodies/dns',
          offset: 0,
          length: answer.length,
          state: 'whole',
        } as const;
        change(story, dns, { door: 'dns', request: null, bodies: [of] });
      }
      const flow = story.flow({ body, host: 'stat.loan.example' });
      const line = timelineOf(story, REAL_HEAD);
      expect(line.links).toMatchObject([{ value: IMEI.id, flow: flow.id, level: 'C4' }]);
      expect(line.receivers.get(flow.id)).toMatchObject(
        known ? { party: 'third', sdk: 'umeng', alias: 'ulogs.umeng.com' } : { party: 'first', sdk: null, alias: null },
      );
    }
  });

  test.each([
    ['IPv4', '203.0.113.7'],
    ['IPv6', '2001:db8::7'],
  ])('95 a connection to an %s literal is its SNI’s', (_title, host) => {
    const story = new Story();
    const flow = story.flow({ body, host });
    change(story, flow, { sni: 'ulogs.umeng.com' });
    const bare = story.flow({ body, host });
    change(story, bare, { sni: null });
    const line = timelineOf(story, REAL_HEAD);
    expect(line.links).toHaveLength(2);
    expect(line.receivers.get(flow.id)).toMatchObject({ host: 'ulogs.umeng.com', party: 'third', sdk: 'umeng' });
    expect(line.receivers.get(bare.id)).toMatchObject({ host, party: 'unknown', sdk: null });
  });
});

describe('consent', () => {
  const launched: Lifecycle = { id: 'e900', at: at(10), kind: 'lifecycle', what: 'launched', process: PROCESS, detail: '', head: null };
  const agreed = (ms: number): Consent => ({
    id: 'e901',
    at: at(ms),
    kind: 'consent',
    act: 'agreed',
    how: 'button',
    window: null,
    click: at(ms),
    notice: null,
    before: null,
    after: null,
  });
  /** A run in which the IMEI is read and sent, and the user agrees at a moment. */
  const runOf = (consentMs: number, host: string): Timeline => {
    const story = new Story();
    const others: readonly Event[] = [launched, agreed(consentMs)];
    story.read(1000, [IMEI.id], { datum: 'imei', caller: 'com.example.loan.Start.b' });
    story.flow({ body, ms: 1100, host });
    story.events.push(...others);
    return timelineOf(story, REAL_HEAD);
  };

  test.each<readonly [string, string, Rule]>([
    ['to the operator', 'api.loan.example', firstPartyBefore],
    ['to an SDK', 'ulogs.umeng.com', thirdPartyBefore],
    ['read', 'api.loan.example', deviceIdBefore],
  ])('96 %s: linked after consent too, and a violation before it alone', (_title, host, rule) => {
    const after = runOf(500, host);
    expect(after.links).toMatchObject([{ value: IMEI.id, level: 'C4', origin: 'read', order: 'before' }]);
    expect(after.phases.get(after.links[0]?.flow ?? '')).toBe('after-consent');
    expect(rule.judge(after)).toEqual([]);
    const before = runOf(5000, host);
    expect(before.phases.get(before.links[0]?.flow ?? '')).toBe('before-consent');
    expect(rule.judge(before)).toMatchObject([{ verdict: 'violation' }]);
  });
});
