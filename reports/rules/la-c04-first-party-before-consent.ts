import { sentTo, typedDoubt } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { consent, launched, reads, sends, story, unseen as unseenOf } from '../examples.js';

// A receiver that nobody is known to stand behind is neither the first nor a third party for sure: undecided in LA-C04 and LA-C05.
// What the user typed or picked himself and the operator received may be what he asked for: undecided, a person looks.
export default {
  id: 'LA-C04',
  title: { zh: '同意前向己方服务器传输个人信息', en: 'PI to first party before consent' },
  severity: 'high',
  mode: 'A',
  miitIssue: '违规收集个人信息',
  provisions: {
    primary: 'cac-191-3-1',
    printable: ['cac-191-3-1', 'pipl-13', 'csl-43'],
    supporting: [],
    defence: ['pipl-13'],
  },
  needs: ['launched'],
  toAccuse: ['driver'],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: ['before-consent'],
  text: {
    zh: '用户同意隐私政策前，{datum}被发送至应用自己的服务器 {receiver}（形式：{form}；位置：{part}）',
    en: "before the user agreed, {datum} was sent to the app's own server {receiver} (form: {form}; part: {part})",
  },
  defences: [DEFENCES.necessary, DEFENCES.anonymised, DEFENCES.version],

  judge(timeline) {
    return sentTo(timeline, { party: 'first', phases: ['before-consent'], doubt: typedDoubt });
  },

  examples: {
    violation: story(launched(0), reads(120, 'imei'), sends(300, 'imei', 'api.loan.example', { party: 'first' }), consent(4000, 'agreed')),
    undecided: story(launched(0), reads(120, 'imei'), sends(300, 'imei', 'x.example', { party: 'unknown' }), consent(4000, 'agreed')),
    undecidedAsTyped: story(
      launched(0),
      sends(300, 'typed-phone', 'api.loan.example', { party: 'first', origin: 'typed' }),
      consent(4000, 'agreed'),
    ),
    notTested: story(launched(0), unseenOf(300, 'api.loan.example', 'first'), consent(4000, 'agreed')),
    clear: story(launched(0), consent(4000, 'agreed'), reads(4100, 'imei'), sends(4300, 'imei', 'api.loan.example', { party: 'first' })),
    undecidedForAWeakMatch: story(
      launched(0),
      reads(120, 'imei'),
      sends(300, 'imei', 'api.loan.example', { party: 'first', level: 'C3' }),
      consent(4000, 'agreed'),
    ),
  },
} satisfies Rule;
