import { BaseDriver, JWProxy, errors } from 'appium/driver.js';
import { executeMethodMap, newMethodMap } from './appium-maps.js';

const constraints = {
  handsetUrl: { presence: true, isString: true },
  udid: { isString: true },
  appPackage: { isString: true },
  autoLaunch: { isBoolean: true },
  autoGrantPermissions: { isBoolean: true },
} as const;
type Constraints = typeof constraints;
type Created = Awaited<ReturnType<BaseDriver<Constraints>['createSession']>>;
interface ElementRef {
  'element-6066-11e4-a52e-4f735466cecf': string;
}

/** Only a handset of this machine, named by a token that nobody can guess. */
const HANDSET_URL = /^http:\/\/127\.0\.0\.1:(\d{1,5})(\/[0-9a-f]{32,64})$/;

/**
 * Appium driver `VirtualHandset`: a thin client of the UiAutomator2 server's HTTP that the handset speaks.
 * It holds no state of the app; what it asks for, and in which words, is what appium-uiautomator2-driver asks its server for.
 */
export class VirtualHandsetDriver extends BaseDriver<Constraints> {
  static readonly executeMethodMap = executeMethodMap;
  static readonly newMethodMap = newMethodMap;
  private wire: JWProxy | null = null;

  constructor(...args: ConstructorParameters<typeof BaseDriver<Constraints>>) {
    super(...args);
    this.desiredCapConstraints = constraints;
    this.locatorStrategies = ['xpath', 'id', 'class name', 'accessibility id', '-android uiautomator'];
  }

  override async createSession(...args: unknown[]): Promise<Created> {
    const create = super.createSession as (...given: unknown[]) => Promise<unknown>;
    const session = (await create.apply(this, args)) as Created;
    const where = HANDSET_URL.exec(String(session[1].handsetUrl));
    if (where === null) {
      await super.deleteSession(session[0]);
      throw new errors.SessionNotCreatedError('appium:handsetUrl must be http://127.0.0.1:PORT/TOKEN');
    }
    this.wire = new JWProxy({ server: '127.0.0.1', port: Number(where[1]), base: where[2] ?? '', log: this.log, keepAlive: true });
    try {
      await this.wire.command('/session', 'POST', { capabilities: { firstMatch: [{}], alwaysMatch: session[1] } });
    } catch (cause) {
      await super.deleteSession(session[0]);
      throw new errors.SessionNotCreatedError(`the handset did not open a session: ${String(cause)}`);
    }
    return session;
  }

  override async deleteSession(sessionId?: string | null): Promise<void> {
    // The handset may be gone already; the session ends on our side all the same.
    await this.wire?.command('/', 'DELETE').catch((error: unknown) => this.log.debug(`handset did not end its session: ${String(error)}`));
    this.wire = null;
    await super.deleteSession(sessionId);
  }

  private async ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body: Record<string, unknown> | null = null): Promise<T> {
    if (this.wire === null) throw new errors.NoSuchDriverError('no handset session');
    return (await this.wire.command(path, method, body)) as T;
  }

  override findElOrEls(strategy: string, selector: string, mult: true, context?: unknown): Promise<ElementRef[]>;
  override findElOrEls(strategy: string, selector: string, mult: false, context?: unknown): Promise<ElementRef>;
  override async findElOrEls(strategy: string, selector: string, mult: boolean, context?: unknown): Promise<ElementRef[] | ElementRef> {
    let found: ElementRef[] = [];
    const look = async (): Promise<boolean> => {
      const answer = await this.ask<ElementRef[] | ElementRef>('POST', mult ? '/elements' : '/element', {
        strategy,
        selector,
        context: context ?? '',
        multiple: mult,
      });
      found = [answer].flat();
      return found.length > 0;
    };
    // Only what is not there yet is waited for; a locator that cannot be read is told at once.
    const there = async (): Promise<boolean> =>
      look().catch((error: unknown) => {
        if (error instanceof errors.NoSuchElementError) return false;
        throw error;
      });
    await this.implicitWaitForCondition(there).catch((error: unknown) => {
      if (!(error instanceof Error) || !/Condition unmet/.test(error.message)) throw error;
    });
    if (mult) return found;
    const [first] = found;
    if (first === undefined) throw new errors.NoSuchElementError();
    return first;
  }

  async active(): Promise<ElementRef> {
    return this.ask('GET', '/element/active');
  }
  async click(id: string): Promise<void> {
    await this.ask('POST', `/element/${id}/click`, { element: id });
  }
  async getText(id: string): Promise<string> {
    return String(await this.ask('GET', `/element/${id}/text`));
  }
  async getName(id: string): Promise<string> {
    return String(await this.ask('GET', `/element/${id}/name`));
  }
  async getAttribute(name: string, id: string): Promise<string | null> {
    return this.ask('GET', `/element/${id}/attribute/${encodeURIComponent(name)}`);
  }
  async getElementRect(id: string): Promise<unknown> {
    return this.ask('GET', `/element/${id}/rect`);
  }
  async elementDisplayed(id: string): Promise<boolean> {
    return (await this.getAttribute('displayed', id)) === 'true';
  }
  async elementEnabled(id: string): Promise<boolean> {
    return (await this.getAttribute('enabled', id)) === 'true';
  }
  async elementSelected(id: string): Promise<boolean> {
    return (await this.getAttribute('selected', id)) === 'true';
  }
  async clear(id: string): Promise<void> {
    await this.ask('POST', `/element/${id}/clear`, {});
  }
  async setValue(text: string, id: string): Promise<void> {
    await this.ask('POST', `/element/${id}/value`, { elementId: id, text, replace: false });
  }
  async mobileReplaceElementValue(elementId: string, text: string): Promise<void> {
    await this.ask('POST', `/element/${elementId}/value`, { elementId, text, replace: true });
  }
  async mobileType(text: string): Promise<void> {
    await this.ask('POST', '/keys', { text, replace: false });
  }

  override async getPageSource(): Promise<string> {
    return this.ask('GET', '/source');
  }
  async getScreenshot(): Promise<string> {
    return this.ask('GET', '/screenshot');
  }
  async getElementScreenshot(id: string): Promise<string> {
    return this.ask('GET', `/element/${id}/screenshot`);
  }
  async getWindowSize(): Promise<{ readonly width: number; readonly height: number }> {
    return this.ask('GET', '/window/current/size');
  }
  async getWindowRect(): Promise<unknown> {
    return { x: 0, y: 0, ...(await this.getWindowSize()) };
  }
  async getOrientation(): Promise<string> {
    return this.ask('GET', '/orientation');
  }
  async performActions(actions: unknown): Promise<void> {
    await this.ask('POST', '/actions', { actions });
  }
  async releaseActions(): Promise<void> {
    /* every pointer of the handset is up after each chain, as UiAutomator2 has it */
  }

  async getAlertText(): Promise<string> {
    return this.ask('GET', '/alert/text');
  }
  async postAcceptAlert(): Promise<void> {
    await this.mobileAcceptAlert();
  }
  async postDismissAlert(): Promise<void> {
    await this.mobileDismissAlert();
  }
  async mobileAcceptAlert(buttonLabel?: string): Promise<void> {
    await this.ask('POST', '/alert/accept', buttonLabel === undefined ? {} : { buttonLabel });
  }
  async mobileDismissAlert(buttonLabel?: string): Promise<void> {
    await this.ask('POST', '/alert/dismiss', buttonLabel === undefined ? {} : { buttonLabel });
  }

  async back(): Promise<void> {
    await this.ask('POST', '/back', {});
  }
  async pressKeyCode(keycode: number, metastate?: number, flags?: number): Promise<void> {
    await this.ask('POST', '/appium/device/press_keycode', {
      keycode,
      ...(metastate === undefined ? {} : { metastate }),
      ...(flags === undefined ? {} : { flags }),
    });
  }
  async mobilePressKey(keycode: number, metastate?: number, flags?: number): Promise<void> {
    await this.pressKeyCode(Number(keycode), metastate, flags);
  }
  async hideKeyboard(): Promise<boolean> {
    return this.ask('POST', '/appium/device/hide_keyboard', {});
  }
  async isKeyboardShown(): Promise<boolean> {
    return this.ask('GET', '/appium/device/is_keyboard_shown');
  }
  async mobileClickGesture(elementId?: unknown, x?: number, y?: number): Promise<void> {
    await this.ask('POST', '/appium/gestures/click', gesture(elementId, x, y));
  }
  async mobileLongClickGesture(elementId?: unknown, x?: number, y?: number, duration?: number): Promise<void> {
    await this.ask('POST', '/appium/gestures/long_click', { ...gesture(elementId, x, y), duration });
  }
  async mobileSwipeGesture(...[direction, percent, ...where]: AreaGesture): Promise<void> {
    await this.ask('POST', '/appium/gestures/swipe', { ...area(where), direction, percent });
  }
  async mobileScrollGesture(...[direction, percent, ...where]: AreaGesture): Promise<boolean> {
    return this.ask('POST', '/appium/gestures/scroll', { ...area(where), direction, percent });
  }

  async mobileGetDeviceInfo(): Promise<unknown> {
    return this.ask('GET', '/appium/device/info');
  }
  async getCurrentActivity(): Promise<string> {
    return this.ask('GET', '/appium/device/current_activity');
  }
  async getCurrentPackage(): Promise<string> {
    return this.ask('GET', '/appium/device/current_package');
  }
  async getContexts(): Promise<readonly string[]> {
    return ['NATIVE_APP'];
  }
  async getCurrentContext(): Promise<string> {
    return 'NATIVE_APP';
  }
  async setContext(name: string): Promise<void> {
    if (name !== 'NATIVE_APP' && name !== '') throw new errors.NoSuchContextError();
  }

  async execute(script: string, args: readonly unknown[]): Promise<unknown> {
    const first = args[0];
    return this.executeMethod(script, [typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : {}]);
  }
}

function gesture(elementId: unknown, x: number | undefined, y: number | undefined): Record<string, unknown> {
  const origin = elementId === undefined || elementId === null ? undefined : { 'element-6066-11e4-a52e-4f735466cecf': String(elementId) };
  return { origin, offset: x === undefined || y === undefined ? undefined : { x, y } };
}

type Where = [elementId?: unknown, left?: number, top?: number, width?: number, height?: number, speed?: number];
type AreaGesture = [direction: string, percent: number, ...where: Where];

function area([elementId, left, top, width, height, speed]: Where): Record<string, unknown> {
  const { origin } = gesture(elementId, undefined, undefined);
  return { origin, speed, area: left === undefined || top === undefined ? undefined : { left, top, width, height } };
}
