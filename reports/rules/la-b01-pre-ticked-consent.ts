import { about, phaseOf, verdictOf } from '../../harness/model/claims.js';
import type { Claim, Rule, Timeline } from '../../harness/model/finding.js';
import type { Consent } from '../../harness/model/event.js';
import { eventsOf, touchesBefore } from '../../harness/model/timeline.js';
import { consent, launched, step, story } from '../examples.js';

// The box is judged as it was drawn first. When the scenario itself had ticked or tapped something of that name before, its state
// proves nothing; a box that only a picture shows leaves its state open.
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
    zh: '隐私提示“{title}”首次出现时，勾选框“{label}”已被默认勾选',
    en: 'when the notice "{title}" first appeared, its box "{label}" was already ticked',
  },
  defences: [
    {
      zh: '该勾选框不是对隐私政策的同意，或在提交前须再次确认',
      en: 'the box is not the consent to the policy, or a further confirmation follows',
    },
    {
      zh: '检测的是灰度、旧版或非官方渠道版本，或检测设备异常',
      en: 'the version tested was a trial, old or unofficial one, or the test device was at fault',
    },
  ],

  judge(timeline) {
    return eventsOf(timeline, 'consent').flatMap((shown): readonly Claim[] => {
      const box = shown.act === 'shown' ? (shown.notice?.box ?? null) : null;
      if (box === null || box.state === 'unticked') return [];
      const facts = { title: shown.notice?.title ?? '-', label: box.label };
      const doubts = [box.state === 'unknown' ? 'box-unknown' : null, wasTouched(timeline, shown, box.label) ? 'touched' : null];
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
    clear: story(launched(0), consent(800, 'shown', { box: 'unticked' })),
    clearWithoutABox: story(launched(0), consent(800, 'shown')),
  },
} satisfies Rule;

function wasTouched(timeline: Timeline, shown: Consent, label: string): boolean {
  return touchesBefore(timeline, shown.at).some(
    (s) => s.act === 'tick' || (s.act === 'tap' && s.detail !== '' && label.includes(s.detail)),
  );
}
