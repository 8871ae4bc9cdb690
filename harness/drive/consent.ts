import { isSystemPackage } from './system-packages.js';
import {
  AGREE,
  AGREEMENT,
  BOX_SAYS,
  BUTTON_LENGTH,
  GO_ON,
  LOG_IN,
  POLICY,
  PUT_OFF,
  RATIONALE,
  RATIONALE_BUTTON,
  REFUSE,
  SPEAKS_OF,
  TAKES_BACK,
} from './consent-words.js';
import { boundsText, isField, labelOf, pressable, readTree, sameRow } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';
import type { NoticeView } from '../model/event.js';

export interface NoticeButton {
  readonly label: string;
  readonly node: ScreenNode;
}
export interface NoticeBox {
  readonly state: 'ticked' | 'unticked' | 'unknown';
  readonly label: string;
  readonly node: ScreenNode;
}
export interface NoticeLink {
  readonly text: string;
  /** Where to tap; the span inside the text when the node is not a link itself. */ readonly node: ScreenNode;
  readonly inText: boolean;
}

/** A notice as it stands on the screen. */
export interface NoticeReading {
  /** `box`: no notice, but a page (log-in, form) whose agreement to a privacy policy is a box. */
  readonly kind: 'notice' | 'box';
  readonly title: string;
  readonly text: string;
  readonly agree: NoticeButton | null;
  readonly decline: NoticeButton | null;
  readonly box: NoticeBox | null;
  readonly links: readonly NoticeLink[];
  readonly score: number;
  /** `likely` where the button only says 确定 or 继续, or where no policy is named. */
  readonly confidence: 'sure' | 'likely';
}

/** Four points and a button that agrees make a notice. */
const ENOUGH = 4;

/** Finds a privacy notice in a page source by what is written on the screen; null when there is none. */
export function readNotice(xml: string): NoticeReading | null {
  return noticeIn(readTree(xml));
}

/** As `readNotice`, of a tree that is already parsed. */
export function noticeIn(tree: ScreenTree): NoticeReading | null {
  if (isSystemPackage(tree.package)) return null;
  const box = findBox(tree);
  const said = tree.nodes.map(labelOf).filter((label) => label !== '');
  const score = scoreOf(said.join('\n'), tree);
  return (score >= ENOUGH ? fullNotice(tree, box, score) : null) ?? boxPage(tree, box, score);
}

/** What is kept of a reading in the record. */
export function viewOf(reading: NoticeReading): NoticeView {
  return {
    title: reading.title,
    text: reading.text,
    agree: reading.agree?.label ?? null,
    decline: reading.decline?.label ?? null,
    box: reading.box === null ? null : { state: reading.box.state, label: reading.box.label, bounds: boundsText(reading.box.node.bounds) },
    links: reading.links.map((link) => link.text),
    score: reading.score,
  };
}

/** What refuses in a dialog that follows a refusal, whether or not it speaks of a policy; null when nothing on the screen does. */
export function refusalIn(tree: ScreenTree): NoticeButton | null {
  return isSystemPackage(tree.package) ? null : first(buttons(tree), [...REFUSE, ...PUT_OFF]);
}

/** Whether a plain label says yes in so many words; what refuses is looked for first. */
export function agrees(label: string): boolean {
  return refuses(label) === null && says(AGREE, label);
}

/** How a plain label refuses: `said` in words, or only `put-off`; null when it does not. */
export function refuses(label: string): 'said' | 'put-off' | null {
  if (says(REFUSE, label)) return 'said';
  return says(PUT_OFF, label) ? 'put-off' : null;
}

/** Whether the app explains a permission before the system asks for it. */
export function isRationale(tree: ScreenTree): boolean {
  const said = tree.nodes.map(labelOf).join('\n');
  return RATIONALE.test(said) && buttons(tree).some((button) => RATIONALE_BUTTON.test(button.label));
}

/** A label without blanks, ornament and countdown: `同意并继续（3s）` is 同意并继续. */
export function plain(label: string): string {
  return label
    .replace(/\s+/g, /^[\x20-\x7e]+$/.test(label) ? ' ' : '')
    .replace(/[（(]\d+ ?[sS秒]?[）)]$|\d+[sS秒]$/u, '')
    .replace(/^[【「<]|[】」>!！。~]$/gu, '')
    .trim();
}

function scoreOf(said: string, tree: ScreenTree): number {
  const spoken = SPEAKS_OF.filter((word) => word.test(said)).length;
  return spoken + (POLICY.test(said) ? 2 : 0) + (AGREEMENT.test(said) ? 1 : 0) + (findLinks(tree.nodes).length > 0 ? 1 : 0);
}

function fullNotice(tree: ScreenTree, box: NoticeBox | null, score: number): NoticeReading | null {
  const all = buttons(tree).filter(
    (button) => box === null || !sameRow(button.node, box.node) || !BOX_SAYS.test(button.label) || button.node.class.endsWith('Button'),
  );
  const open = all.filter((button) => refuses(button.label) === null);
  const strong = first(open, AGREE);
  const said = tree.nodes.map(labelOf).join('\n');
  // 确定 alone asks for consent only where the text says so, and never where it takes one back.
  const weak =
    strong === null && POLICY.test(said) && /同意|授权/.test(said) && !TAKES_BACK.test(said) && !isRationale(tree)
      ? first(open, GO_ON)
      : null;
  const agree = strong ?? weak;
  if (agree === null || (isRationale(tree) && !POLICY.test(said))) return null;
  const part = container(tree, agree.node);
  const inside = tree.nodes.filter((node) => within(node, part));
  if (inside.some(isField)) return null;
  const decline = first(
    all.filter((button) => within(button.node, part)),
    [...REFUSE, ...PUT_OFF],
  );
  const text = inside
    .filter((node) => node !== agree.node && node !== decline?.node)
    .map(labelOf)
    .filter((label) => label !== '');
  return {
    kind: 'notice',
    title: titleOf(text),
    text: text.join('\n'),
    agree,
    decline,
    score,
    links: findLinks(inside),
    box: box !== null && within(box.node, part) ? box : null,
    confidence: strong !== null && POLICY.test(said) ? 'sure' : 'likely',
  };
}

function boxPage(tree: ScreenTree, box: NoticeBox | null, score: number): NoticeReading | null {
  // A switch among settings shows what the user chose earlier; only where one signs up does a box ask.
  if (box === null || !POLICY.test(box.label) || !(tree.nodes.some(isField) || buttons(tree).some((button) => LOG_IN.test(button.label))))
    return null;
  // What the user typed is neither the page's title nor any word of the app's.
  const labels = tree.nodes
    .filter((node) => !isField(node))
    .map(labelOf)
    .filter((label) => label !== '');
  const row = tree.nodes.filter((node) => node === box.node || sameRow(node, box.node));
  return {
    kind: 'box',
    title: titleOf(labels),
    text: box.label,
    agree: null,
    decline: null,
    box,
    links: findLinks(row),
    score,
    confidence: box.state === 'unknown' ? 'likely' : 'sure',
  };
}

function buttons(tree: ScreenTree): readonly NoticeButton[] {
  return tree.nodes
    .filter((node) => !node.checkable && !isField(node) && pressable(node) !== null)
    .map((node) => ({ label: plain(labelOf(node)), node }))
    .filter((button) => button.label !== '' && [...button.label].length <= (/^[\x20-\x7e]+$/.test(button.label) ? 24 : BUTTON_LENGTH));
}

function says(words: readonly RegExp[], label: string): boolean {
  return words.some((word) => word.test(label));
}

function first(among: readonly NoticeButton[], words: readonly RegExp[]): NoticeButton | null {
  for (const word of words) {
    const found = among.find((button) => word.test(button.label));
    if (found !== undefined) return found;
  }
  return null;
}

function within(node: ScreenNode, part: ScreenNode | null): boolean {
  if (part === null) return true;
  for (let at: ScreenNode | null = node; at !== null; at = at.parent) if (at === part) return true;
  return false;
}

/** The smallest part that holds the button and enough of the words: a web page keeps its background beside the dialog. */
function container(tree: ScreenTree, button: ScreenNode): ScreenNode | null {
  for (let part = button.parent; part !== null; part = part.parent) {
    const at = part;
    const inside = tree.nodes.filter((node) => within(node, at));
    const said = inside.map(labelOf).join('\n');
    if (SPEAKS_OF.filter((word) => word.test(said)).length >= 2 && (POLICY.test(said) || said.length > 60)) return part;
  }
  return null;
}

function titleOf(labels: readonly string[]): string {
  return labels.find((label) => [...label].length <= 24 && !/^《.*》$/.test(label)) ?? '';
}

function findLinks(nodes: readonly ScreenNode[]): readonly NoticeLink[] {
  const found = new Map<string, NoticeLink>();
  for (const node of nodes) {
    const label = labelOf(node);
    const quoted = [...label.matchAll(/《[^《》]{2,40}》/g)].map((match) => match[0]);
    const bare =
      quoted.length === 0 &&
      [...label].length <= BUTTON_LENGTH &&
      (POLICY.test(label) || AGREEMENT.test(label)) &&
      pressable(node) !== null &&
      !node.checkable
        ? [label]
        : [];
    for (const text of [...quoted, ...bare]) {
      const own = label === text && pressable(node) !== null;
      if (!found.has(text) || (own && found.get(text)?.inText === true)) found.set(text, { text, node, inText: !own });
    }
  }
  return [...found.values()];
}

function findBox(tree: ScreenTree): NoticeBox | null {
  const real = tree.nodes.filter((node) => node.checkable && !node.class.endsWith('RadioButton'));
  for (const node of real) {
    const label = boxLabel(tree, node);
    if (BOX_SAYS.test(label) && (POLICY.test(label) || AGREEMENT.test(label) || /《/.test(label)))
      return { state: node.checked ? 'ticked' : 'unticked', label, node };
  }
  const most = Math.max(tree.width, 1) * 0.15;
  const drawn = tree.nodes.filter(
    (node) =>
      /(ImageView|ImageButton|view\.View|Image)$/.test(node.class) &&
      node.clickable &&
      node.text === '' &&
      node.children.length === 0 &&
      size(node) > 0 &&
      size(node) <= most,
  );
  for (const node of drawn) {
    const label = boxLabel(tree, node);
    if (/(阅读|同意|接受).*(《|隐私|协议)/.test(label)) return { state: 'unknown', label, node };
  }
  return null;
}

function size(node: ScreenNode): number {
  return Math.max(node.bounds.right - node.bounds.left, node.bounds.bottom - node.bounds.top);
}

/** What the box says: its own text, else what stands right of it in its row. */
function boxLabel(tree: ScreenTree, box: ScreenNode): string {
  if (box.text.trim() !== '') return box.text.trim();
  const beside = tree.nodes.filter(
    (node) => node !== box && node.text.trim() !== '' && !isField(node) && sameRow(node, box) && node.bounds.left >= box.bounds.left,
  );
  const row = beside.toSorted((a, b) => a.bounds.left - b.bounds.left).map((node) => node.text.trim());
  return row.length > 0 ? row.join('') : box.desc.trim();
}
