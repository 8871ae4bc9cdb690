import { asksForPermissions } from './system-packages.js';
import type { PromptAnswer, PromptPolicy } from '../model/scenario.js';
import { labelOf, pressable } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';

/** A system permission prompt on the screen. */
export interface PromptReading {
  readonly message: string;
  /** Android permission groups by the message, as in datum.json: `LOCATION`. Empty when the words are not known. */
  readonly groups: readonly string[];
  readonly buttons: Readonly<Record<PromptAnswer, ScreenNode | null>>;
}

/** Suffixes of resource ids; AOSP and vendors (MIUI, EMUI, ColorOS, OriginOS) share them. https://cs.android.com/android/platform/superproject packages/modules/Permission */
const IDS: Readonly<Record<PromptAnswer, readonly string[]>> = {
  allow: [
    'permission_allow_foreground_only_button',
    'permission_allow_button',
    'permission_allow_all_button',
    'permission_allow_always_button',
    'btn_allow',
    'allow_button',
  ],
  once: ['permission_allow_one_time_button', 'permission_one_time_button', 'btn_allow_once'],
  deny: [
    'permission_deny_button',
    'permission_deny_button_1',
    'permission_deny_and_dont_ask_again_button',
    'permission_no_upgrade_button',
    'btn_deny',
    'btn_forbid',
    'deny_button',
  ],
};
const WORDS: Readonly<Record<PromptAnswer, RegExp>> = {
  allow:
    /^(始终|总是)?允许$|^(仅(在)?)?(使用(该应用|应用|过程|期间)?(时|中|期间)?)允许$|^仅在(使用|前台使用).{0,8}(允许)?$|^允许全部$|^(allow|while using the app)$/i,
  once: /^(仅限?|只)(这|此|本)一?次$|^(仅)?(本|这)次(运行)?(使用)?允许$|^(允许)?(本|这|一)次$|^only this time$/i,
  deny: /^(拒绝|禁止|不允许)(且|并|，)?(不再(询问|提示))?$|^(deny|don.t allow)$/i,
};

const GROUPS: readonly (readonly [string, RegExp])[] = [
  ['CALL_LOG', /通话记录|call log/i],
  ['CONTACTS', /通讯录|联系人|contacts/i],
  ['SMS', /短信|彩信|SMS/i],
  ['NEARBY_DEVICES', /附近的?设备|蓝牙|nearby devices/i],
  ['LOCATION', /位置|定位|location/i],
  ['CAMERA', /相机|摄像|拍摄照片|拍照|pictures and record video|camera/i],
  ['MICROPHONE', /录音|录制音频|麦克风|record audio/i],
  ['READ_MEDIA', /照片|视频|媒体|文件|存储|photos|files|media/i],
  ['CALENDAR', /日历|calendar/i],
  ['SENSORS', /身体传感器|生命体征|传感器|body sensors/i],
  ['ACTIVITY_RECOGNITION', /身体活动|physical activity/i],
  ['NOTIFICATIONS', /通知|notifications/i],
  ['PHONE', /电话|通话|手机识别码|设备识别码|phone/i],
];

/** The system's permission prompt, if one is in front; an app's own dialog about permissions is none. */
export function promptIn(tree: ScreenTree): PromptReading | null {
  if (!asksForPermissions(tree.package)) return null;
  const message =
    tree.nodes.find((node) => suffix(node) === 'permission_message') ??
    tree.nodes.find((node) => labelOf(node).length > 6 && pressable(node) === null);
  const buttons = { allow: button(tree, 'allow'), once: button(tree, 'once'), deny: button(tree, 'deny') };
  if (buttons.allow === null && buttons.once === null && buttons.deny === null) return null;
  const said = message === undefined ? '' : labelOf(message);
  const group = GROUPS.find(([, words]) => words.test(withoutName(said)));
  return { message: said, groups: group === undefined ? [] : [group[0]], buttons };
}

/** The standing answer for these groups. */
export function answerFor(policy: PromptPolicy, groups: readonly string[]): PromptAnswer {
  for (const group of groups) {
    const key = group.toLowerCase();
    const own = policy[key] ?? (key === 'read_media' ? policy['storage'] : undefined);
    if (own !== undefined) return own;
  }
  return policy.default;
}

/** The button for an answer and what it will mean; `once` falls back to `allow` where the system offers no such button. */
export function buttonFor(
  prompt: PromptReading,
  answer: PromptAnswer,
): { readonly node: ScreenNode; readonly answer: PromptAnswer } | null {
  const exact = prompt.buttons[answer];
  if (exact !== null) return { node: exact, answer };
  const other: PromptAnswer | null = answer === 'once' ? 'allow' : answer === 'allow' ? 'once' : null;
  const node = other === null ? null : prompt.buttons[other];
  return node === null || other === null ? null : { node, answer: other };
}

/** An app may be called 通讯录助手: only what stands outside its quoted name tells the group. */
function withoutName(message: string): string {
  return message.replace(/[“"「『《][^”"」』》]*[”"」』》]/gu, '');
}

function suffix(node: ScreenNode): string {
  return node.id.slice(node.id.lastIndexOf('/') + 1);
}

function button(tree: ScreenTree, answer: PromptAnswer): ScreenNode | null {
  for (const id of IDS[answer]) {
    const found = tree.nodes.find((node) => suffix(node) === id && node.enabled);
    if (found !== undefined) return found;
  }
  return (
    tree.nodes.find((node) => pressable(node) !== null && !node.checkable && WORDS[answer].test(labelOf(node).replace(/\s+/g, ''))) ?? null
  );
}
