import { hostUnseen, sentFacts, sentIn, typedDoubt } from '../../harness/model/claims.js';
import type { Rule } from '../../harness/model/finding.js';
import { sent, unseenFlows } from '../../harness/model/timeline.js';
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
  defences: [
    {
      zh: '处理属于订立、履行合同或履行法定义务所必需（个人信息保护法第十三条第二、三项）',
      en: 'the processing is necessary for a contract or a legal duty (PIPL art. 13 (2), (3))',
    },
    {
      zh: '发送的是匿名化后无法识别且不能复原的信息（仅做摘要或编码不属于此）',
      en: 'what was sent is anonymised beyond recovery (a mere digest or coding is not)',
    },
    {
      zh: '检测的是灰度、旧版或非官方渠道版本，或检测设备异常',
      en: 'the version tested was a trial, old or unofficial one, or the test device was at fault',
    },
  ],

  judge(timeline) {
    const claims = sent(timeline)
      .filter((one) => one.receiver.party !== 'third')
      .flatMap((one) => {
        const unknown = one.receiver.party === 'unknown' ? 'receiver-unknown' : null;
        return sentIn(timeline, one, ['before-consent'], { facts: sentFacts(one), doubts: [unknown, typedDoubt(one)] });
      });
    const unseen = unseenFlows(timeline).filter(({ receiver }) => receiver.party !== 'third');
    return [...claims, ...unseen.flatMap(({ flow }) => hostUnseen(timeline, flow, ['before-consent']))];
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
    clearForAWeakMatch: story(
      launched(0),
      reads(120, 'imei'),
      sends(300, 'imei', 'api.loan.example', { party: 'first', level: 'C3' }),
      consent(4000, 'agreed'),
    ),
  },
} satisfies Rule;
