import type { ScenarioStep, Target } from '../model/scenario.js';
import { tapPlainly } from './plain-tap.js';
import { agree, answerByAlert, decline, expectNotice } from './privacy.js';
import { BadSelector, GoneElement } from './screen.js';
import { PATIENCE_SECONDS, Trouble } from './stage.js';
import type { Stage } from './stage.js';
import { boxFor, fieldFor, nameOf, shows } from './target.js';
import { dismissPopUp, find } from './touch.js';
import { withdraw } from './withdraw.js';

type Keys<U> = U extends unknown ? keyof U : never;
export type ActName = Keys<ScenarioStep>;
type ArgumentOf<K extends ActName> = Extract<ScenarioStep, Readonly<Record<K, unknown>>>[K];

/** Where an act stands. `seconds`: how long it may wait for what it needs; `perform` runs the steps of a block. */
export interface Place {
  readonly path: string;
  readonly seconds: number;
  readonly perform: (steps: readonly ScenarioStep[], path: string, seconds: number) => Promise<void>;
}

type Act<K extends ActName> = (stage: Stage, argument: ArgumentOf<K>, place: Place) => Promise<string>;

/** Between two looks while nothing is touched: prompts wait no longer than this, in milliseconds of the run clock. */
const GLANCE_MS = 2_000;
/** Right after a start notices and prompts come in turn: when each was first seen should be told closely. */
const LIVELY_MS = 3_000;
const QUICK_GLANCE_MS = 250;
/** How long `when` and optional acts wait, in seconds. */
const BRIEF_SECONDS = 2;
const SWIPES = 12;
/** Sender of one-time codes, as carriers give it to services. */
const OTP_SENDER = '10690001';

/** All acts of a scenario. Each returns what it did, in a few words, and throws Trouble when it cannot. */
export const ACTS: { readonly [K in ActName]: Act<K> } = {
  permissions: async (stage, policy) => {
    stage.policy = policy;
    return Object.entries(policy)
      .map(([group, answer]) => `${group}=${answer}`)
      .join(' ');
  },
  launch: async (stage, { clean }) => {
    if (clean) await stage.play.handset.clear();
    stage.restarted(clean);
    await stage.play.handset.launch();
    await stage.look();
    return clean ? 'clean' : '';
  },
  relaunch: async (stage) => {
    await stop(stage);
    await stage.play.handset.launch();
    await stage.look();
    return '';
  },
  stop: async (stage) => {
    await stop(stage);
    return '';
  },
  observe: async (stage, seconds) => {
    const began = stage.clock.now().ms;
    for (let past = 0; past < seconds * 1000; past = stage.clock.now().ms - began) {
      await stage.look();
      await stage.wait(Math.min(past < LIVELY_MS ? QUICK_GLANCE_MS : GLANCE_MS, seconds * 1000 - past), `observe ${seconds} s`);
    }
    await stage.look();
    return `${seconds} s`;
  },
  background: async (stage, seconds) => {
    await stage.play.handset.home();
    await stage.wait(seconds * 1000, `background ${seconds} s`);
    await stage.play.handset.launch();
    return `${seconds} s`;
  },
  privacy: async (stage, what) => `${what}: ${await { expect: expectNotice, agree, decline, withdraw }[what](stage)}`,
  tap: async (stage, target, place) => {
    await tapPlainly(stage, target, place.seconds);
    return nameOf(target);
  },
  type: async (stage, { into, value, secret }, place) => {
    await typeInto(stage, into, value, place.seconds);
    return `${nameOf(into)} ← ${secret === true ? '******' : value}`;
  },
  tick: (stage, target, place) => setBox(stage, target, true, place),
  untick: (stage, target, place) => setBox(stage, target, false, place),
  scrollTo: async (stage, target) => {
    for (let i = 0; i < SWIPES; i += 1) {
      const found = await find(stage, target, 0).catch((error: unknown) => {
        if (error instanceof Trouble) return null;
        throw error;
      });
      if (found !== null) return nameOf(target);
      await stage.play.screen.swipeUp();
    }
    await find(stage, target, 0);
    return nameOf(target);
  },
  back: async (stage) => {
    await stage.play.screen.back();
    return '';
  },
  alert: async (stage, answer, place) => {
    const done = await stage.until(place.seconds, 'expect: alert', async (sight) =>
      (await answerByAlert(stage, sight, answer)) ? true : null,
    );
    if (done === null) throw new Trouble('屏幕上没有系统对话框', 'no alert is on the screen');
    return answer;
  },
  otp: async (stage, { into, from }, place) => {
    const { otp } = stage.play.persona;
    if (from === 'sms') await stage.play.handset.deliverSms(OTP_SENDER, `【登录验证】验证码 ${otp}，5 分钟内有效，请勿告知他人。`);
    await typeInto(stage, into, otp, place.seconds);
    return `${nameOf(into)} ← ${from}`;
  },
  expect: expectScreen,
  optional: async (_stage, steps, place) => {
    try {
      await place.perform(steps, place.path, BRIEF_SECONDS);
      return '';
    } catch (error) {
      if (error instanceof Trouble) return `nothing-to-do · ${error.both}`;
      throw error;
    }
  },
  when: async (stage, { text, then, else: otherwise }, place) => {
    const there = await stage.until(BRIEF_SECONDS, `expect: ${text}`, (sight) => (shows(sight.tree, text) ? true : null));
    if (there !== null) await place.perform(then, place.path, place.seconds);
    else if (otherwise !== undefined) await place.perform(otherwise, `${place.path}.e`, place.seconds);
    return there !== null ? text : `absent · ${text}`;
  },
  repeat: async (_stage, { times, steps }, place) => {
    for (let i = 0; i < times; i += 1) await place.perform(steps, place.path, place.seconds);
    return `× ${times}`;
  },
  reach: async (stage, need) => {
    await stage.look();
    return need;
  },
  phase: async (_stage, name) => name,
  screenshot: async (_stage, name) => name,
};

async function stop(stage: Stage): Promise<void> {
  await stage.play.handset.flush();
  await stage.play.handset.stop();
  stage.restarted(false);
}

async function typeInto(stage: Stage, into: Target, text: string, seconds: number): Promise<void> {
  const { element } = await find(stage, into, seconds, fieldFor);
  try {
    await element.type(text);
  } catch (error) {
    if (error instanceof GoneElement) throw new Trouble(`“${nameOf(into)}”不能输入`, `"${nameOf(into)}" takes no typing`, { cause: error });
    throw error;
  }
  await stage.play.screen.hideKeyboard();
}

async function setBox(stage: Stage, target: Target, wanted: boolean, place: Place): Promise<string> {
  const { node, element, sight } = await find(stage, target, place.seconds, boxFor);
  const is = node === null ? await element.checked() : node.checked;
  if (is === wanted) return `already · ${nameOf(target)}`;
  const label = sight.notice?.box?.node.path === node?.path ? sight.notice?.box?.label : undefined;
  stage.touched.add(label ?? nameOf(target));
  await element.click();
  return nameOf(target);
}

async function expectScreen(stage: Stage, wanted: ArgumentOf<'expect'>): Promise<string> {
  const seconds = wanted.seconds ?? PATIENCE_SECONDS;
  const words = [wanted.text, wanted.gone === undefined ? undefined : `gone: ${wanted.gone}`, wanted.activity]
    .filter((word) => word !== undefined)
    .join(', ');
  let activity = '';
  const met = await stage.until(seconds, `expect: ${words}`, async ({ tree }) => {
    if (wanted.activity !== undefined) {
      activity = await stage.play.screen.currentActivity();
      if (!`.${activity}`.endsWith(`.${wanted.activity.replace(/^\./, '')}`)) return null;
    }
    const fits = (wanted.text === undefined || shows(tree, wanted.text)) && (wanted.gone === undefined || !shows(tree, wanted.gone));
    if (!fits) await dismissPopUp(stage, tree);
    return fits ? true : null;
  });
  if (met === null)
    throw new Trouble(
      `${seconds} 秒内没有等到 ${words}${activity === '' ? '' : `（当前页面 ${activity}）`}`,
      `${words} did not come within ${seconds} s${activity === '' ? '' : ` (now in ${activity})`}`,
    );
  return words;
}

/** Whether an error is the scenario's or the app's doing, and not the lab's. */
export function asTrouble(error: unknown): Trouble | null {
  if (error instanceof Trouble) return error;
  if (error instanceof BadSelector)
    return new Trouble(`无法识别的定位方式：${error.message}`, `the locator cannot be read: ${error.message}`, { cause: error });
  if (error instanceof GoneElement)
    return new Trouble(`元素已不在屏幕上：${error.message}`, `the element is gone: ${error.message}`, { cause: error });
  return null;
}
