import { readBefore } from '../../harness/model/claims.js';
import { heldData } from '../../harness/model/datum.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { consent, gap, launched, reads as readsOf, story } from '../examples.js';

const DATA = heldData('CONTACTS', 'SMS', 'CALL_LOG', 'FINE_LOC', 'COARSE_LOC', 'TRACK');

// As LA-C01, for data whose reading opens a permission group. Refused calls stay undecided for the reason given there;
// the prompt that would have let them through is LA-C03.
export default {
  id: 'LA-C02',
  title: { zh: '同意前读取通讯录/短信/通话记录/位置', en: 'Contacts/SMS/call log/location before consent' },
  severity: 'critical',
  mode: 'A',
  miitIssue: '违规收集个人信息',
  provisions: {
    primary: 'cac-191-3-1',
    printable: ['cac-191-3-1', 'pipl-13', 'pipl-29', 'pipl-6', 'csl-43'],
    supporting: ['miit-164-1-1', 'miit-337-1'],
    defence: ['pipl-13'],
  },
  needs: ['launched'],
  toAccuse: ['driver'],
  toClear: ['hooks', 'driver', 'handset', 'store', 'run'],
  data: DATA,
  phases: ['before-consent'],
  text: {
    zh: '用户同意隐私政策前，{caller} 通过 {api} {act}{datum}',
    en: 'before the user agreed, {caller} {act} {datum} through {api}',
  },
  defences: [DEFENCES.necessary, DEFENCES.sdkDefault, DEFENCES.onDevice, DEFENCES.version],

  judge(timeline) {
    return readBefore(timeline, DATA);
  },

  examples: {
    violation: story(launched(0), readsOf(300, 'contacts', { rows: 30 }), consent(4000, 'agreed')),
    undecided: story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), readsOf(4030, 'location')),
    undecidedAsEmpty: story(launched(0), readsOf(300, 'contacts', { rows: 0 }), consent(4000, 'agreed')),
    clear: story(launched(0), consent(4000, 'agreed'), readsOf(4600, 'contacts', { rows: 30 })),
    notTested: story(launched(0), gap(100, 'hooks', { datum: 'contacts' }), consent(4000, 'agreed')),
  },
} satisfies Rule;
