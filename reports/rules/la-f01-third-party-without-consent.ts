import { NO_CONSENT, aboutHost, notTested, phaseOf, sentTo } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { sent } from '../../harness/model/timeline.js';
import { consent, launched, reads, sends, story, unseen as unseenOf } from '../examples.js';

// Where no consent stands, nobody can have agreed to the sending. Once the user agreed, whether the receiver and the data are covered
// stands in documents that are not read yet: one open finding for each receiver, never a clear one.
export default {
  id: 'LA-F01',
  title: { zh: '未经同意向第三方/SDK提供', en: 'PI to undisclosed third party' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '违规使用个人信息',
  provisions: {
    primary: 'cac-191-5-1',
    printable: ['cac-191-5-1', 'pipl-23', 'csl-44', 'civil-1038', 'nds-22'],
    supporting: ['miit-164-1-3', 'miit-337-3', 'gbt35273-9.6n'],
    defence: ['pipl-21', 'pipl-13'],
  },
  needs: ['launched'],
  toAccuse: ['driver'],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: [],
  text: {
    zh: '未经用户同意，{datum}被提供给第三方 {receiver}（SDK：{sdk}；形式：{form}；位置：{part}）',
    en: "without the user's consent, {datum} was provided to the third party {receiver} (SDK: {sdk}; form: {form}; part: {part})",
  },
  defences: [DEFENCES.processor, DEFENCES.necessary, DEFENCES.anonymised, DEFENCES.version],

  judge(timeline) {
    const open = sentTo(timeline, { party: 'third', phases: NO_CONSENT, doubt: () => null });
    const flows = new Set(open.map((claim) => claim.events[0]));
    const agreed = sent(timeline)
      .filter(({ flow, receiver }) => receiver.party !== 'first' && !flows.has(flow.id))
      .map(({ flow, receiver }) =>
        notTested('documents', [flow.id], { topic: receiver.host }, aboutHost(receiver, phaseOf(timeline, flow))),
      );
    return [...open, ...agreed];
  },

  examples: {
    violation: story(launched(0), reads(120, 'imei'), sends(300, 'imei', 'collect.risk.example'), consent(4000, 'agreed')),
    violationAfterWithdrawal: story(
      launched(0),
      consent(1000, 'agreed'),
      consent(9000, 'withdrawn'),
      sends(9900, 'imei', 'collect.risk.example'),
    ),
    undecided: story(launched(0), sends(300, 'imei', 'x.example', { party: 'unknown' }), consent(4000, 'agreed')),
    notTested: story(launched(0), consent(4000, 'agreed'), sends(5000, 'imei', 'collect.risk.example')),
    notTestedWhereTheHostIsUnseen: story(launched(0), unseenOf(300, 'collect.risk.example'), consent(4000, 'agreed')),
    clear: story(launched(0), sends(300, 'imei', 'api.loan.example', { party: 'first' }), consent(4000, 'agreed')),
  },
} satisfies Rule;
