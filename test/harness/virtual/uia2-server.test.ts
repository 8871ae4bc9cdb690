import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveUia2 } from '../../../harness/virtual/uia2-server.js';
import type { Uia2Server } from '../../../harness/virtual/uia2-server.js';
import { button, field, label, LOAN, row, stack, stage } from './ui/stage.js';
import type { Stage } from './ui/stage.js';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
let at: Stage;
let server: Uia2Server;
let session: string;

beforeEach(async () => {
  at = stage();
  server = await serveUia2({ windows: at.windows, clock: at.clock, info: { model: 'JJ-1' } });
  session = `/session/${String(((await call('POST', '/session', { capabilities: { platformName: 'Android' } })).value as { sessionId: string }).sessionId)}`;
});
afterEach(async () => {
  await server.close();
  at.clock.close();
});

interface Answer {
  readonly status: number;
  readonly value: unknown;
  readonly error: string | null;
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const { value } = (await response.json()) as { value: unknown };
  const error = typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : null;
  return { status: response.status, value, error };
}
const within = (method: string, path: string, body?: unknown): Promise<Answer> => call(method, session + path, body);
async function find(strategy: string, selector: string): Promise<string> {
  const { value } = await within('POST', '/element', { strategy, selector, context: '', multiple: false });
  return String((value as Record<string, string>)[ELEMENT]);
}
const touchOf = (x: number, y: number, x2 = x, y2 = y): unknown => ({
  actions: [
    {
      type: 'pointer',
      id: 'f',
      parameters: { pointerType: 'touch' },
      actions: [
        { type: 'pointerMove', duration: 0, x, y },
        { type: 'pointerDown', button: 0 },
        { type: 'pointerMove', duration: 9, x: x2, y: y2 },
        { type: 'pointerUp', button: 0 },
      ],
    },
  ],
});

describe('an element', () => {
  it('outlives a new rendering of its window, not its dialog', async () => {
    at.ui.activity('MainActivity', stack(label('一', { id: 'state' })));
    const state = await find('id', 'state');
    at.ui.activity('MainActivity', stack(label('二', { id: 'state' })));
    expect((await within('GET', `/element/${state}/text`)).value).toBe('二');
    const dialog = at.ui.dialog(stack(label('提示', { id: 'tip' })));
    const tip = await find('id', 'tip');
    expect((await within('GET', `/element/${tip}/attribute/displayed`)).value).toBe('true');
    dialog.dismiss();
    expect(await within('GET', `/element/${tip}/text`)).toMatchObject({ status: 404, error: 'stale element reference' });
    expect(await within('POST', `/element/${tip}/click`, {})).toMatchObject({ error: 'stale element reference' });
  });

  it('under a dialog still answers, but a touch at it does not reach it', async () => {
    at.ui.activity('MainActivity', stack(button('下一步', () => at.heard.push('next'))));
    const next = await find('class name', 'android.widget.Button');
    at.ui.dialog(label('提示'));
    expect((await within('GET', `/element/${next}/text`)).value).toBe('下一步');
    await within('POST', `/element/${next}/click`, {});
    expect(at.heard).not.toContain('next');
  });

  it('answers for its attributes, place and state', async () => {
    at.ui.activity('MainActivity', stack({ type: 'CheckBox', id: 'cb', text: '同意', desc: '框', checked: true }));
    const cb = await find('accessibility id', '框');
    const get = async (path: string): Promise<unknown> => (await within('GET', `/element/${cb}${path}`)).value;
    expect(
      await Promise.all(
        ['/attribute/checked', '/attribute/resourceId', '/attribute/hint', '/name', '/enabled', '/displayed', '/selected'].map(get),
      ),
    ).toEqual(['true', `${LOAN}:id/cb`, null, '框', true, true, true]);
    expect(await get('/rect')).toMatchObject({ x: 48, y: 108, height: 115 });
    expect(await within('GET', `/element/${cb}/attribute/colour`)).toMatchObject({ error: 'unknown error' });
    expect(
      Buffer.from(String(await get('/screenshot')), 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('that was scrolled away cannot be touched', async () => {
    at.ui.activity('MainActivity', { type: 'ScrollView', children: [stack(...Array.from({ length: 50 }, (_, i) => label(`行${i}`)))] });
    const first = await find('xpath', '//*[@text="行0"]');
    await within('POST', '/actions', touchOf(500, 1800, 500, 300));
    expect((await within('GET', `/element/${first}/displayed`)).value).toBe(false);
    expect(await within('POST', `/element/${first}/click`, {})).toMatchObject({ status: 400, error: 'element not interactable' });
  });
});

describe('typing', () => {
  beforeEach(() => at.ui.activity('FormActivity', stack(field('a', { hint: '姓名', text: '张' }), field('b'), label('说明', { id: 'c' }))));

  it('appends, replaces and clears', async () => {
    const a = await find('id', 'a');
    await within('POST', `/element/${a}/value`, { text: '三' });
    expect(at.ui.textOf('a')).toBe('张三');
    await within('POST', `/element/${a}/value`, { text: '李四', replace: true });
    expect(at.ui.textOf('a')).toBe('李四');
    await within('POST', `/element/${a}/clear`, {});
    expect([at.ui.textOf('a'), (await within('GET', `/element/${a}/text`)).value]).toEqual(['', '姓名']);
  });

  it('presses Enter for a line end: to the next field, then the keyboard goes', async () => {
    const a = await find('id', 'a');
    await within('POST', `/element/${a}/value`, { text: '三\n' });
    expect((await within('GET', '/element/active')).value).toMatchObject({ [ELEMENT]: await find('id', 'b') });
    await within('POST', '/keys', { text: 'x1' });
    await within('POST', '/keys', { text: '\n' });
    expect([at.ui.textOf('a'), at.ui.textOf('b'), (await within('GET', '/appium/device/is_keyboard_shown')).value]).toEqual([
      '张三',
      'x1',
      false,
    ]);
  });

  it('into what is no field is an invalid element state', async () => {
    expect(await within('POST', `/element/${await find('id', 'c')}/value`, { text: 'x' })).toMatchObject({
      status: 400,
      error: 'invalid element state',
    });
  });

  it('hides the keyboard once', async () => {
    await within('POST', `/element/${await find('id', 'a')}/click`, {});
    expect([
      (await within('POST', '/appium/device/hide_keyboard', {})).value,
      (await within('POST', '/appium/device/hide_keyboard', {})).value,
    ]).toEqual([true, false]);
  });
});

describe('a touch', () => {
  it('is answered while its handler waits for the user', async () => {
    const steps: string[] = [];
    at.ui.activity(
      'MainActivity',
      stack(
        button('定位', async () => {
          steps.push(await at.windows.permissionPrompt({ package: LOAN, label: '快易贷', group: 'LOCATION', permissions: [] }));
        }),
      ),
    );
    expect((await within('POST', `/element/${await find('class name', 'android.widget.Button')}/click`, {})).status).toBe(200);
    expect((await within('GET', '/alert/text')).value).toBe('要允许“快易贷”获取此设备的位置信息吗？');
    await within('POST', '/alert/dismiss', {});
    expect(steps).toEqual(['deny']);
  });

  it('whose handler threw is an error of that request alone', async () => {
    at.ui.activity(
      'MainActivity',
      stack(
        button('崩溃', () => {
          throw new Error('handler broke');
        }),
      ),
    );
    const id = await find('class name', 'android.widget.Button');
    expect(await within('POST', `/element/${id}/click`, {})).toMatchObject({ status: 500, error: 'unknown error' });
    expect((await within('GET', `/element/${id}/text`)).value).toBe('崩溃');
  });

  it('by actions lands where it says, in a link as well', async () => {
    at.ui.activity(
      'MainActivity',
      stack(label('请阅读《隐私政策》', { id: 'p', links: [{ text: '《隐私政策》', open: () => at.heard.push('opened') }] })),
    );
    const { x, y, height } = (await within('GET', `/element/${await find('id', 'p')}/rect`)).value as {
      x: number;
      y: number;
      height: number;
    };
    await within('POST', '/actions', touchOf(x + 20, y + height / 2));
    expect(at.heard).not.toContain('opened');
    await within('POST', '/actions', touchOf(x + 5 * 42, y + height / 2));
    expect(at.heard).toContain('opened');
  });

  it('of the back and home keys leaves', async () => {
    at.ui.activity('MainActivity', label('首页'));
    at.ui.activity('SecondActivity', label('二'));
    await within('POST', '/back', {});
    expect((await within('GET', '/appium/device/current_activity')).value).toBe('MainActivity');
    await within('POST', '/appium/device/press_keycode', { keycode: 3 });
    expect((await within('GET', '/appium/device/current_package')).value).toBe('com.android.launcher3');
  });
});

describe('alerts', () => {
  it("are known by the ids of Android's own dialog", async () => {
    at.ui.activity('MainActivity', label('首页'));
    expect(await within('GET', '/alert/text')).toMatchObject({ status: 404, error: 'no such alert' });
    const dialog = at.ui.dialog(
      stack(
        label('退出', { id: 'alertTitle' }),
        label('确定退出吗？', { id: 'android:id/message' }),
        row(
          button('取消', () => at.heard.push('no'), { id: 'android:id/button2' }),
          button('确定', () => dialog.dismiss(), { id: 'android:id/button1' }),
        ),
      ),
    );
    expect((await within('GET', '/alert/text')).value).toBe('退出\n确定退出吗？');
    await within('POST', '/alert/dismiss', {});
    expect(at.heard).toContain('no');
    await within('POST', '/alert/accept', { buttonLabel: '确定' });
    expect(await within('POST', '/alert/accept', {})).toMatchObject({ error: 'no such alert' });
  });
});

describe('the clock', () => {
  it('cannot jump while a request is in flight', async () => {
    const slow = request(`${server.url}${session}/appium/settings`, { method: 'POST', headers: { 'Content-Length': 2 } });
    const answered = new Promise<void>((done) => void slow.on('response', (response) => void response.resume().on('end', done)));
    slow.flushHeaders();
    // The server has read the head once a later request was answered on another connection.
    await within('GET', '/window/rect');
    let jumped = false;
    at.clock.onJump(() => (jumped = true));
    const waited = at.clock.wait(60_000, 'observe');
    for (let i = 0; i < 100; i++) await new Promise((turn) => void setImmediate(turn));
    expect(jumped).toBe(false);
    slow.end('{}');
    await Promise.all([answered, waited]);
    expect(jumped).toBe(true);
  });
});

describe('bad input', () => {
  it.each([
    ['GET', '/session/nope/source', 404, 'invalid session id', undefined],
    ['GET', 'S/no/such/thing', 404, 'unknown command', undefined],
    ['GET', '/nowhere', 404, 'unknown command', undefined],
    ['GET', 'S/element/x/click', 405, 'unknown method', undefined],
    ['DELETE', '/session', 405, 'unknown method', undefined],
    ['POST', 'S/element', 400, 'invalid argument', '{"strategy":'],
    ['POST', 'S/element', 400, 'invalid argument', '[]'],
    ['POST', 'S/element', 400, 'invalid argument', 'null'],
    ['POST', 'S/element', 400, 'invalid argument', {}],
    ['POST', 'S/element', 400, 'invalid selector', { strategy: 'xpath', selector: '//*[' }],
    ['POST', 'S/element', 404, 'no such element', { using: 'id', value: 'x' }],
    ['GET', 'S/element/unknown/text', 404, 'no such element', undefined],
    ['POST', 'S/actions', 400, 'invalid argument', { actions: 3 }],
    ['POST', 'S/actions', 400, 'invalid argument', { actions: [{ type: 'pointer', actions: [{ type: 'pointerMove', x: 'a', y: 1 }] }] }],
    ['POST', 'S/appium/gestures/swipe', 400, 'invalid argument', { area: { left: 0, top: 0, width: 9, height: 9 }, direction: 'sideways' }],
    ['POST', 'S/element', 413, 'invalid argument', JSON.stringify({ strategy: 'id', selector: 'x'.repeat(1024 * 1024) })],
  ])('%s %s is answered with %i %s', async (...[method, path, status, error, body]) => {
    expect(await call(method, path.replace(/^S/, session), body)).toMatchObject({ status, error });
    expect((await call('GET', '/status')).status).toBe(200);
  });

  it('without the token gets 404 and does not hold the clock', async () => {
    const { origin, pathname } = new URL(server.url);
    for (const path of ['/', '/status', `${pathname.slice(0, -1)}0x/status`, `/${'0'.repeat(32)}/status`, '/%E0%A4%A/status'])
      expect((await fetch(origin + path)).status).toBe(404);
  });

  it('that is not HTTP is answered and forgotten', async () => {
    const { port } = new URL(server.url);
    const answer = await new Promise<string>((done) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('\0\x01garbage\r\n\r\n'));
      let text = '';
      socket.on('data', (part) => (text += String(part))).on('close', () => done(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect((await call('GET', '/status')).value).toMatchObject({ ready: true });
  });
});
