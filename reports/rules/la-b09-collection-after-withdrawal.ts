import { actsIn } from '../../harness/model/claims.js';
import { isNecessaryForLoan } from '../../harness/model/datum.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { EventId, Flow, Frame, Observation } from '../../harness/model/event.js';
import type { Rule, Timeline } from '../../harness/model/finding.js';
import { eventsOf, sent, standing, type Sent } from '../../harness/model/timeline.js';
import { consent, launched, reads, sends, story, unseen } from '../examples.js';

// The withdrawal itself must reach the operator: the first exchange after it that tells the app's own server whose account it is may
// carry that (the data that 必要个人信息范围规定 5(12) counts as necessary). Everything else read or sent afterwards counts.
export default {
  id: 'LA-B09',
  title: { zh: '撤回同意/注销后仍读取或发送', en: 'Reads or sends after withdrawal/cancellation' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '违规收集个人信息',
  provisions: {
    primary: 'pipl-15',
    printable: ['pipl-15', 'pipl-47', 'nds-24', 'miit-24-9'],
    supporting: ['gbt35273-8.4a'],
    defence: ['pipl-47', 'nds-24'],
  },
  needs: ['withdrawn'],
  toAccuse: ['driver'],
  toClear: ['proxy', 'linker', 'values', 'hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: ['after-withdrawal'],
  text: {
    zh: '用户撤回同意后，应用仍{act}{datum}（调用方：{caller}；接收方：{receiver}）',
    en: 'after the user withdrew consent, the app still {act} {datum} (caller: {caller}; receiver: {receiver})',
  },
  defences: [DEFENCES.retention, DEFENCES.necessary, DEFENCES.version],

  judge(timeline) {
    const exchange = withdrawalExchange(timeline);
    return actsIn(timeline, 'after-withdrawal', {
      spares: (one) => one.flow.id === exchange && namesTheAccount(one),
      doubts: (one) => (isWithinTheAct(timeline, one.flow) && one.receiver.party === 'first' ? 'in-the-act' : null),
      readDoubts: ({ observation }) => (isOwnReadInTheClick(timeline, observation) ? 'in-the-act' : null),
    });
  },

  examples: {
    violation: story(launched(0), consent(1000, 'agreed'), consent(9000, 'withdrawn'), reads(9500, 'location')),
    violationBySending: story(
      launched(0),
      consent(1000, 'agreed'),
      consent(9000, 'withdrawn'),
      sends(9100, 'typed-phone', 'api.loan.example', { party: 'first' }),
      sends(12900, 'typed-phone', 'api.loan.example', { party: 'first' }),
    ),
    undecided: story(launched(0), consent(1000, 'agreed'), consent(9000, 'withdrawn', { windowMs: 80 }), reads(9030, 'location')),
    notTested: story(launched(0), consent(1000, 'agreed'), consent(9000, 'withdrawn'), unseen(9500, 'collect.risk.example')),
    clear: story(
      launched(0),
      consent(1000, 'agreed'),
      reads(2000, 'location'),
      consent(9000, 'withdrawn'),
      sends(9100, 'typed-phone', 'api.loan.example', { party: 'first', origin: 'typed' }),
    ),
    violationBesideTheWithdrawal: story(
      launched(0),
      consent(1000, 'agreed'),
      consent(9000, 'withdrawn'),
      sends(9100, 'typed-phone', 'api.loan.example', { party: 'first' }),
      sends(12_200, 'android-id', 'api.loan.example', { party: 'first' }),
    ),
    undecidedWithinTheAct: story(
      launched(0),
      consent(1000, 'agreed'),
      consent(9000, 'withdrawn'),
      sends(9100, 'android-id', 'api.loan.example', { party: 'first' }),
    ),
    clearForAnExchangeAfterOthers: story(
      launched(0),
      consent(1000, 'agreed'),
      consent(9000, 'withdrawn'),
      sends(9100, 'build-info', 'api.loan.example', { party: 'first' }),
      sends(9200, 'typed-phone', 'api.loan.example', { party: 'first' }),
    ),
  },
} satisfies Rule;

// The app may have to say which device or account is to be deleted: what the very click sets off is no going on.
const ACT_MS = 1000;
const isClick = ({ class: name, method }: Frame): boolean => name === 'android.view.View' && method === 'performClick';

// An SDK has no part in it.
function isOwnReadInTheClick(timeline: Timeline, observation: Observation): boolean {
  return timeline.sdkOf(observation.caller) === null && observation.stack.some(isClick) && isWithinTheAct(timeline, observation);
}

function isWithinTheAct(timeline: Timeline, event: Observation | Flow): boolean {
  return eventsOf(timeline, 'consent').some((act) => act.act === 'withdrawn' && Math.abs(event.at.ms - (act.click ?? act.at).ms) <= ACT_MS);
}

const namesTheAccount = ({ link, receiver }: Sent): boolean => receiver.party === 'first' && isNecessaryForLoan(link.datum);

function withdrawalExchange(timeline: Timeline): EventId | null {
  const first = sent(timeline).find((one) => namesTheAccount(one) && standing(timeline, one.flow, ['after-withdrawal']) !== null);
  return first?.flow.id ?? null;
}
