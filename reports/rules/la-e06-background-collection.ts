import { aboutRead, aboutSent, phaseOf, readAct, sentAct, verdictOf } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Claim, Rule, Timeline } from '../../harness/model/finding.js';
import { inBackground, reads, sent, type Read, type Sent } from '../../harness/model/timeline.js';
import { activity, launched, prompts, reached, reads as readsOf, sends, step, story } from '../examples.js';

// In background means: an activity was shown before, none is now, and neither a prompt of the system nor the step from one activity
// to the next explains it. Before the first activity nothing is resumed either, but the user has just started the app.
export default {
  id: 'LA-E06',
  title: { zh: '后台静默读取或发送', en: 'Silent reading or sending in background' },
  severity: 'high',
  mode: 'A',
  miitIssue: '超范围收集个人信息',
  provisions: {
    primary: 'cac-191-4-1',
    printable: ['cac-191-4-1', 'cac-191-4-4'],
    supporting: ['miit-164-1-2'],
    defence: [],
  },
  needs: ['background'],
  toAccuse: ['driver'],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: [],
  text: {
    zh: '应用在后台{act}{datum}（调用方：{caller}；接收方：{receiver}）',
    en: 'in background the app {act} {datum} (caller: {caller}; receiver: {receiver})',
  },
  defences: [DEFENCES.inUse, DEFENCES.picked, DEFENCES.version],

  judge(timeline) {
    return [
      ...reads(timeline, null).flatMap((read) => readClaim(timeline, read)),
      ...sent(timeline).flatMap((one) => sentClaim(timeline, one)),
    ];
  },

  examples: {
    violation: story(
      launched(0),
      reached('background'),
      activity(100, 'resumed'),
      step(9000, 'background'),
      activity(9100, 'paused'),
      readsOf(20_000, 'location', { foreground: false }),
    ),
    violationBySending: story(
      launched(0),
      reached('background'),
      activity(100, 'resumed'),
      activity(9100, 'paused'),
      sends(20_000, 'android-id', 'collect.risk.example'),
    ),
    undecided: story(
      launched(0),
      reached('background'),
      activity(100, 'resumed'),
      step(9000, 'background'),
      activity(9100, 'paused'),
      readsOf(20_000, 'location', { foreground: false }),
      activity(20_100, 'resumed'),
    ),
    clear: story(launched(0), reached('background'), activity(100, 'resumed'), readsOf(5000, 'location'), activity(9100, 'paused')),
    clearWhileStarting: story(launched(0), reached('background'), readsOf(50, 'imei', { foreground: false }), activity(100, 'resumed')),
    clearBehindAPrompt: story(
      launched(0),
      reached('background'),
      activity(100, 'resumed'),
      prompts(200, 'LOCATION'),
      activity(210, 'paused'),
      readsOf(9000, 'imei', { foreground: false }),
    ),
    clearBetweenActivities: story(
      launched(0),
      reached('background'),
      activity(100, 'resumed'),
      activity(900, 'paused'),
      readsOf(950, 'imei', { foreground: false }),
      activity(990, 'resumed'),
    ),
  },
} satisfies Rule;

function readClaim(timeline: Timeline, read: Read): readonly Claim[] {
  const { observation, doubt } = read;
  if (observation.foreground === true) return [];
  const away = inBackground(timeline, observation.at);
  if (away === false) return [];
  const unknown = observation.foreground === null ? 'foreground-unknown' : null;
  const about = aboutRead(timeline, read, phaseOf(timeline, observation));
  return [
    { ...verdictOf(away === null ? 'edge' : null, unknown, doubt), events: [observation.id], links: [], facts: readAct(read), about },
  ];
}

function sentClaim(timeline: Timeline, one: Sent): readonly Claim[] {
  const away = inBackground(timeline, one.flow.at);
  if (away === false) return [];
  const about = aboutSent(one, phaseOf(timeline, one.flow));
  return [
    { ...verdictOf(away === null ? 'edge' : null, one.doubt), events: [one.flow.id], links: [one.link.id], facts: sentAct(one), about },
  ];
}
