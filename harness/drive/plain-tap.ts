import type { Target } from '../model/scenario.js';
import type { Stamp } from '../model/stamp.js';
import { LOG_IN } from './consent-words.js';
import { agrees, isRationale, plain, refuses } from './consent.js';
import type { NoticeButton, NoticeReading } from './consent.js';
import { press, stays } from './press.js';
import type { Meaning } from './press.js';
import type { Stage } from './stage.js';
import { tap } from './touch.js';
import type { Spot } from './touch.js';
import { labelOf, pressable } from './tree.js';
import type { ScreenNode } from './tree.js';

/** Taps what the scenario names. Where that agrees or refuses, it is recorded as such: else all that follows would look like before consent. */
export async function tapPlainly(stage: Stage, target: Target, seconds: number): Promise<void> {
  await tap(stage, target, seconds, (spot) => click(stage, spot));
}

async function click(stage: Stage, spot: Spot): Promise<void> {
  const { notice } = spot.sight;
  const label = await labelFor(spot, notice);
  const meaning = meaningOf(stage, spot, label);
  if (meaning !== null) {
    const taken = await press(stage, meaning, spot.sight, { label, element: async () => spot.element });
    if (taken === 'taken' && meaning.how === 'log-in') stage.agreesByLogIn = false;
    return;
  }
  if (notice?.box && spot.node !== null && isOn(spot.node, notice.box.node)) stage.touched.add(notice.box.label);
  const from = stage.clock.now();
  await spot.element.click();
  if (notice !== null && mayAnswer(spot, notice, label)) await watch(stage, notice, { label, from });
}

/** What a tap on this says about consent; null: nothing. */
function meaningOf(stage: Stage, { sight, node }: Spot, label: string): Meaning | null {
  const { notice } = sight;
  if (notice?.kind === 'notice') {
    const hits = (button: NoticeButton | null): boolean =>
      button !== null && (button.label === label || (node !== null && isOn(node, button.node)));
    const refusal = refuses(label);
    if (refusal !== null) return { act: 'declined', how: refusal === 'put-off' ? 'put-off' : 'plain-tap' };
    if (hits(notice.agree) || agrees(label)) return { act: 'agreed', how: 'plain-tap' };
    return null;
  }
  const logsIn = LOG_IN.test(label);
  if (stage.agreesByLogIn && logsIn) return { act: 'agreed', how: 'log-in' };
  if (stage.agreed) return null;
  if (notice !== null) return notice.box?.state !== 'unticked' && (logsIn || agrees(label)) ? { act: 'agreed', how: 'log-in' } : null;
  // The page was not known for a notice, but the scenario knows better; an app's word for a permission is no consent.
  return (agrees(label) || (logsIn && label.startsWith('同意'))) && !isRationale(sight.tree) ? { act: 'agreed', how: 'plain-tap' } : null;
}

/** A tap on a link or the box answers nothing. */
function mayAnswer({ node }: Spot, notice: NoticeReading, label: string): boolean {
  if (notice.kind !== 'notice' || notice.links.some((link) => link.text === label)) return false;
  return node === null || notice.box === null || !isOn(node, notice.box.node);
}

/** A tap that takes a notice away may have agreed to it in words that nobody knows: a gap, so that nothing is held against the app. */
async function watch(
  stage: Stage,
  notice: NoticeReading,
  { label, from }: { readonly label: string; readonly from: Stamp },
): Promise<void> {
  const left = await stage.until(1, 'after the tap', (sight) => (stays(notice, sight.tree) ? null : true));
  if (left !== null) stage.gap('notice-gone', label, from);
}

/** What stands on the thing to be tapped; of a layout without words, what the notice's button in it says. */
async function labelFor({ node, element }: Spot, notice: NoticeReading | null): Promise<string> {
  const own = plain(node === null ? await element.text() : labelOf(node));
  if (own !== '' || node === null) return own;
  const inside = [notice?.agree, notice?.decline].find((button) => button && isOn(node, button.node));
  return inside?.label ?? own;
}

/** Whether a tap on one is a tap on the other. */
function isOn(node: ScreenNode, other: ScreenNode): boolean {
  return node === other || (pressable(node) !== null && pressable(node) === pressable(other) && (node.clickable || other.clickable));
}
