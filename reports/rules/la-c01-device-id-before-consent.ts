import { actOf, readIn } from '../../harness/model/claims.js';
import { heldData } from '../../harness/model/datum.js';
import type { Rule } from '../../harness/model/finding.js';
import { reads } from '../../harness/model/timeline.js';
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
  defences: [
    {
      zh: '处理属于订立、履行合同或履行法定义务所必需（个人信息保护法第十三条第二、三项）',
      en: 'the processing is necessary for a contract or a legal duty (PIPL art. 13 (2), (3))',
    },
    {
      zh: '由第三方 SDK 的默认设置引起（运营者仍负责披露与管理）',
      en: 'it comes from an SDK default (the operator still answers for disclosure and control)',
    },
    { zh: '仅在本机使用，没有上传，不构成收集', en: 'it was used on the device only and not collected' },
    {
      zh: '检测的是灰度、旧版或非官方渠道版本，或检测设备异常',
      en: 'the version tested was a trial, old or unofficial one, or the test device was at fault',
    },
  ],

  judge(timeline) {
    return reads(timeline, DATA).flatMap((read) => {
      const { caller, datum, api } = read.observation;
      return readIn(timeline, read, ['before-consent'], { caller, act: actOf(read), datum, api });
    });
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
