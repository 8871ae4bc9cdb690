import { describe, expect, test } from 'vitest';
import type { Consent, Event, Gap, Lifecycle, Step } from '../../harness/model/event.js';
import type { Phase } from '../../harness/model/event.js';
import type { Stamp } from '../../harness/model/stamp.js';
import type { Need } from '../../harness/model/scenario.js';
import { receiversFor } from '../../reports/receivers/receivers.js';
import { timeline, type TimelineParts } from '../../reports/timeline.js';
import { at, HEAD, PROCESS, Story } from './link/story.js';

const launched = (ms: number, what: Lifecycle['what'] = 'launched'): Event => ({
  id: 'e900',
  at: at(ms),
  kind: 'lifecycle',
  what,
  process: PROCESS,
  detail: '',
  head: null,
});
const consent = (ms: number, act: Consent['act'], more: Partial<Consent> = {}): Consent => ({
  id: `e${10_000 + ms}`,
  at: at(ms),
  kind: 'consent',
  act,
  how: act === 'shown' ? null : 'button',
  window: null,
  click: at(ms),
  notice: null,
  before: null,
  after: null,
  ...more,
});
const step = (act: string, state: Step['state'], detail = ''): Step => ({
  id: `e${Math.abs(act.length * 7919 + detail.length)}`,
  at: at(1),
  kind: 'step',
  path: '1',
  act,
  state,
  detail,
  picture: null,
});

function build(events: readonly Event[], more: Partial<TimelineParts> = {}): ReturnType<typeof timeline> {
  return timeline({
    head: HEAD,
    events,
    manifest: { seed: '', values: [], placebos: [] },
    links: [],
    gaps: [],
    interrupted: false,
    receivers: receiversFor(HEAD, new Map()),
    ...more,
  });
}

/** The phase of a read at `when` in a run with these other events. */
function phaseAt(when: number | Stamp, others: readonly Event[]): Phase | 'undecided' | undefined {
  const story = new Story();
  const stamp = typeof when === 'number' ? at(when) : when;
  const read = story.read(stamp.ms, [], { at: stamp, firstAt: stamp, lastAt: stamp });
  return build([...others, ...story.events]).phases.get(read.id);
}

const START = launched(10);
const windowed = (from: number, to: number): Partial<Consent> => ({ click: null, window: { from: at(from), to: at(to) } });

describe('phases', () => {
  test.each<readonly [string, number | Stamp, readonly Event[], Phase | 'undecided']>([
    ['before the launch', 5, [START], 'before-launch'],
    ['after the launch, no consent act at all', 50, [START], 'before-consent'],
    ['a notice that was only shown', 50, [START, consent(20, 'shown')], 'before-consent'],
    ['before the click', 99, [START, consent(100, 'agreed')], 'before-consent'],
    ['after the click', 101, [START, consent(100, 'agreed')], 'after-consent'],
    [
      'in the click’s own millisecond, one earlier by count',
      { ms: 100, slackMs: 0, clock: 'run', seq: 99 },
      [START, consent(100, 'agreed')],
      'before-consent',
    ],
    [
      'in the click’s own millisecond, one later by count',
      { ms: 100, slackMs: 0, clock: 'run', seq: 101 },
      [START, consent(100, 'agreed')],
      'after-consent',
    ],
    [
      'the click decides, not when the tap was answered',
      105,
      [START, consent(120, 'agreed', { click: at(100), window: { from: at(95), to: at(110) } })],
      'after-consent',
    ],
    ['no click seen: before the window', 94, [START, consent(120, 'agreed', windowed(95, 110))], 'before-consent'],
    ['no click seen: inside the window', 105, [START, consent(120, 'agreed', windowed(95, 110))], 'undecided'],
    ['no click seen: behind the window', 111, [START, consent(120, 'agreed', windowed(95, 110))], 'after-consent'],
    ['declined', 150, [START, consent(100, 'declined')], 'after-refusal'],
    ['declined, later agreed', 250, [START, consent(100, 'declined'), consent(200, 'agreed')], 'after-consent'],
    ['between declined and agreed', 150, [START, consent(100, 'declined'), consent(200, 'agreed')], 'after-refusal'],
    ['withdrawn', 350, [START, consent(200, 'agreed'), consent(300, 'withdrawn')], 'after-withdrawal'],
    ['withdrawn, agreed again', 450, [START, consent(200, 'agreed'), consent(300, 'withdrawn'), consent(400, 'agreed')], 'after-consent'],
    [
      'another clock, gap larger than the slacks',
      { ms: 90, slackMs: 5, clock: 'device', seq: 1 },
      [START, consent(100, 'agreed')],
      'before-consent',
    ],
    ['another clock, gap within the slacks', { ms: 97, slackMs: 5, clock: 'device', seq: 1 }, [START, consent(100, 'agreed')], 'undecided'],
    ['a read while the launch is still under way', 12, [launched(11, 'process-started'), launched(20)], 'before-consent'],
  ])('%s', (_title, when, others, expected) => {
    expect(phaseAt(when, others)).toBe(expected);
  });

  test('a counted read is dated by its first call', () => {
    const story = new Story();
    const read = story.read(150, [], { at: at(150), firstAt: at(50), lastAt: at(140), n: 40 });
    expect(build([START, consent(100, 'agreed'), ...story.events]).phases.get(read.id)).toBe('before-consent');
  });
});

test('events are in the order of their stamps, the linker’s gaps among them', () => {
  const story = new Story();
  const late = story.read(300, []);
  const early = story.flow({ ms: 100 });
  const gap: Gap = {
    id: 'e3',
    at: early.at,
    kind: 'gap',
    source: 'linker',
    what: 'request',
    why: 'w',
    scope: { datum: null, host: 'up.example', phase: null },
  };
  const line = build(story.events, { gaps: [gap] });
  expect(line.events.map((e) => e.id)).toEqual([early.id, gap.id, late.id]);
  expect(line.phases.get(gap.id)).toBe('before-consent');
});

describe('what was reached', () => {
  test.each<readonly [string, Event, Need | null]>([
    ['launch done', step('launch', 'done'), 'launched'],
    ['launch begun', step('launch', 'begun'), null],
    ['launch failed', step('launch', 'failed'), null],
    ['notice shown', consent(1, 'shown'), 'notice-shown'],
    ['agreed', consent(1, 'agreed'), 'agreed'],
    ['declined', consent(1, 'declined'), 'declined'],
    ['withdrawn', consent(1, 'withdrawn'), 'withdrawn'],
    ['form reached', step('reach', 'done', 'form-reached'), 'form-reached'],
    ['form missed', step('reach', 'failed', 'form-reached'), null],
    ['reach of something else', step('reach', 'done', 'the end'), null],
    ['background done', step('background', 'done', '60'), 'background'],
    ['background begun', step('background', 'begun', '60'), null],
  ])('%s', (_title, event, need) => {
    expect([...build([event]).reached]).toEqual(need === null ? [] : [need]);
  });
});

test('each flow has its receiver', () => {
  const story = new Story();
  const flow = story.flow({ host: 'ulogs.umeng.com' });
  const own = story.flow({ host: 'api.loan.example' });
  const { receivers } = build(story.events);
  expect(receivers.get(flow.id)).toMatchObject({ party: 'third', sdk: 'umeng', registrable: 'umeng.com' });
  expect(receivers.get(own.id)).toMatchObject({ party: 'first', sdk: null });
});
