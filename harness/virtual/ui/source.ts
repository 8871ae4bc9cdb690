import type { Frame } from './desk.js';
import type { Rect, UiNode } from './node.js';
import { clickable, enabled } from './node.js';
import { maxScroll } from './layout.js';
import { shownText } from './style.js';

/** A node as the driver sees it. Attributes stand in the order of the UiAutomator2 server (SUPPORTED_ATTRIBUTES of UiElementSnapshot.java, 10.x); null ones are left out. */
export interface SourceNode {
  readonly key: string;
  readonly className: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly SourceNode[];
  readonly parent: SourceNode | null;
  /** Null for a toast and for the hierarchy itself. */
  readonly node: UiNode | null;
}

/** UiAutomator2's default of `snapshotMaxDepth`. */
const MAX_DEPTH = 70;

const sources = new WeakMap<Frame, SourceNode>();

/** The hierarchy of the active window, with toasts after it; made once for each frame. */
export function sourceOf(frame: Frame): SourceNode {
  const known = sources.get(frame);
  if (known !== undefined) return known;
  const children: SourceNode[] = [];
  const root: SourceNode = { key: '', className: 'hierarchy', attributes: hierarchyAttributes(frame), children, parent: null, node: null };
  children.push(snapshot(frame.active.root, root, frame, 1));
  frame.toasts.forEach((toast, i) => children.push(toastNode(toast, root, 1 + i)));
  sources.set(frame, root);
  return root;
}

function hierarchyAttributes(frame: Frame): ReadonlyMap<string, string> {
  return new Map([
    ['index', '0'],
    ['class', 'hierarchy'],
    ['rotation', '0'],
    ['width', `${frame.width}`],
    ['height', `${frame.height}`],
  ]);
}

function toastNode(toast: Frame['toasts'][number], parent: SourceNode, index: number): SourceNode {
  const className = 'android.widget.Toast';
  const attributes = new Map([
    ['index', `${index}`],
    ['package', 'com.android.settings'],
    ['class', className],
    ['text', toast.text],
    ['displayed', 'true'],
  ]);
  return { key: `toast${toast.id}`, className, attributes, children: [], parent, node: null };
}

function snapshot(node: UiNode, parent: SourceNode, frame: Frame, depth: number): SourceNode {
  const children: SourceNode[] = [];
  const made: SourceNode = { key: node.key, className: node.className, attributes: attributesOf(node, frame), children, parent, node };
  if (depth < MAX_DEPTH)
    for (const child of node.children) if (child.visible !== null) children.push(snapshot(child, made, frame, depth + 1));
  return made;
}

/** InputType constants (android.text.InputType). */
const INPUT_TYPES = { text: 1, phone: 3, number: 2, textPassword: 129 } as const;

/** All attributes of a node in a frame, whether it can be seen or not. */
export function attributesOf(node: UiNode, frame: Frame): ReadonlyMap<string, string> {
  const { view } = node;
  const field = view.type === 'EditText';
  const focused = frame.focus === node;
  const caret = field && focused ? `${node.text.length}` : null;
  const empty = field && node.text === '' && view.hint !== undefined;
  const rows: readonly (readonly [string, string | number | boolean | null])[] = [
    ['index', node.index],
    ['package', node.package],
    ['class', node.className],
    ['text', shownText(node)],
    ['content-desc', view.desc ?? null],
    ['resource-id', node.resourceId],
    ['checkable', view.type === 'CheckBox'],
    ['checked', node.checked],
    ['clickable', clickable(node)],
    ['enabled', enabled(node)],
    ['focusable', clickable(node) || (maxScroll(node) > 0 && view.type === 'ScrollView')],
    ['focused', focused],
    ['long-clickable', field],
    ['password', view.input === 'textPassword'],
    ['scrollable', view.type === 'ScrollView' && maxScroll(node) > 0],
    ['selection-start', caret],
    ['selection-end', caret],
    ['selected', false],
    ['bounds', boundsText(node.visible ?? node.box)],
    ['displayed', node.visible !== null],
    ['hint', view.hint ?? null],
    ['a11y-important', (view.type !== 'LinearLayout' && view.type !== 'FrameLayout') || view.onClick !== undefined],
    ['screen-reader-focusable', false],
    ['input-type', field ? INPUT_TYPES[view.input ?? 'text'] : null],
    ['drawing-order', node.index + 1],
    ['showing-hint', empty],
    ['text-entry-key', false],
    ['multiline', view.maxLength === undefined ? null : false],
    ['dismissable', false],
    ['a11y-focused', false],
    ['heading', false],
    ['live-region', 0],
    ['context-clickable', false],
    ['max-text-length', view.maxLength ?? null],
    ['content-invalid', false],
    ['text-has-clickable-span', (view.links ?? []).some((link) => node.text.includes(link.text)) ? true : null],
    ['window-id', frame.active.id],
  ];
  return new Map(rows.flatMap(([name, value]) => (value === null ? [] : [[name, `${value}`] as const])));
}

/** Android's form of a rectangle: `[left,top][right,bottom]`, in whole pixels. */
export function boundsText(rect: Rect): string {
  return `[${Math.round(rect.left)},${Math.round(rect.top)}][${Math.round(rect.right)},${Math.round(rect.bottom)}]`;
}

/** Android XML serializer's form of the page source. */
export function toXml(root: SourceNode): string {
  return `<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n${element(root, '')}\n`;
}

function element(node: SourceNode, indent: string): string {
  const name = node.className.replace(/[$@#&]/g, '.');
  const attributes = [...node.attributes].map(([key, value]) => ` ${key}="${escape(value)}"`).join('');
  if (node.children.length === 0) return `${indent}<${name}${attributes} />`;
  return `${indent}<${name}${attributes}>\n${node.children.map((child) => element(child, `${indent}  `)).join('\n')}\n${indent}</${name}>`;
}

function escape(value: string): string {
  const printable = value.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?');
  return printable.replace(/[&<>"\n\r\t]/g, (char) =>
    char === '&' ? '&amp;' : char === '<' ? '&lt;' : char === '>' ? '&gt;' : char === '"' ? '&quot;' : `&#${char.charCodeAt(0)};`,
  );
}
