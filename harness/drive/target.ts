import type { Target } from '../model/scenario.js';
import { isField, labelOf, pressable, sameRow } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';

/** What a target is called in messages and step records. */
export function nameOf(target: Target): string {
  if (typeof target === 'string') return target;
  return Object.entries(target)
    .map(([kind, value]) => (kind === 'text' ? String(value) : `${kind}=${String(value)}`))
    .join('');
}

/** Whether the page source can answer for this target; else the driver must be asked. */
export function isPlain(target: Target): boolean {
  return typeof target === 'string' || 'id' in target || 'text' in target || 'desc' in target;
}

/** The node that a person would touch for a plain target: whole labels, buttons before titles; null when it is not on the screen. */
export function nodeFor(tree: ScreenTree, target: Target): ScreenNode | null {
  const fits = tree.nodes.filter((node) => matches(node, target));
  return (
    fits.find((node) => node.clickable && node.enabled) ?? fits.find((node) => pressable(node) !== null && node.enabled) ?? fits[0] ?? null
  );
}

/** The field for a target: itself, or the one that a label or hint names. */
export function fieldFor(tree: ScreenTree, target: Target): ScreenNode | null {
  const text = typeof target === 'string' ? target : 'text' in target ? target.text : null;
  if (text === null) return nodeFor(tree, target);
  const fields = tree.nodes.filter(isField);
  const named = fields.find((node) => node.hint.trim() === text || labelOf(node) === text);
  if (named !== undefined) return named;
  const label = tree.nodes.find((node) => !isField(node) && labelOf(node).replace(/[:：]$/, '') === text);
  if (label === undefined) return null;
  const beside = fields.find((field) => sameRow(field, label) && field.bounds.left >= label.bounds.left);
  return (
    beside ?? fields.filter((field) => field.bounds.top >= label.bounds.top).toSorted((a, b) => a.bounds.top - b.bounds.top)[0] ?? null
  );
}

/** The box for a target: itself, or the one left of a label in its row; a box without words counts. */
export function boxFor(tree: ScreenTree, target: Target): ScreenNode | null {
  const text = typeof target === 'string' ? target : 'text' in target ? target.text : null;
  const boxes = tree.nodes.filter((node) => node.checkable);
  if (text === null) {
    const node = nodeFor(tree, target);
    return node === null || node.checkable ? node : (boxes.find((box) => sameRow(box, node)) ?? node);
  }
  const exact = boxes.find((box) => labelOf(box) === text) ?? boxes.find((box) => labelOf(box).includes(text));
  if (exact !== undefined) return exact;
  const label = tree.nodes.find((node) => labelOf(node) === text) ?? tree.nodes.find((node) => labelOf(node).includes(text));
  return label === undefined ? null : (boxes.find((box) => sameRow(box, label)) ?? null);
}

/** Whether the words stand anywhere on the screen, also as a part of a label or in a toast. */
export function shows(tree: ScreenTree, text: string): boolean {
  return tree.nodes.some((node) => labelOf(node).includes(text)) || tree.toasts.some((toast) => toast.includes(text));
}

function matches(node: ScreenNode, target: Target): boolean {
  if (typeof target === 'string') return labelOf(node) === target.trim();
  if ('text' in target) return labelOf(node) === target.text.trim();
  if ('desc' in target) return node.desc === target.desc;
  if ('id' in target) return /[:/]/.test(target.id) ? node.id === target.id : node.id.slice(node.id.indexOf(':id/') + 4) === target.id;
  return false;
}
