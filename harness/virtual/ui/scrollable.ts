import type { Frame } from './desk.js';
import { bad, select, sub, whole, words } from './match.js';
import { height, width } from './node.js';
import type { Chain } from './selector.js';
import type { SourceNode } from './source.js';
import { sourceOf } from './source.js';
import type { Screen } from './windows.js';

/** Swipes that UiScrollable makes before it gives up (its default). */
const MAX_SWIPES = 30;

/** Runs a UiScrollable expression and gives what it finds. @throws DriverError invalid selector */
export function scrollAndFind(chain: Chain, screen: Screen): readonly SourceNode[] {
  const container = sub(chain.makeArguments[0], 'UiScrollable');
  let swipes = MAX_SWIPES;
  let found: readonly SourceNode[] | null = null;
  for (const { name, args } of chain.calls) {
    switch (name) {
      case 'setMaxSearchSwipes':
        swipes = whole(args[0], name);
        break;
      case 'setAsVerticalList':
      case 'setAsHorizontalList':
        break;
      case 'scrollIntoView':
        found = search(screen, container, swipes, (root) => select(sub(args[0], name), root));
        break;
      case 'scrollTextIntoView':
        found = search(screen, container, swipes, (root) => select(textSelector(words(args[0], name)), root));
        break;
      case 'getChildByText':
        found = search(screen, container, swipes, () => byText(container, sub(args[0], name), words(args[1], name), screen.frame()));
        break;
      default:
        found = move(screen, container, name, swipes);
    }
  }
  return found ?? select(container, sourceOf(screen.frame()));
}

function textSelector(text: string): Chain {
  return { make: 'UiSelector', makeArguments: [], calls: [{ name: 'text', args: [text] }] };
}

function byText(container: Chain, child: Chain, text: string, frame: Frame): readonly SourceNode[] {
  const inside = select(container, sourceOf(frame)).flatMap((node) => select(child, node));
  return inside.filter((node) => select(textSelector(text), node).length > 0);
}

/** To the top first, as UiScrollable does, then down page by page. */
function search(
  screen: Screen,
  container: Chain,
  swipes: number,
  find: (root: SourceNode) => readonly SourceNode[],
): readonly SourceNode[] {
  const now = find(sourceOf(screen.frame()));
  if (now.length > 0) return now;
  for (let i = 0; i < swipes && step(screen, container, -1); i++);
  for (let i = 0; i <= swipes; i++) {
    const found = find(sourceOf(screen.frame()));
    if (found.length > 0 || !step(screen, container, 1)) return found;
  }
  return [];
}

function move(screen: Screen, container: Chain, name: string, swipes: number): readonly SourceNode[] {
  const direction = /Backward|ToBeginning/.test(name) ? -1 : 1;
  if (!/^(scroll|fling)(Forward|Backward|ToEnd|ToBeginning)$/.test(name)) throw bad(`UiScrollable has no ${name} method`);
  const times = /To(End|Beginning)$/.test(name) ? swipes : 1;
  for (let i = 0; i < times && step(screen, container, direction); i++);
  return select(container, sourceOf(screen.frame()));
}

function step(screen: Screen, container: Chain, direction: 1 | -1): boolean {
  const [first] = select(container, sourceOf(screen.frame()));
  const node = first?.node ?? null;
  if (node === null || width(node.box) === 0) return false;
  return screen.scrollBy(node, direction * Math.round(height(node.box) * 0.8));
}
