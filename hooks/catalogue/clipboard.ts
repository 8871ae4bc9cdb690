import type { HookRow } from '../wire.js';

const read = {
  kind: 'read',
  datum: 'clipboard',
  family: 'clipboard',
  class: 'android.content.ClipboardManager',
  since: 23,
  until: null,
  only: null,
  hot: false,
  overloads: [[]],
  source: 'Android framework bytecode, API 23–37',
} as const;

/** What stands on the clipboard. getPrimaryClipDescription and hasPrimaryClip do not read it and have no row. */
export const rows = [
  {
    ...read,
    id: 'clipboard.clip',
    method: 'getPrimaryClip',
    value: { from: 'clip' },
    exercise: 'android.content.ClipboardManager.getPrimaryClip()',
  },
  { ...read, id: 'clipboard.text', method: 'getText', value: { from: 'return' }, exercise: 'android.content.ClipboardManager.getText()' },
] satisfies readonly HookRow[];
