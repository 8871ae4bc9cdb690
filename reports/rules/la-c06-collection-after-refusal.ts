import { actsIn, askedIn, typedDoubt } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { activity, consent, launched, prompts, reads, sends, story, unseen } from '../examples.js';

// What was read, asked for or sent after a refusal that no agreement followed (an agreement opens another phase). What the user
// typed himself and the operator received stays undecided, as in LA-C04.
export default {
  id: 'LA-C06',
  title: { zh: '拒绝后仍读取、索权或发送', en: 'Reads, asks or sends after refusal' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '违规收集个人信息',
  provisions: {
    primary: 'cac-191-3-2',
    printable: ['cac-191-3-2', 'pipl-16', 'pipl-44', 'nds-22'],
    supporting: [],
    defence: [],
  },
  needs: ['declined'],
  toAccuse: ['driver'],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: ['after-refusal'],
  text: {
    zh: '用户拒绝隐私政策后，应用仍{act}{datum}（调用方：{caller}；接收方：{receiver}）',
    en: 'after the user refused, the app still {act} {datum} (caller: {caller}; receiver: {receiver})',
  },
  defences: [DEFENCES.necessary, DEFENCES.sdkDefault, DEFENCES.onDevice, DEFENCES.version],

  judge(timeline) {
    return [
      ...actsIn(timeline, 'after-refusal', { spares: () => false, doubts: typedDoubt, readDoubts: () => null }),
      ...askedIn(timeline, ['after-refusal'], (prompt, group) => ({
        act: 'asked',
        datum: group,
        caller: prompt.caller ?? '-',
        receiver: '-',
      })),
    ];
  },

  examples: {
    violation: story(launched(0), consent(1000, 'shown'), consent(2000, 'declined'), reads(3000, 'imei')),
    violationAfterStartingAgain: story(
      launched(0),
      consent(2000, 'declined'),
      activity(5000, 'stopped'),
      launched(6000),
      consent(6500, 'shown'),
      reads(7000, 'android-id'),
    ),
    violationByAPrompt: story(launched(0), consent(2000, 'declined'), prompts(3000, 'LOCATION')),
    violationBySending: story(launched(0), consent(2000, 'declined'), sends(3000, 'android-id', 'collect.risk.example')),
    undecided: story(launched(0), consent(2000, 'declined', { windowMs: 80 }), reads(2030, 'imei')),
    undecidedForTheBackKey: story(launched(0), consent(2000, 'declined', { how: 'back' }), reads(3000, 'imei')),
    notTested: story(launched(0), consent(2000, 'declined'), unseen(3000, 'collect.risk.example')),
    clear: story(launched(0), reads(900, 'imei'), consent(2000, 'declined')),
    clearAfterALaterAgreement: story(launched(0), consent(2000, 'declined'), consent(5000, 'agreed'), reads(6000, 'imei')),
  },
} satisfies Rule;
