import { POP_UPS, WAY_OUT } from './consent-words.js';
import { noticeIn, plain } from './consent.js';
import type { NoticeButton } from './consent.js';
import { promptIn } from './prompts.js';
import { isField, labelOf, pressable } from './tree.js';
import type { ScreenTree } from './tree.js';

export interface PopUp {
  readonly kind: keyof typeof POP_UPS;
  readonly out: NoticeButton;
}

/** An update, offer, notification or rating dialog with a way out; never a notice, a system prompt or a page with fields. */
export function popUpIn(tree: ScreenTree): PopUp | null {
  if (promptIn(tree) !== null || noticeIn(tree) !== null || tree.nodes.some(isField)) return null;
  const said = tree.nodes.map(labelOf).join('\n');
  const buttons = tree.nodes
    .filter((node) => node.enabled && pressable(node) !== null)
    .map((node) => ({ label: plain(labelOf(node)), node }));
  const out = WAY_OUT.map((word) => buttons.find((button) => word.test(button.label))).find((button) => button !== undefined);
  const kind = (Object.keys(POP_UPS) as (keyof typeof POP_UPS)[]).find((name) => POP_UPS[name].test(said));
  // A page full of offers is the app's home; a dialog has few things to press.
  return out === undefined || kind === undefined || buttons.length > 6 ? null : { kind, out };
}
