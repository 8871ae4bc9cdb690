import { parseXmlDocument } from 'slimdom';

/** Pixels on the screen. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** One node of a UiAutomator2 page source. */
export interface ScreenNode {
  readonly parent: ScreenNode | null;
  readonly children: readonly ScreenNode[];
  readonly class: string;
  readonly package: string;
  readonly text: string;
  readonly desc: string;
  readonly hint: string;
  /** Whole resource id: `com.example:id/et_phone`; empty when there is none. */
  readonly id: string;
  readonly bounds: Bounds;
  readonly clickable: boolean;
  readonly checkable: boolean;
  readonly checked: boolean;
  readonly enabled: boolean;
  /** True when the text holds spans that can be tapped (`text-has-clickable-span`, UiAutomator2 server 10 and later). */
  readonly spans: boolean;
  /** Absolute XPath in this source. */
  readonly path: string;
}

/** What is in the active window now. */
export interface ScreenTree {
  /** In document order, without toasts. */
  readonly nodes: readonly ScreenNode[];
  readonly toasts: readonly string[];
  /** Package of the window's root; empty when the source is empty. */
  readonly package: string;
  readonly width: number;
  readonly height: number;
}

type Writable = { -readonly [K in keyof ScreenNode]: ScreenNode[K] } & { children: ScreenNode[] };
type XmlElement = ReturnType<typeof parseXmlDocument>['documentElement'] & object;

/** Parses a page source. Throws a plain Error when it is not XML. */
export function readTree(xml: string): ScreenTree {
  const root = parseXmlDocument(xml).documentElement;
  const nodes: ScreenNode[] = [];
  const toasts: string[] = [];
  if (root !== null) walk(root, null, `/${root.nodeName}`, { nodes, toasts });
  const corner = nodes.reduce((far, n) => ({ right: Math.max(far.right, n.bounds.right), bottom: Math.max(far.bottom, n.bounds.bottom) }), {
    right: 0,
    bottom: 0,
  });
  return {
    nodes,
    toasts,
    package: nodes[0]?.package ?? '',
    width: Number(root?.getAttribute('width') ?? 0) || corner.right,
    height: Number(root?.getAttribute('height') ?? 0) || corner.bottom,
  };
}

function walk(
  element: XmlElement,
  parent: Writable | null,
  path: string,
  found: { readonly nodes: ScreenNode[]; readonly toasts: string[] },
): void {
  const seen = new Map<string, number>();
  for (const child of element.children) {
    const tag = child.nodeName;
    const place = (seen.get(tag) ?? 0) + 1;
    seen.set(tag, place);
    const node = nodeOf(child, parent, `${path}/${tag}[${place}]`);
    if (node.class === 'android.widget.Toast') {
      found.toasts.push(node.text);
      continue;
    }
    found.nodes.push(node);
    parent?.children.push(node);
    walk(child, node, node.path, found);
  }
}

function nodeOf(element: XmlElement, parent: ScreenNode | null, path: string): Writable {
  const text = (name: string): string => element.getAttribute(name) ?? '';
  const fact = (name: string): boolean => element.getAttribute(name) === 'true';
  return {
    parent,
    children: [],
    class: text('class') || element.nodeName,
    package: text('package'),
    text: text('text'),
    desc: text('content-desc'),
    hint: text('hint'),
    id: text('resource-id'),
    bounds: boundsOf(text('bounds')),
    clickable: fact('clickable'),
    checkable: fact('checkable'),
    checked: fact('checked'),
    enabled: element.getAttribute('enabled') !== 'false',
    spans: fact('text-has-clickable-span'),
    path,
  };
}

function boundsOf(text: string): Bounds {
  const n = /^\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]$/.exec(text)?.slice(1).map(Number) ?? [];
  return { left: n[0] ?? 0, top: n[1] ?? 0, right: n[2] ?? 0, bottom: n[3] ?? 0 };
}

/** Bounds as the page source writes them. */
export function boundsText(b: Bounds): string {
  return `[${b.left},${b.top}][${b.right},${b.bottom}]`;
}

/** What a person reads on the node: its text, else its content description. A hint shown in an empty field counts as no text. */
export function labelOf(node: ScreenNode): string {
  return (node.text || node.desc).trim();
}

/** The node that takes a tap on this one: itself or the nearest clickable ancestor; null when there is none. */
export function pressable(node: ScreenNode): ScreenNode | null {
  for (let at: ScreenNode | null = node; at !== null; at = at.parent) if (at.clickable) return at;
  return null;
}

/** True for a field that takes typing. */
export function isField(node: ScreenNode): boolean {
  return /EditText$|AutoCompleteTextView$/.test(node.class);
}

/** Whether two nodes stand in one line: their heights overlap by half of the smaller. */
export function sameRow(a: ScreenNode, b: ScreenNode): boolean {
  const overlap = Math.min(a.bounds.bottom, b.bounds.bottom) - Math.max(a.bounds.top, b.bounds.top);
  const smaller = Math.min(a.bounds.bottom - a.bounds.top, b.bounds.bottom - b.bounds.top);
  return smaller > 0 && overlap >= smaller / 2;
}

/** Labels of everything that can be tapped, as on the screen, each once. */
export function tappableLabels(tree: ScreenTree): readonly string[] {
  return [...new Set(tree.nodes.filter((n) => n.enabled && !isField(n) && pressable(n) !== null).map(labelOf))].filter(
    (label) => label !== '' && label.length <= 40,
  );
}
