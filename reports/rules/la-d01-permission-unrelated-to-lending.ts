import { aboutAsked, askedIn, NO_CONSENT, notTested, phaseOf } from '../../harness/model/claims.js';
import { isPersonalGroup } from '../../harness/model/datum.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { permissionRequests } from '../../harness/model/timeline.js';
import { consent, launched, prompts, story } from '../examples.js';

const UNRELATED: ReadonlySet<string> = new Set(['CONTACTS', 'CALL_LOG', 'SMS', 'MICROPHONE', 'CALENDAR', 'SENSORS', 'BACKGROUND_LOCATION']);

// Where no consent stands, no function can be in use that would need contacts, call log, SMS, microphone, calendar, sensors or
// location in background. In all other cases what the permission is for must be read in the documents first.
export default {
  id: 'LA-D01',
  title: { zh: '索取与网络借贷无关的权限或提前索权', en: 'Permission unrelated to lending, or requested ahead of use' },
  severity: 'high',
  mode: 'A',
  miitIssue: 'APP强制、频繁、过度索取权限',
  provisions: {
    primary: 'cac-191-4-1',
    printable: ['cac-191-4-1', 'miit-26-1-10', 'necessity-5-12'],
    supporting: ['miit-337-7', 'miit-164-2-1', 'gbt35273-5.2a'],
    defence: [],
  },
  needs: ['launched'],
  toAccuse: ['driver'],
  toClear: ['hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: [],
  text: {
    zh: '未经用户同意，应用（调用方 {caller}）索取与借贷无关的“{group}”权限',
    en: "without the user's consent, the app (caller {caller}) asked for {group}, which lending does not need",
  },
  defences: [DEFENCES.inUse, DEFENCES.fraud, DEFENCES.version],

  judge(timeline) {
    const accused = askedIn(timeline, NO_CONSENT, (prompt, group) => ({ caller: prompt.caller ?? '-', group })).filter(({ about }) =>
      UNRELATED.has(about.family),
    );
    const open = permissionRequests(timeline)
      .filter(({ group }) => isPersonalGroup(group))
      .flatMap(({ prompt, group }) => {
        if (accused.some((claim) => claim.about.family === group && claim.events[0] === prompt.id)) return [];
        return [
          notTested('documents', [prompt.id], { topic: group }, aboutAsked(timeline, prompt, { group, phase: phaseOf(timeline, prompt) })),
        ];
      });
    return [...accused, ...open];
  },

  examples: {
    violation: story(launched(0), prompts(200, 'CONTACTS'), consent(4000, 'agreed')),
    violationAfterARefusal: story(launched(0), consent(2000, 'declined'), prompts(3000, 'SMS')),
    undecided: story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), prompts(4030, 'SMS')),
    notTested: story(launched(0), consent(4000, 'agreed'), prompts(5000, 'CONTACTS')),
    notTestedForWhatLendingMayNeed: story(launched(0), prompts(200, 'LOCATION'), consent(4000, 'agreed')),
    clear: story(launched(0), consent(4000, 'agreed')),
  },
} satisfies Rule;
