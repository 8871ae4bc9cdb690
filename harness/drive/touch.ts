import type { Target } from '../model/scenario.js';
import { nearest } from './nearest.js';
import { popUpIn } from './pop-ups.js';
import { GoneElement } from './screen.js';
import type { ScreenElement } from './screen.js';
import { Trouble, labelsOn } from './stage.js';
import type { Sight, Stage } from './stage.js';
import { isPlain, nameOf, nodeFor } from './target.js';
import { tappableLabels } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';

/** Something on the screen, found and ready to be touched. */
export interface Spot {
  readonly element: ScreenElement;
  /** Null when only the driver knows it (XPath, UiAutomator). */ readonly node: ScreenNode | null;
  readonly sight: Sight;
}

type Pick = (tree: ScreenTree, target: Target) => ScreenNode | null;

/** Finds a target, waiting for it; dialogs that nobody expects are dismissed on the way. Throws Trouble with what is on the screen instead. */
export async function find(stage: Stage, target: Target, seconds: number, pick: Pick = nodeFor): Promise<Spot> {
  let last: Sight | null = null;
  const spot = await stage.until(seconds, `expect: ${nameOf(target)}`, async (sight) => {
    last = sight;
    const found = await spotIn(stage, sight, target, pick);
    if (found === null) await dismissPopUp(stage, sight.tree);
    return found;
  });
  if (spot !== null) return spot;
  throw missing(target, last);
}

async function spotIn(stage: Stage, sight: Sight, target: Target, pick: Pick): Promise<Spot | null> {
  if (!isPlain(target)) {
    const element = await stage.play.screen.find(target);
    return element === null ? null : { element, node: null, sight };
  }
  const node = pick(sight.tree, target);
  if (node === null || !node.enabled) return null;
  const element = await stage.handle(node);
  return element === null ? null : { element, node, sight };
}

function missing(target: Target, last: Sight | null): Trouble {
  const name = nameOf(target);
  const labels = last === null ? [] : labelsOn(last.tree);
  const near = nearest(name, labels, 3);
  const stands = last !== null && nodeFor(last.tree, target) !== null;
  if (stands) return new Trouble(`屏幕上的“${name}”一直不可点`, `"${name}" is on the screen but stayed disabled`);
  const hintZh = near.length > 0 ? `，最接近的文字：${near.join('、')}` : last?.notice?.kind === 'notice' ? '，屏幕上是隐私提示' : '';
  const hintEn =
    near.length > 0 ? `; nearest labels: ${near.join(', ')}` : last?.notice?.kind === 'notice' ? '; a privacy notice is on the screen' : '';
  return new Trouble(`屏幕上没有“${name}”${hintZh}`, `"${name}" is not on the screen${hintEn}`);
}

/** Taps once, by `click`; an element that went away between look and tap is looked for again. */
export async function tap(stage: Stage, target: Target, seconds: number, click: (spot: Spot) => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const spot = await find(stage, target, seconds);
    try {
      return await click(spot);
    } catch (error) {
      const gone = error instanceof Trouble ? error.cause : error;
      if (!(gone instanceof GoneElement)) throw error;
      if (tries === 2)
        throw new Trouble(`“${nameOf(target)}”点不到`, `"${nameOf(target)}" cannot be tapped: ${gone.message}`, { cause: gone });
    }
  }
}

/** Presses the way out of an update, offer, notification or rating dialog and says so in the record. */
export async function dismissPopUp(stage: Stage, tree: ScreenTree): Promise<boolean> {
  const popUp = popUpIn(tree);
  if (popUp === null) return false;
  const element = await stage.handle(popUp.out.node);
  if (element === null) return false;
  stage.note('pop-up', `${popUp.kind}: ${popUp.out.label}`);
  await element.click();
  return true;
}

/** Labels that can be tapped now, for the remedy of a failed step. */
export function visibleLabels(tree: ScreenTree): string {
  const labels = tappableLabels(tree);
  return labels.length > 0 ? labels.slice(0, 20).join('、') : '—';
}
