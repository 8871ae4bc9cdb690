import type { Browser } from 'webdriverio';
import { LabError } from '../model/errors.js';
import type { Target } from '../model/scenario.js';
import { BadSelector, GoneElement } from './screen.js';
import type { ScreenElement, Session } from './screen.js';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** Longest answer that is waited for, in milliseconds; a picture on a slow handset takes seconds. */
const ANSWER_MS = 60_000;

/** Loads webdriverio ahead of time, while the handset and Appium start. */
export async function warmUp(): Promise<void> {
  await import('webdriverio');
}

/** Opens a session of the handset through an Appium server on this machine. Nothing is launched, reset or granted by it. @throws LabError DRIVER_LOST */
export async function openSession(options: {
  readonly port: number;
  readonly capabilities: Readonly<Record<string, unknown>>;
}): Promise<Session> {
  const { remote } = await import('webdriverio');
  const browser = await lostUnless(() =>
    remote({
      hostname: '127.0.0.1',
      port: options.port,
      path: '/',
      logLevel: 'silent',
      connectionRetryCount: 0,
      connectionRetryTimeout: ANSWER_MS,
      capabilities: {
        platformName: 'Android',
        'appium:autoLaunch': false,
        'appium:noReset': true,
        'appium:autoGrantPermissions': false,
        'appium:newCommandTimeout': 0,
        ...options.capabilities,
        'wdio:enforceWebDriverClassic': true,
      },
    }),
  );
  return sessionOf(browser);
}

function sessionOf(browser: Browser): Session {
  return {
    ...looks(browser),
    ...touchesOf(browser),
    close: async () => {
      // What is lost already needs no ending.
      await browser.deleteSession().catch(() => undefined);
    },
  };
}

function looks(browser: Browser): Pick<Session, 'source' | 'screenshot' | 'find' | 'currentActivity' | 'currentPackage'> {
  return {
    source: () => lostUnless(() => browser.getPageSource()),
    screenshot: async () => Buffer.from(await lostUnless(() => browser.takeScreenshot()), 'base64'),
    find: async (target) => {
      const [using, value] = locator(target);
      const found: unknown = await lostUnless(() => nullUnless(['no such element'], () => browser.findElement(using, value)));
      const id = typeof found === 'object' && found !== null && ELEMENT in found ? String(found[ELEMENT]) : null;
      return id === null ? null : elementOf(browser, id);
    },
    currentActivity: async () => String(await lostUnless(() => browser.execute('mobile: getCurrentActivity', {}))),
    currentPackage: async () => String(await lostUnless(() => browser.execute('mobile: getCurrentPackage', {}))),
  };
}

function touchesOf(browser: Browser): Pick<Session, 'swipeUp' | 'back' | 'hideKeyboard' | 'alert'> {
  return {
    swipeUp: async () => {
      const { width, height } = await lostUnless(() => browser.getWindowRect());
      const at = (share: number, duration: number): object => ({
        type: 'pointerMove',
        duration,
        x: Math.round(width / 2),
        y: Math.round(height * share),
        origin: 'viewport',
      });
      const actions = [at(0.75, 0), { type: 'pointerDown', button: 0 }, at(0.3, 300), { type: 'pointerUp', button: 0 }];
      await lostUnless(() => browser.performActions([{ type: 'pointer', id: 'finger', parameters: { pointerType: 'touch' }, actions }]));
    },
    back: () => lostUnless(() => browser.back()),
    hideKeyboard: async () => {
      await lostUnless(() => nullUnless(['unknown error', 'invalid element state'], () => browser.execute('mobile: hideKeyboard', {})));
    },
    alert: async (answer) => {
      const press = async (): Promise<true> => {
        await (answer === 'accept' ? browser.acceptAlert() : browser.dismissAlert());
        return true;
      };
      return (await lostUnless(() => nullUnless(['no such alert'], press))) ?? false;
    },
  };
}

function elementOf(browser: Browser, id: string): ScreenElement {
  return {
    click: async () => {
      await lostUnless(() => browser.elementClick(id));
    },
    type: async (text) => {
      await lostUnless(() => browser.execute('mobile: replaceElementValue', { elementId: id, text }));
    },
    text: () => lostUnless(() => browser.getElementText(id)),
    checked: async () => String(await lostUnless(() => browser.getElementAttribute(id, 'checked'))) === 'true',
  };
}

function locator(target: Target): readonly [string, string] {
  if (typeof target === 'string') return ['xpath', label(target)];
  if ('id' in target) return ['id', target.id];
  if ('text' in target) return ['xpath', label(target.text)];
  if ('desc' in target) return ['accessibility id', target.desc];
  if ('uia' in target) return ['-android uiautomator', target.uia];
  return ['xpath', target.xpath];
}

function label(text: string): string {
  const quoted = `concat('', ${text
    .split("'")
    .map((part) => `'${part}'`)
    .join(', "\'", ')})`;
  return `//*[normalize-space(@text)=${quoted} or normalize-space(@content-desc)=${quoted}]`;
}

async function nullUnless<T>(names: readonly string[], call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (names.includes(nameOf(error))) return null;
    throw error;
  }
}

/** Tells apart what the handset answered and a driver that is gone. */
async function lostUnless<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const name = nameOf(cause);
    const message = cause instanceof Error ? cause.message : String(cause);
    if (name === 'invalid selector') throw new BadSelector(message, { cause });
    if (
      [
        'stale element reference',
        'no such element',
        'invalid element state',
        'element not interactable',
        'element click intercepted',
        'move target out of bounds',
      ].includes(name)
    )
      throw new GoneElement(message, { cause });
    throw new LabError('DRIVER_LOST', { why: message.split('\n')[0] ?? message }, { cause });
  }
}

/** The W3C error name that webdriverio puts into `name` (`WebDriverResponseError` else). */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
