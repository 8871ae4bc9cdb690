import type { View } from '../../model/app.js';
import type { PromptAnswer } from '../../model/scenario.js';
import type { ContactRow } from '../../model/values.js';

/** How the user answered; `cancelled`: the prompt went away with its app and nothing was decided. */
export type PromptOutcome = PromptAnswer | 'cancelled';

/** What a permission prompt is about. */
export interface PermissionAsk {
  readonly package: string;
  readonly label: string;
  /** `CONTACTS`, or `android.permission-group.CONTACTS`. */
  readonly group: string;
  readonly permissions: readonly string[];
}

/** Package of the permission prompts. */
export const CONTROLLER = 'com.android.permissioncontroller';
/** Package of the contact picker. */
export const PICKER = 'com.android.contacts';
/** Package of the home screen. */
export const LAUNCHER = 'com.android.launcher3';

/** What the system says an app wants, by permission group: AOSP's own Chinese strings (packages/modules/Permission, values-zh-rCN). */
const WANTS: Readonly<Record<string, string>> = {
  CONTACTS: '访问您的通讯录',
  LOCATION: '获取此设备的位置信息',
  PHONE: '拨打电话和管理通话',
  CALL_LOG: '访问您的手机通话记录',
  SMS: '发送和查看短信',
  STORAGE: '访问您设备上的照片、媒体内容和文件',
  CAMERA: '拍摄照片和录制视频',
  MICROPHONE: '录制音频',
  CALENDAR: '访问您的日历',
  SENSORS: '访问与您的生命体征相关的传感器数据',
  ACTIVITY_RECOGNITION: '访问您的身体活动记录',
  NEARBY_DEVICES: '查找、连接附近的设备以及确定附近设备的相对位置',
};

/** The permission controller's dialog, with the ids and labels of AOSP. */
export function permissionView(ask: PermissionAsk, answer: (answer: PromptAnswer) => void): View {
  const group = ask.group.replace(/^.*\./, '').toUpperCase();
  const wants = WANTS[group] ?? `使用权限：${ask.permissions.map((name) => name.replace(/^.*\./, '')).join('、')}`;
  const button = (id: string, text: string, is: PromptAnswer): View => ({ type: 'Button', id, text, onClick: () => answer(is) });
  const buttons =
    group === 'LOCATION'
      ? [
          button('permission_allow_foreground_only_button', '仅在使用该应用时允许', 'allow'),
          button('permission_allow_one_time_button', '仅限这一次', 'once'),
        ]
      : [button('permission_allow_button', '允许', 'allow')];
  return {
    type: 'LinearLayout',
    id: 'grant_dialog',
    children: [
      {
        type: 'LinearLayout',
        id: 'content_container',
        children: [
          { type: 'ImageView', id: 'permission_icon' },
          { type: 'TextView', id: 'permission_message', text: `要允许“${ask.label}”${wants}吗？` },
        ],
      },
      ...buttons,
      button('permission_deny_button', '拒绝', 'deny'),
    ],
  };
}

/** The contacts app's picker: one row to a contact. */
export function pickerView(rows: readonly ContactRow[], pick: (row: ContactRow) => void): View {
  return {
    type: 'LinearLayout',
    children: [
      { type: 'TextView', id: 'title', text: '选择联系人' },
      {
        type: 'ScrollView',
        id: 'android:id/list',
        children: [
          {
            type: 'LinearLayout',
            id: 'list_content',
            children:
              rows.length === 0
                ? [{ type: 'TextView', id: 'message', text: '没有联系人' }]
                : rows.map((row): View => ({
                    type: 'LinearLayout',
                    id: 'cliv_row',
                    onClick: () => pick(row),
                    children: [
                      { type: 'TextView', id: 'cliv_name_textview', text: row.name },
                      { type: 'TextView', id: 'cliv_data_view', text: row.phone },
                    ],
                  })),
          },
        ],
      },
    ],
  };
}

/** The home screen: one icon to an app that is known. */
export function launcherView(
  apps: readonly { readonly package: string; readonly label: string }[],
  open: (packageName: string) => void,
): View {
  return {
    type: 'LinearLayout',
    id: 'workspace',
    children: apps.map((app): View => ({
      type: 'LinearLayout',
      id: 'icon',
      horizontal: true,
      desc: app.label,
      onClick: () => open(app.package),
      children: [
        { type: 'ImageView', id: 'app_icon' },
        { type: 'TextView', id: 'app_label', text: app.label },
      ],
    })),
  };
}
