import { sentTo } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { consent, launched, reads, sends, story, unseen as unseenOf } from '../examples.js';

// A receiver that nobody is known to stand behind is neither the first nor a third party for sure: undecided in LA-C04 and LA-C05.
// Typing a value into the app does not agree to a third party getting it, so the origin makes no difference here.
export default {
  id: 'LA-C05',
  title: { zh: '同意前向第三方传输个人信息', en: 'PI to third party before consent' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '违规使用个人信息',
  provisions: {
    primary: 'cac-191-5-1',
    printable: ['cac-191-5-1', 'cac-191-3-1', 'pipl-23', 'csl-44'],
    supporting: ['miit-164-1-3'],
    defence: ['pipl-21'],
  },
  needs: ['launched'],
  toAccuse: ['driver'],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: ['before-consent'],
  text: {
    zh: '用户同意隐私政策前，{datum}被发送至第三方 {receiver}（SDK：{sdk}；形式：{form}；位置：{part}）',
    en: 'before the user agreed, {datum} was sent to the third party {receiver} (SDK: {sdk}; form: {form}; part: {part})',
  },
  defences: [DEFENCES.processor, DEFENCES.anonymised, DEFENCES.sdkDefault, DEFENCES.version],

  judge(timeline) {
    return sentTo(timeline, { party: 'third', phases: ['before-consent'], doubt: () => null });
  },

  examples: {
    violation: story(
      launched(0),
      reads(120, 'imei'),
      sends(300, 'imei', 'collect.risk.example', { party: 'third' }),
      consent(4000, 'agreed'),
    ),
    undecided: story(launched(0), reads(120, 'imei'), sends(300, 'imei', 'x.example', { party: 'unknown' }), consent(4000, 'agreed')),
    undecidedAcrossTheConsent: story(launched(0), sends(300, 'imei', 'collect.risk.example', { tookMs: 5000 }), consent(4000, 'agreed')),
    undecidedWithinTheTap: story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), sends(4030, 'imei', 'collect.risk.example')),
    notTested: story(launched(0), unseenOf(300, 'collect.risk.example', 'third'), consent(4000, 'agreed')),
    clear: story(
      launched(0),
      consent(4000, 'agreed'),
      reads(4100, 'imei'),
      sends(4300, 'imei', 'collect.risk.example', { party: 'third' }),
    ),
    undecidedForAWeakMatch: story(
      launched(0),
      reads(120, 'imei'),
      sends(300, 'imei', 'collect.risk.example', { party: 'third', level: 'C3' }),
      consent(4000, 'agreed'),
    ),
  },
} satisfies Rule;
