import { agrees, isRationale, plain, refusalIn, refuses } from './consent.js';
import type { NoticeButton, NoticeReading } from './consent.js';
import { press, pressing, writeConsent } from './press.js';
import type { Meaning } from './press.js';
import { PATIENCE_SECONDS, Trouble } from './stage.js';
import type { Sight, Stage } from './stage.js';
import { labelOf, pressable } from './tree.js';

/** Dialogs that ask again after a refusal are followed so far. */
const LAYERS = 3;
/** A page that only has a box is taken for the app's way to ask when no notice came for so long, in seconds. */
const BOX_AFTER_SECONDS = 3;
const COUNTDOWN_SECONDS = 30;
/** Agreeing may take a tick, a countdown and a second tap. */
const TAKES = 4;

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
    return 'by-log-in';
  }
  for (let tries = 0; tries < TAKES; tries += 1) {
    const button = seen.notice.agree;
    if (button === null) throw new Trouble('提示里没有同意按钮', 'the notice has no button that agrees');
    if (!canPress(button)) {
      seen = await awaitEnabled(stage, seen);
      continue;
    }
    const taken = await press(stage, { act: 'agreed', how: 'button' }, seen, pressing(stage, button));
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
  if ((await press(stage, refusing(button), seen, pressing(stage, button))) !== 'taken')
    throw new Trouble(`点了“${button.label}”，但提示没有消失`, `"${button.label}" was pressed, but the notice stayed`);
  const labels = [button.label];
  let last = seen.xml;
  for (let layer = 1; layer < LAYERS; layer += 1) {
    const next = await stage.until(1.5, 'after refusal', (sight) =>
      sight.xml === last || sight.tree.package !== seen.tree.package ? null : sight,
    );
    const refusal = next === null ? null : refusalIn(next.tree);
    if (next === null || refusal === null || !isSecondChance(next)) break;
    await press(stage, refusing(refusal), { ...next, notice: next.notice ?? seen.notice }, pressing(stage, refusal));
    labels.push(refusal.label);
    last = next.xml;
  }
  return labels.join(' → ');
}

/** Answers an alert; one that is a notice is agreed to or refused by its own button. False when there is none. */
export async function answerByAlert(stage: Stage, sight: Sight, answer: 'accept' | 'dismiss'): Promise<boolean> {
  const { notice } = sight;
  const button = answer === 'accept' ? notice?.agree : notice?.decline;
  if (notice?.kind !== 'notice' || !button) return answerUnread(stage, sight, answer);
  const meaning: Meaning = answer === 'accept' ? { act: 'agreed', how: 'plain-tap' } : refusing(button);
  await press(stage, meaning, sight, pressing(stage, button));
  return true;
}

/** An alert that is not known for a notice may be one when its button says so. */
async function answerUnread(stage: Stage, { tree }: Sight, answer: 'accept' | 'dismiss'): Promise<boolean> {
  const label = tree.nodes.map((node) => plain(labelOf(node))).find(agrees);
  const from = stage.clock.now();
  const done = await stage.play.screen.alert(answer);
  if (done && answer === 'accept' && label !== undefined && !stage.agreed && !isRationale(tree)) stage.gap('notice-gone', label, from);
  return done;
}

function refusing(button: NoticeButton): Meaning {
  return { act: 'declined', how: refuses(button.label) === 'put-off' ? 'put-off' : 'button' };
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
  if (left === null) return 'back-ignored';
  const touched = { from, to, click: null, notice: seen.notice, before, after: await stage.picture() };
  writeConsent(stage, { act: 'declined', how: 'back' }, touched);
  return 'back';
}

/** A dialog that asks again: it offers a refusal and speaks of the consent that was refused. */
function isSecondChance(sight: Sight): boolean {
  const said = sight.tree.nodes.map(labelOf).join('\n');
  return sight.notice?.kind === 'notice' || /同意|隐私|个人信息|无法(使用|继续|提供)|退出/.test(said);
}
