import { order } from '../model/stamp.js';
import type { Stamp } from '../model/stamp.js';
import type { Consent } from '../model/event.js';
import { TO_ME, TO_PRIVACY, TO_SETTINGS, WITHDRAW, WITHDRAW_CONFIRM } from './consent-words.js';
import { noticeIn, plain, refusalIn } from './consent.js';
import type { NoticeButton, NoticeReading } from './consent.js';
import { GoneElement } from './screen.js';
import { PATIENCE_SECONDS, Trouble } from './stage.js';
import type { Sight, Stage } from './stage.js';
import { labelOf, pressable, readTree } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';

/** Dialogs that ask again after a refusal are followed so far. */
const LAYERS = 3;
/** A page that only has a box is taken for the app's way to ask when no notice came for so long, in seconds. */
const BOX_AFTER_SECONDS = 3;
const WITHDRAW_TAPS = 10;
const COUNTDOWN_SECONDS = 30;
/** Agreeing may take a tick, a countdown and a second tap. */
const TAKES = 4;
/** The app says that its box has to be ticked first. */
const TICK_FIRST = /请?先?.{0,6}(阅读|勾选|同意).{0,12}(协议|政策|条款|勾选)/;

/** Waits for a notice. */
export async function expectNotice(stage: Stage): Promise<string> {
  const { notice } = await awaitNotice(stage);
  return notice.title;
}

/** Agrees: ticks the box only when it is there and unticked, then presses the button that agrees once it can be pressed. */
export async function agree(stage: Stage): Promise<string> {
  let seen = await awaitNotice(stage);
  if (seen.notice.box?.state === 'unticked') seen = await tick(stage, seen);
  if (seen.notice.kind === 'box') {
    stage.agreesByLogIn = true;
    return '没有弹窗：同意框之后的登录即同意 / no dialog: the log-in after the box agrees';
  }
  for (let tries = 0; tries < TAKES; tries += 1) {
    const button = seen.notice.agree;
    if (button === null) throw new Trouble('提示里没有同意按钮', 'the notice has no button that agrees');
    if (!canPress(button)) {
      seen = await awaitEnabled(stage, seen);
      continue;
    }
    const taken = await press(stage, 'agreed', seen, button);
    if (taken === 'taken') return button.label;
    seen = await awaitNotice(stage);
    if (taken === 'tick-first') seen = await tick(stage, seen);
  }
  throw new Trouble('点了同意，但应用没有接受', 'the button that agrees was pressed, but the app did not take it');
}

/** Refuses, through as many second-chance dialogs as `LAYERS`; without a button that refuses, presses back and says what came of it. */
export async function decline(stage: Stage): Promise<string> {
  const seen = await awaitNotice(stage);
  const { decline: button } = seen.notice;
  if (button === null) return declineByBack(stage, seen);
  if ((await press(stage, 'declined', seen, button)) !== 'taken')
    throw new Trouble(`点了“${button.label}”，但提示没有消失`, `"${button.label}" was pressed, but the notice stayed`);
  const labels = [button.label];
  let last = seen.xml;
  for (let layer = 1; layer < LAYERS; layer += 1) {
    const next = await stage.until(1.5, 'after refusal', (sight) =>
      sight.xml === last || sight.tree.package !== seen.tree.package ? null : sight,
    );
    const refusal = next === null ? null : refusalIn(next.tree);
    if (next === null || refusal === null || !isSecondChance(next)) break;
    await press(stage, 'declined', { ...next, notice: next.notice ?? seen.notice }, refusal);
    labels.push(refusal.label);
    last = next.xml;
  }
  return labels.join(' → ');
}

/** Takes consent back by the app's own way: 我的, 设置, 撤回同意, and the confirmation. */
export async function withdraw(stage: Stage): Promise<string> {
  const way: string[] = [];
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
    if (WITHDRAW.some((word) => word.test(next.button.label))) {
      await confirmWithdrawal(stage, next.sight, next.button, way);
      return way.join(' → ');
    }
    await (await stage.handle(next.button.node))?.click();
  }
  throw new Trouble(
    `找不到撤回同意的入口${way.length > 0 ? `（走过：${way.join(' → ')}）` : ''}`,
    `no way to withdraw consent was found${way.length > 0 ? ` (went: ${way.join(' → ')})` : ''}`,
  );
}

/** A log-in on a page whose agreement is a box: the tap is the consent. */
export async function agreeByLogIn(stage: Stage, sight: Sight, button: NoticeButton): Promise<boolean> {
  const done = (await press(stage, 'agreed', sight, button)) === 'taken';
  if (done) stage.agreesByLogIn = false;
  return done;
}

async function confirmWithdrawal(stage: Stage, sight: Sight, button: NoticeButton, way: string[]): Promise<void> {
  const first = await touch(stage, sight, button);
  const found = await stage.until(3, 'expect: 确认撤回', (next) => {
    const confirm = named(next.tree, WITHDRAW_CONFIRM, new Set());
    return next.xml === sight.xml || confirm === null ? null : { next, confirm };
  });
  // Where nothing asks for confirmation, the first tap was the withdrawal.
  if (found === null) return writeConsent(stage, 'withdrawn', first);
  way.push(found.confirm.label);
  writeConsent(stage, 'withdrawn', await touch(stage, found.next, found.confirm));
}

type Noticed = Sight & { readonly notice: NoticeReading };

async function awaitNotice(stage: Stage): Promise<Noticed> {
  const began = stage.clock.now().ms;
  const seen = await stage.until(PATIENCE_SECONDS, 'expect: privacy notice', (sight): Noticed | null => {
    const { notice } = sight;
    if (notice === null || (notice.kind === 'box' && stage.clock.now().ms - began < BOX_AFTER_SECONDS * 1000)) return null;
    return { ...sight, notice };
  });
  if (seen === null) throw new Trouble('没有出现隐私提示', 'no privacy notice came up');
  return seen;
}

function canPress(button: NoticeButton): boolean {
  return button.node.enabled && pressable(button.node)?.enabled !== false;
}

/** Some buttons count down before they can be pressed. */
async function awaitEnabled(stage: Stage, seen: Noticed): Promise<Noticed> {
  const ready = await stage.until(COUNTDOWN_SECONDS, 'expect: the button can be pressed', ({ notice, ...sight }): Noticed | null =>
    notice?.agree && canPress(notice.agree) ? { ...sight, notice } : null,
  );
  if (ready === null)
    throw new Trouble(`“${seen.notice.agree?.label ?? ''}”一直不可点`, `"${seen.notice.agree?.label ?? ''}" stayed disabled`);
  return ready;
}

async function tick(stage: Stage, seen: Noticed): Promise<Noticed> {
  const { box } = seen.notice;
  if (box === null) return seen;
  stage.touched.add(box.label);
  await (await stage.handle(box.node))?.click();
  stage.note('tick', box.label);
  return awaitNotice(stage);
}

async function declineByBack(stage: Stage, seen: Noticed): Promise<string> {
  const before = await stage.picture(seen.xml);
  const from = stage.clock.now();
  await stage.play.screen.back();
  const to = stage.clock.now();
  const left = await stage.until(2, 'after back', (sight) => (sight.notice?.kind === 'notice' ? null : true));
  if (left === null) return '没有拒绝按钮；返回键不起作用 / no button refuses, and back does nothing';
  writeConsent(stage, 'declined', { from, to, click: null, notice: seen.notice, before, after: await stage.picture() });
  return '没有拒绝按钮；按了返回键 / no button refuses; pressed back';
}

/** A dialog that asks again: it offers a refusal and speaks of the consent that was refused. */
function isSecondChance(sight: Sight): boolean {
  const said = sight.tree.nodes.map(labelOf).join('\n');
  return sight.notice?.kind === 'notice' || /同意|隐私|个人信息|无法(使用|继续|提供)|退出/.test(said);
}

function named(tree: ScreenTree, words: readonly RegExp[], tried: ReadonlySet<string>): NoticeButton | null {
  for (const word of words) {
    const node = tree.nodes.find(
      (one: ScreenNode) => one.enabled && pressable(one) !== null && word.test(plain(labelOf(one))) && !tried.has(plain(labelOf(one))),
    );
    if (node !== undefined) return { label: plain(labelOf(node)), node };
  }
  return null;
}

interface Touched {
  readonly from: Stamp;
  readonly to: Stamp;
  readonly click: Stamp | null;
  readonly notice: NoticeReading | null;
  readonly before: NonNullable<Consent['before']>;
  readonly after: NonNullable<Consent['after']>;
}

type Taken = 'taken' | 'tick-first' | 'ignored';

/** Taps and records, unless the app did not take the tap: then nothing was agreed or refused. */
async function press(stage: Stage, act: 'agreed' | 'declined', sight: Sight, button: NoticeButton): Promise<Taken> {
  const touched = await touch(stage, sight, button);
  const taken = await wasTaken(stage, touched);
  if (taken === 'taken') writeConsent(stage, act, touched);
  return taken;
}

async function wasTaken(stage: Stage, { notice, click, afterXml }: Touched & { readonly afterXml: string }): Promise<Taken> {
  const after = readTree(afterXml);
  const stays = (tree: ScreenTree): boolean => notice !== null && noticeIn(tree)?.text === notice.text;
  if (!stays(after)) return 'taken';
  if (after.toasts.some((toast) => TICK_FIRST.test(toast))) return 'tick-first';
  // What is sure is written at once: a run may be cut in the next moment. A log-in page stays until its server answers.
  if (click !== null || notice?.kind === 'box') return 'taken';
  return (await stage.until(2, 'after the tap', (sight) => (stays(sight.tree) ? null : true))) === null ? 'ignored' : 'taken';
}

/** One tap with everything that shows when it happened: the window, the agent's own stamp, and a picture on either side. */
async function touch(stage: Stage, sight: Sight, button: NoticeButton): Promise<Touched & { readonly afterXml: string }> {
  const before = await stage.picture(sight.xml);
  const clicks: { readonly at: Stamp; readonly text: string }[] = [];
  const stop = stage.play.handset.onClick((click) => clicks.push(click));
  try {
    const element = await stage.handle(button.node);
    if (element === null) throw new Trouble(`“${button.label}”在点之前消失了`, `"${button.label}" went away before it was tapped`);
    const from = stage.clock.now();
    await element.click();
    const to = stage.clock.now();
    const afterXml = await stage.play.screen.source();
    const after = await stage.picture(afterXml);
    await stage.play.handset.flush();
    return { from, to, click: clickIn(clicks, from, to, button), notice: sight.notice, before, after, afterXml };
  } catch (error) {
    if (error instanceof GoneElement) throw new Trouble(`“${button.label}”点不到`, `"${button.label}" cannot be tapped`, { cause: error });
    throw error;
  } finally {
    stop();
  }
}

function writeConsent(stage: Stage, act: 'agreed' | 'declined' | 'withdrawn', { from, to, click, notice, before, after }: Touched): void {
  stage.play.recorder.write({
    kind: 'consent',
    at: click ?? from,
    act,
    window: { from, to },
    click,
    notice: notice === null ? null : stage.view(notice),
    before,
    after,
  });
}

/** The agent's stamp of this tap: the click inside the window on a view that says the same; a lone click on a view without words also counts. */
function clickIn(
  clicks: readonly { readonly at: Stamp; readonly text: string }[],
  from: Stamp,
  to: Stamp,
  button: NoticeButton,
): Stamp | null {
  const inside = clicks.filter((click) => order(click.at, from) !== 'before' && order(click.at, to) !== 'after');
  const same = inside.find((click) => plain(click.text) === button.label);
  if (same !== undefined) return same.at;
  return inside.length === 1 && inside[0]?.text === '' ? inside[0].at : null;
}
