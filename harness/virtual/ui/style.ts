import type { UiNode } from './node.js';

/** Sizes of the Material look at 420 dpi, in pixels. */
export const SIZES = {
  statusBar: 84,
  navigationBar: 126,
  keyboard: 700,
  side: 48,
  gap: 24,
  line: 1.45,
  text: 42,
  title: 54,
  box: 54,
  dialogWidth: 936,
  dialogPadding: 60,
} as const;

/** Font size in pixels of a view's text: titles are larger. */
export function fontSize(node: UiNode): number {
  if (node.view.type === 'Button') return 44;
  if (/title/i.test(node.view.id ?? '')) return SIZES.title;
  return /hint|note|tip|agreement|agree_text/i.test(node.view.id ?? '') ? 38 : SIZES.text;
}

/** Inner space of a view's text: left, top (and the same right and bottom); `lead` is what a tick box takes on the left. */
export function padding(node: UiNode): { readonly x: number; readonly y: number; readonly lead: number } {
  switch (node.view.type) {
    case 'Button':
      return { x: 36, y: 32, lead: 0 };
    case 'EditText':
      return { x: 24, y: 36, lead: 0 };
    case 'CheckBox':
      return { x: 12, y: 27, lead: SIZES.box + (node.text === '' ? 0 : 24) };
    default:
      return { x: 0, y: 15, lead: 0 };
  }
}

/** What a view draws: a field shows its hint when empty, and dots for a password. */
export function shownText(node: UiNode): string {
  if (node.view.type !== 'EditText') return node.text;
  if (node.text === '') return node.view.hint ?? '';
  return node.view.input === 'textPassword' ? '•'.repeat([...node.text].length) : node.text;
}
