import { NOT_YET, TAKES_BACK, TO_ME, TO_PRIVACY, TO_SETTINGS, WITHDRAW, WITHDRAWN, WITHDRAW_CONFIRM } from './consent-words.js';
import { plain } from './consent.js';
import type { NoticeButton } from './consent.js';
import { pressing, touch, writeConsent } from './press.js';
import { PATIENCE_SECONDS, Trouble } from './stage.js';
import type { Sight, Stage } from './stage.js';
import { labelOf, pressable } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';

const WITHDRAW_TAPS = 10;
/** Confirmations that may follow one another. */
const CONFIRMATIONS = 3;
const LAUNCHER = /launcher|\.home$/;

/** Takes consent back by the app's own way: 我的, 设置, 撤回同意, and the confirmation. Trouble unless the app shows that it did. */
export async function withdraw(stage: Stage): Promise<string> {
  const way: string[] = [];
  const pages: Sight[] = [];
  const tried = new Set<string>();
  for (let i = 0; i < WITHDRAW_TAPS; i += 1) {
    const next = await stage.until(way.length === 0 ? PATIENCE_SECONDS : 3, 'expect: 撤回同意', (sight) => {
      const button =
        [WITHDRAW, TO_PRIVACY, TO_SETTINGS, TO_ME].map((words) => named(sight.tree, words, tried)).find((found) => found !== null) ?? null;
      return button === null ? null : { sight, button };
    });
    if (next === null) break;
    way.push(next.button.label);
    tried.add(next.button.label);
    pages.push(next.sight);
    if (WITHDRAW.some((word) => word.test(next.button.label))) {
      await confirm(stage, { pages, button: next.button, way });
      return way.join(' → ');
    }
    await (await stage.handle(next.button.node))?.click();
  }
  throw new Trouble(
    `找不到撤回同意的入口${way.length > 0 ? `（走过：${way.join(' → ')}）` : ''}`,
    `no way to withdraw consent was found${way.length > 0 ? ` (went: ${way.join(' → ')})` : ''}`,
  );
}

/** The pages on the way to the button, the last of them with the button on it. */
interface Walk {
  readonly pages: readonly Sight[];
  readonly button: NoticeButton;
  readonly way: string[];
}

/** Presses on through confirmations until the app shows that consent was taken back; that tap was the withdrawal. */
async function confirm(stage: Stage, { pages, button, way }: Walk): Promise<void> {
  let sight = pages.at(-1);
  let next: NoticeButton | null = button;
  for (let taps = 0; taps <= CONFIRMATIONS && sight !== undefined && next !== null; taps += 1) {
    const from: Sight = sight;
    if (taps > 0) way.push(next.label);
    const touched = await touch(stage, from, pressing(stage, next), false);
    const seen = await stage.until(PATIENCE_SECONDS, 'expect: 已撤回', (now) => {
      if (isProof(stage, { pages, from, now, confirmed: taps > 0 })) return { now, again: null };
      const again = now.xml === from.xml ? null : named(now.tree, WITHDRAW_CONFIRM, new Set());
      return again === null ? null : { now, again };
    });
    if (seen !== null && seen.again === null) return writeConsent(stage, { act: 'withdrawn', how: 'button' }, touched);
    sight = seen?.now;
    next = seen?.again ?? null;
  }
  throw new Trouble(
    `点了 ${way.join(' → ')}，但没有看到撤回已经生效`,
    `pressed ${way.join(' → ')}, but nothing shows that consent was withdrawn`,
  );
}

interface Outcome {
  readonly pages: readonly Sight[];
  /** The screen before the tap. */ readonly from: Sight;
  readonly now: Sight;
  /** A confirmation was asked for and given. */ readonly confirmed: boolean;
}

/** The app says so, asks for consent again, ended, or went back to where we came from once it had its confirmation. */
function isProof(stage: Stage, { pages, from, now, confirmed }: Outcome): boolean {
  if (LAUNCHER.test(now.tree.package) || saysSo(from, now)) return true;
  const asked = now.notice;
  if (asked !== null && pages.every((page) => page.notice === null) && (stage.asked.has(asked.text) || !TAKES_BACK.test(asked.text)))
    return true;
  return confirmed && pages.some((page) => words(page) === words(now));
}

function saysSo(from: Sight, now: Sight): boolean {
  const old = new Set(from.tree.nodes.map(labelOf));
  return [...now.tree.nodes.map(labelOf), ...now.tree.toasts].some((said) => !old.has(said) && WITHDRAWN.test(said) && !NOT_YET.test(said));
}

const words = ({ tree }: Sight): string => tree.nodes.map(labelOf).join('\n');

function named(tree: ScreenTree, wanted: readonly RegExp[], tried: ReadonlySet<string>): NoticeButton | null {
  for (const word of wanted) {
    const node = tree.nodes.find(
      (one: ScreenNode) => one.enabled && pressable(one) !== null && word.test(plain(labelOf(one))) && !tried.has(plain(labelOf(one))),
    );
    if (node !== undefined) return { label: plain(labelOf(node)), node };
  }
  return null;
}
