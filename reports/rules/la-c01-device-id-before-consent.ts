import { readBefore } from '../../harness/model/claims.js';
import { heldData } from '../../harness/model/datum.js';
import { DEFENCES } from '../../harness/model/defences.js';
import type { Rule } from '../../harness/model/finding.js';
import { consent, launched, reads as readsOf, story } from '../examples.js';

const DATA = heldData('DEVICE_ID_IMM', 'DEVICE_ID_MUT', 'PHONE_NO', 'APP_LIST', 'CLIPBOARD', 'MEDIA', 'CALENDAR');

// 191号 3-1 speaks of beginning to collect, or opening a permission that can collect, before consent. A call that the
// system refused did neither for sure: it shows the intent and is kept as undecided, for a person to weigh. A call that gave
// something back is said as 读取 (read), never as 收集 (collected): that takes a sending, which LA-C04 and LA-C05 watch.
export default {
  id: 'LA-C01',
  title: { zh: '同意前读取设备标识、应用列表、剪贴板、相册等', en: 'Device IDs / app list / clipboard / media before consent' },
  severity: 'high',
  mode: 'A',
  miitIssue: '违规收集个人信息',
  provisions: {
    primary: 'cac-191-3-1',
    printable: ['cac-191-3-1', 'pipl-13', 'csl-43', 'miit-24-9'],
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
    violation: story(launched(0), readsOf(120, 'imei'), consent(4000, 'agreed')),
    violationWithoutAnyNotice: story(launched(0), readsOf(120, 'oaid')),
    violationBeforeARefusal: story(launched(0), readsOf(120, 'clipboard'), consent(900, 'declined')),
    undecided: story(launched(0), readsOf(3990, 'imei', { clock: 'device', slackMs: 25 }), consent(4000, 'agreed')),
    undecidedWithinTheTap: story(launched(0), consent(4000, 'agreed', { windowMs: 80 }), readsOf(4030, 'imei')),
    undecidedAsRefused: story(launched(0), readsOf(120, 'imei', { threw: 'java.lang.SecurityException' }), consent(4000, 'agreed')),
    clear: story(launched(0), consent(4000, 'agreed'), readsOf(4600, 'imei')),
    clearInsideTheWebView: story(
      launched(0),
      readsOf(120, 'clipboard', {
        stack: ['android.content.ClipboardManager.getPrimaryClip', 'org.chromium.content.Clipboard.get', 'com.example.loan.Start.run'],
      }),
      consent(4000, 'agreed'),
    ),
    undecidedWhereTheStackLostTheApp: story(
      launched(0),
      readsOf(120, 'media', {
        caller: '',
        stack: ['android.content.ContentResolver.query', 'android.content.CursorLoader.loadInBackground'],
      }),
    ),
    clearForTheFrameworkAlone: story(
      launched(0),
      readsOf(120, 'clipboard', {
        caller: '',
        stack: ['android.content.ClipboardManager.getPrimaryClip', 'android.widget.TextView.onTextContextMenuItem'],
      }),
      consent(4000, 'agreed'),
    ),
  },
} satisfies Rule;
