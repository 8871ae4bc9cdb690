import { askedIn } from '../../harness/model/claims.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { consent, launched, prompts, story } from '../examples.js';

// 191号 3-1: opening a permission that can collect, before consent, is a violation by itself; whether the user then allowed it
// does not matter, and a grant of the system is no consent to the policy.
export default {
  id: 'LA-C03',
  title: { zh: '同意前弹窗索取权限', en: 'Permission prompt before consent' },
  severity: 'high',
  mode: 'A',
  miitIssue: 'APP强制、频繁、过度索取权限',
  provisions: {
    primary: 'cac-191-3-1',
    printable: ['cac-191-3-1'],
    supporting: ['miit-164-2-1'],
    defence: [],
  },
  needs: ['launched'],
  toAccuse: ['driver'],
  toClear: ['hooks', 'driver', 'handset', 'store', 'run'],
  data: [],
  phases: ['before-consent'],
  text: {
    zh: '用户同意隐私政策前，应用（调用方 {caller}）索取“{group}”权限',
    en: 'before the user agreed, the app (caller {caller}) asked for the permission group {group}',
  },
  defences: [DEFENCES.sdkDefault, DEFENCES.version],

  judge(timeline) {
    return askedIn(timeline, ['before-consent'], (prompt, group) => ({ caller: prompt.caller ?? '-', group }));
  },

  examples: {
    violation: story(launched(0), prompts(200, 'CONTACTS'), prompts(400, 'CONTACTS', 'shown', null), consent(4000, 'agreed')),
    violationSeenOnTheScreenOnly: story(launched(0), prompts(400, 'LOCATION', 'shown', null), consent(4000, 'agreed')),
    undecided: story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), prompts(4030, 'LOCATION')),
    clear: story(launched(0), consent(4000, 'agreed'), prompts(4600, 'LOCATION')),
    clearForNotifications: story(launched(0), prompts(200, 'NOTIFICATIONS'), consent(4000, 'agreed')),
  },
} satisfies Rule;
