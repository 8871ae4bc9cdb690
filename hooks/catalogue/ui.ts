import type { HookRow } from '../wire.js';

const row = {
  datum: null,
  since: 23,
  until: null,
  value: { from: 'none' },
  only: null,
  hot: false,
  source: 'Android framework bytecode, API 23–37',
} as const;
const STRINGS = '[Ljava.lang.String;';

/** What a person does and what the app asks of them: they tell when a read happened. */
export const rows = [
  {
    ...row,
    id: 'permission.request',
    kind: 'permission-request',
    family: 'permission',
    class: 'android.app.Activity',
    method: 'requestPermissions',
    overloads: [
      [STRINGS, 'int'],
      [STRINGS, 'int', 'int'],
    ],
    exercise: 'android.app.Activity.requestPermissions(strings("android.permission.CAMERA"), 1)',
  },
  {
    ...row,
    id: 'permission.request-fragment',
    kind: 'permission-request',
    family: 'permission',
    class: 'android.app.Activity$HostCallbacks',
    method: 'onRequestPermissionsFromFragment',
    overloads: [['android.app.Fragment', STRINGS, 'int']],
    exercise: 'android.app.Activity$HostCallbacks.onRequestPermissionsFromFragment(null, strings("android.permission.CAMERA"), 1)',
  },
  {
    ...row,
    id: 'view.click',
    kind: 'click',
    family: 'click',
    class: 'android.view.View',
    method: 'performClick',
    overloads: [[]],
    exercise: 'new android.widget.Button(android.app.ContextImpl).performClick()',
  },
  {
    ...row,
    id: 'activity.resume',
    kind: 'activity',
    family: 'activity',
    class: 'android.app.Instrumentation',
    method: 'callActivityOnResume',
    overloads: [['android.app.Activity']],
    exercise: 'android.app.Instrumentation.callActivityOnResume(android.app.Activity)',
  },
  {
    ...row,
    id: 'activity.pause',
    kind: 'activity',
    family: 'activity',
    class: 'android.app.Instrumentation',
    method: 'callActivityOnPause',
    overloads: [['android.app.Activity']],
    exercise: 'android.app.Instrumentation.callActivityOnPause(android.app.Activity)',
  },
] satisfies readonly HookRow[];
