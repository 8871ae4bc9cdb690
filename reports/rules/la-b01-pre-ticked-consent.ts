import { about, phaseOf, verdictOf } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Claim, Rule, Timeline } from '../../harness/model/finding.js';
import type { Consent } from '../../harness/model/event.js';
import { order } from '../../harness/model/stamp.js';
import { eventsOf, orderToConsent, touchesBefore } from '../../harness/model/timeline.js';
import { consent, launched, step, story } from '../examples.js';

// The box is judged as it was drawn first. When the scenario itself had ticked or tapped something of that name before, its state
// proves nothing, nor when the user had agreed before: a form may well remember that. A box that only a picture shows leaves its state open.
export default {
  id: 'LA-B01',
  title: { zh: '默认勾选同意', en: 'Pre-ticked consent' },
  severity: 'high',
  mode: 'A',
  miitIssue: '隐私政策默认同意',
  provisions: {
    primary: 'cac-191-3-4',
    printable: ['cac-191-3-4', 'miit-26-1-9', 'pipl-14'],
    supporting: ['cbirc-9-44', 'jrt0171-6.1'],
    defence: [],
  },
  needs: ['notice-shown'],
  toAccuse: ['driver'],
  toClear: ['driver', 'handset', 'store', 'run'],
  data: [],
  phases: [],
  text: {
    zh: '页面“{title}”首次出现时，勾选框“{label}”{box}',
    en: 'when the page "{title}" first appeared, the state of its box "{label}" was: {box}',
  },
  defences: [DEFENCES.otherBox, DEFENCES.version],

  judge(timeline) {
    return eventsOf(timeline, 'consent').flatMap((shown): readonly Claim[] => {
      const box = shown.act === 'shown' ? (shown.notice?.box ?? null) : null;
      if (box === null || box.state === 'unticked' || wasUnticked(timeline, shown, box.label)) return [];
      const facts = { title: shown.notice?.title || '-', label: box.label, box: box.state };
      const doubts = [
        box.state === 'unknown' ? 'box-unknown' : null,
        wasTouched(timeline, shown, box.label) ? 'touched' : null,
        wasAgreed(timeline, shown) ? 'agreed-before' : null,
      ];
      return [
        {
          ...verdictOf(...doubts),
          events: [shown.id],
          links: [],
          facts,
          about: about({ family: 'notice', phase: phaseOf(timeline, shown) }),
        },
      ];
    });
  },

  examples: {
    violation: story(launched(0), consent(800, 'shown', { box: 'ticked' })),
    undecided: story(launched(0), consent(800, 'shown', { box: 'unknown' })),
    undecidedOnceTouched: story(launched(0), step(500, 'tick', 'begun', '我已阅读'), consent(800, 'shown', { box: 'ticked' })),
    undecidedOnceAgreed: story(launched(0), consent(500, 'agreed'), consent(800, 'shown', { box: 'ticked' })),
    violationAfterARefusal: story(launched(0), consent(500, 'declined'), consent(800, 'shown', { box: 'ticked' })),
    clear: story(launched(0), consent(800, 'shown', { box: 'unticked' })),
    clearOnceSeenUnticked: story(launched(0), consent(800, 'shown', { box: 'unticked' }), consent(900, 'shown', { box: 'unknown' })),
    clearWithoutABox: story(launched(0), consent(800, 'shown')),
  },
} satisfies Rule;

function wasTouched(timeline: Timeline, shown: Consent, label: string): boolean {
  return touchesBefore(timeline, shown.at).some(
    (s) => s.act === 'tick' || (s.act === 'tap' && s.detail !== '' && label.includes(s.detail)),
  );
}

function wasAgreed(timeline: Timeline, shown: Consent): boolean {
  return eventsOf(timeline, 'consent').some((act) => act.act === 'agreed' && orderToConsent(shown.at, act) !== 'before');
}

// Seen unticked once, it was not preset; what it says after the user's own touch is the user's doing.
function wasUnticked(timeline: Timeline, shown: Consent, label: string): boolean {
  return eventsOf(timeline, 'consent').some(
    (act) =>
      act.act === 'shown' &&
      act.notice?.box?.label === label &&
      act.notice.box.state === 'unticked' &&
      order(act.at, shown.at) === 'before',
  );
}
