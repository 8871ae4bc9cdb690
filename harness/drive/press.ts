import type { Consent } from '../model/event.js';
import { order } from '../model/stamp.js';
import type { Stamp } from '../model/stamp.js';
import { noticeIn, plain } from './consent.js';
import type { NoticeButton, NoticeReading } from './consent.js';
import { GoneElement } from './screen.js';
import type { ScreenElement } from './screen.js';
import { Trouble } from './stage.js';
import type { Sight, Stage } from './stage.js';
import { readTree } from './tree.js';
import type { ScreenTree } from './tree.js';

/** Something to press: what it says, and its element, null when it went away. */
export interface Pressing {
  readonly label: string;
  readonly element: () => Promise<ScreenElement | null>;
}

/** A consent act and the way it is expressed. */
export interface Meaning {
  readonly act: 'agreed' | 'declined' | 'withdrawn';
  readonly how: NonNullable<Consent['how']>;
}

/** One tap with everything that shows when it happened. */
export interface Touched {
  readonly from: Stamp;
  readonly to: Stamp;
  readonly click: Stamp | null;
  readonly notice: NoticeReading | null;
  readonly before: NonNullable<Consent['before']>;
  readonly after: NonNullable<Consent['after']>;
}

/** `tick-first`: the app says that its box comes first; `ignored`: the notice stays. */
export type Taken = 'taken' | 'tick-first' | 'ignored';

/** The app says that its box has to be ticked first. */
const TICK_FIRST = /请?先?.{0,6}(阅读|勾选|同意).{0,12}(协议|政策|条款|勾选)/;

/** A button of a notice, to be looked for again when its turn comes. */
export function pressing(stage: Stage, button: NoticeButton): Pressing {
  return { label: button.label, element: () => stage.handle(button.node) };
}

/** Taps and records, unless the app did not take the tap: then nothing was agreed or refused. Trouble when it cannot be tapped. */
export async function press(stage: Stage, meaning: Meaning, sight: Sight, button: Pressing): Promise<Taken> {
  const touched = await touch(stage, sight, button, meaning.act === 'agreed');
  const first = takenAtOnce(sight, touched);
  // The app itself says that this was no agreement.
  if (first === 'tick-first' && meaning.act === 'agreed') stage.unsettled = null;
  if (first === 'tick-first') return first;
  // A click that was seen is written at once: a run may be cut in the next moment, and what follows must not count as before it.
  const written = first === 'taken' || touched.click !== null;
  if (written) writeConsent(stage, meaning, touched);
  if (first === 'taken' || (written && meaning.act !== 'agreed')) return 'taken';
  if (await goesAway(stage, touched)) {
    if (!written) writeConsent(stage, meaning, touched);
    return 'taken';
  }
  // The click reached the app and the app still asks: whether that was consent, nobody can say.
  if (written) stage.gap('agreement-unsettled', button.label, touched.from);
  return 'ignored';
}

/** Whether this very notice still stands. */
export function stays(notice: NoticeReading | null, tree: ScreenTree): boolean {
  return notice !== null && noticeIn(tree)?.text === notice.text;
}

type Tapped = Touched & { readonly afterXml: string };

function takenAtOnce(before: Sight, { notice, afterXml }: Tapped): 'taken' | 'tick-first' | null {
  const after = readTree(afterXml);
  if (!stays(notice, after)) return 'taken';
  // A toast that stood there before the tap does not speak of it.
  if (after.toasts.some((toast) => TICK_FIRST.test(toast) && !before.tree.toasts.includes(toast))) return 'tick-first';
  // A log-in page stays until its server answers.
  return notice?.kind === 'box' ? 'taken' : null;
}

async function goesAway(stage: Stage, { notice }: Tapped): Promise<boolean> {
  return (await stage.until(2, 'after the tap', (sight) => (stays(notice, sight.tree) ? null : true))) !== null;
}

/** One tap: its window, the agent's own stamp, and a picture on either side. `agrees`: until it is settled, what follows may be after consent. */
export async function touch(stage: Stage, sight: Sight, button: Pressing, agrees: boolean): Promise<Tapped> {
  const before = await stage.picture(sight.xml);
  const clicks: { readonly at: Stamp; readonly text: string }[] = [];
  const stop = stage.play.handset.onClick((click) => clicks.push(click));
  try {
    const element = await button.element();
    if (element === null) throw new GoneElement(`${button.label} went away`);
    const from = stage.clock.now();
    if (agrees) stage.unsettled ??= { from, label: button.label, before };
    await element.click();
    const to = stage.clock.now();
    const afterXml = await stage.play.screen.source();
    const after = await stage.picture(afterXml);
    await stage.play.handset.flush();
    return { from, to, click: clickIn(clicks, { from, to }, button.label), notice: sight.notice, before, after, afterXml };
  } catch (error) {
    if (error instanceof GoneElement)
      throw new Trouble(`“${button.label}”在点之前消失了，或点不到`, `"${button.label}" went away before it was tapped, or cannot be`, {
        cause: error,
      });
    throw error;
  } finally {
    stop();
  }
}

/** Writes a consent act. An agreement may have been any tap since the first one that nobody saw taken. */
export function writeConsent(stage: Stage, { act, how }: Meaning, touched: Touched): void {
  const { to, notice, after } = touched;
  const first = act === 'agreed' ? stage.unsettled : null;
  const repeated = first !== null && first.from !== touched.from;
  const from = repeated ? first.from : touched.from;
  const click = repeated ? null : touched.click;
  if (act === 'agreed') stage.unsettled = null;
  stage.agreed = act === 'agreed';
  stage.play.recorder.write({
    kind: 'consent',
    at: click ?? from,
    act,
    how,
    window: { from, to },
    click,
    notice: notice === null ? null : stage.view(notice),
    before: repeated ? first.before : touched.before,
    after,
  });
}

/** The agent's stamp of this tap: the click inside the window on a view that says the same; a lone click on a view without words also counts. */
function clickIn(
  clicks: readonly { readonly at: Stamp; readonly text: string }[],
  window: { readonly from: Stamp; readonly to: Stamp },
  label: string,
): Stamp | null {
  const inside = clicks.filter((click) => order(click.at, window.from) !== 'before' && order(click.at, window.to) !== 'after');
  const same = inside.find((click) => plain(click.text) === label);
  if (same !== undefined) return same.at;
  return inside.length === 1 && inside[0]?.text === '' ? inside[0].at : null;
}
