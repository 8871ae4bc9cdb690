import { hostUnseen, sdkFact, sentFacts, sentIn } from '../../harness/model/claims.js';
import type { Rule } from '../../harness/model/finding.js';
import { sent, unseenFlows } from '../../harness/model/timeline.js';
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
  defences: [
    {
      zh: '接收方是受托处理者，不构成“提供”（个人信息保护法第二十一条）',
      en: 'the receiver is an entrusted processor, so nothing was provided to another (PIPL art. 21)',
    },
    {
      zh: '发送的是匿名化后无法识别且不能复原的信息（仅做摘要或编码不属于此）',
      en: 'what was sent is anonymised beyond recovery (a mere digest or coding is not)',
    },
    {
      zh: '由第三方 SDK 的默认设置引起（运营者仍负责披露与管理）',
      en: 'it comes from an SDK default (the operator still answers for disclosure and control)',
    },
    {
      zh: '检测的是灰度、旧版或非官方渠道版本，或检测设备异常',
      en: 'the version tested was a trial, old or unofficial one, or the test device was at fault',
    },
  ],

  judge(timeline) {
    const claims = sent(timeline)
      .filter((one) => one.receiver.party !== 'first')
      .flatMap((one) => {
        const unknown = one.receiver.party === 'unknown' ? 'receiver-unknown' : null;
        return sentIn(timeline, one, ['before-consent'], { facts: { ...sentFacts(one), ...sdkFact(one) }, doubts: [unknown] });
      });
    const unseen = unseenFlows(timeline).filter(({ receiver }) => receiver.party !== 'first');
    return [...claims, ...unseen.flatMap(({ flow }) => hostUnseen(timeline, flow, ['before-consent']))];
  },

  examples: {
    violation: story(
      launched(0),
      reads(120, 'imei'),
      sends(300, 'imei', 'collect.risk.example', { party: 'third' }),
      consent(4000, 'agreed'),
    ),
    undecided: story(launched(0), reads(120, 'imei'), sends(300, 'imei', 'x.example', { party: 'unknown' }), consent(4000, 'agreed')),
    undecidedWithinTheTap: story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), sends(4030, 'imei', 'collect.risk.example')),
    notTested: story(launched(0), unseenOf(300, 'collect.risk.example', 'third'), consent(4000, 'agreed')),
    clear: story(
      launched(0),
      consent(4000, 'agreed'),
      reads(4100, 'imei'),
      sends(4300, 'imei', 'collect.risk.example', { party: 'third' }),
    ),
    clearForAWeakMatch: story(
      launched(0),
      reads(120, 'imei'),
      sends(300, 'imei', 'collect.risk.example', { party: 'third', level: 'C3' }),
      consent(4000, 'agreed'),
    ),
  },
} satisfies Rule;
