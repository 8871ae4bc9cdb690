import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeMethodMap, newMethodMap } from '../../../harness/drive/appium-maps.js';
import { startAppium } from '../../../harness/drive/appium-server.js';
import { BadSelector, GoneElement } from '../../../harness/drive/screen.js';
import { openSession } from '../../../harness/drive/session.js';
import { packageRoot } from '../../../harness/package-root.js';
import type { Lab } from './lab.js';
import { openLab } from './lab.js';
import theirs from './uiautomator2-maps.json' with { type: 'json' };

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => {
  await lab.close();
});

describe("our driver offers what UiAutomator2's offers, under the same names", () => {
  it.each(Object.entries(executeMethodMap))('%s', (name, ours) => {
    expect(Object.keys(theirs.execute)).toContain(name);
    expect(ours).toEqual((theirs.execute as Readonly<Record<string, unknown>>)[name]);
  });
  it.each(Object.entries(newMethodMap))('%s', (route, ours) => {
    const known = (theirs.routes as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[route];
    for (const [method, command] of Object.entries(ours)) expect(command).toEqual(known?.[method]);
  });
});

/** A raw W3C request to the Appium server. */
async function ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly value: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${lab.appium.port}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const { value } = (await answer.json()) as { readonly value: unknown };
  return { status: answer.status, value };
}

async function newSession(capabilities: Readonly<Record<string, unknown>>): Promise<{ readonly status: number; readonly value: unknown }> {
  return ask('POST', '/session', {
    capabilities: {
      alwaysMatch: { platformName: 'Android', 'appium:automationName': 'VirtualHandset', ...capabilities },
      firstMatch: [{}],
    },
  });
}

describe('a session', () => {
  const token = 'ab'.repeat(16);
  it.each([
    ['no handset at all', {}],
    ['another machine', { 'appium:handsetUrl': `http://10.0.0.1:8000/${token}` }],
    ['a host name', { 'appium:handsetUrl': `http://localhost:8000/${token}` }],
    ['no token', { 'appium:handsetUrl': 'http://127.0.0.1:8000/' }],
    ['a handset that is not there', { 'appium:handsetUrl': `http://127.0.0.1:1/${token}` }],
  ])('is refused for %s', async (_name, capabilities) => {
    const { value } = await newSession(capabilities);
    expect(value).toMatchObject({ error: 'session not created' });
  });
  it('finds by all strategies, and tells apart what is not there, gone, and unreadable', async () => {
    await lab.perform(
      ({ ui }) =>
        ui.activity('MainActivity', {
          type: 'LinearLayout',
          children: [
            {
              type: 'Button',
              id: 'go',
              text: "it's on",
              desc: 'go on',
              onClick: () => ui.activity('NextActivity', { type: 'TextView', text: 'next' }),
            },
            { type: 'EditText', id: 'et', hint: 'words' },
          ],
        }),
      [{ launch: { clean: true } }],
    );
    const { session } = lab;
    for (const target of [
      "it's on",
      { id: 'go' },
      { text: "it's on" },
      { desc: 'go on' },
      { uia: 'new UiSelector().resourceIdMatches(".*:id/go")' },
      { xpath: '//*[matches(@text, "^it")]' },
    ] as const)
      expect(await (await session.find(target))?.text()).toBe("it's on");
    expect(await session.find({ id: 'none' })).toBeNull();
    await expect(session.find({ xpath: '//*[' })).rejects.toBeInstanceOf(BadSelector);
    const go = await session.find({ id: 'go' });
    await expect(go!.type('x')).rejects.toBeInstanceOf(GoneElement);
    const field = await session.find({ id: 'et' });
    await field!.type('a');
    await field!.type('b');
    expect(await field!.text()).toBe('b');
    await session.hideKeyboard();
    await session.hideKeyboard();
    expect(await session.alert('accept')).toBe(false);
    expect([await session.currentPackage(), await session.currentActivity()]).toEqual([
      'com.example.trial',
      expect.stringMatching(/MainActivity$/),
    ]);
    await go!.click();
    await expect(go!.click()).rejects.toBeInstanceOf(GoneElement);
    expect(await session.source()).toContain('next');
    expect((await session.screenshot()).length).toBeGreaterThan(1000);
  });
  it('answers an unknown mobile: command as base-driver does, with the nearest one', async () => {
    const id = await otherSession();
    const { value } = await ask('POST', `/session/${id}/execute/sync`, { script: 'mobile: getCurentActivity', args: [] });
    expect(value).toMatchObject({
      error: 'unsupported operation',
      message: expect.stringContaining("did you mean 'mobile: getCurrentActivity'"),
    });
    expect((await ask('GET', `/session/${id}/contexts`)).value).toEqual(['NATIVE_APP']);
    expect((await ask('GET', `/session/${id}/window/rect`)).value).toEqual({ x: 0, y: 0, width: 1080, height: 2280 });
    expect((await ask('POST', `/session/${id}/execute/sync`, { script: 'mobile: deviceInfo', args: [] })).value).toMatchObject({
      model: 'trial',
    });
    expect((await ask('DELETE', `/session/${id}`)).status).toBe(200);
  });
});

/** A second handset server would take the first one's session; a bare HTTP server is enough here. */
async function otherSession(): Promise<string> {
  const { value } = await newSession({ 'appium:handsetUrl': bareUrl });
  return (value as { readonly sessionId: string }).sessionId;
}
const bare = createServer((request, response) => {
  const answers: Readonly<Record<string, unknown>> = {
    '/window/current/size': { width: 1080, height: 2280 },
    '/appium/device/info': { model: 'trial' },
  };
  const path = (request.url ?? '').replace(/^\/\w+\/session(\/s1)?/, '');
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({
      sessionId: 's1',
      value: request.method === 'POST' && path === '' ? { sessionId: 's1', capabilities: {} } : (answers[path] ?? null),
    }),
  );
});
let bareUrl = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    bare.listen(0, '127.0.0.1', resolve);
  });
  bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/${'cd'.repeat(16)}`;
});
afterAll(() => {
  bare.closeAllConnections();
  bare.close();
});

describe('the Appium child', () => {
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  it('is lost: whoever uses the session is told so', async () => {
    const home = mkdtempSync(join(tmpdir(), 'jiejing-lost-'));
    const appium = await startAppium({ homeDir: home, log: () => undefined });
    const session = await openSession({
      port: appium.port,
      capabilities: { 'appium:automationName': 'VirtualHandset', 'appium:handsetUrl': bareUrl },
    });
    const told = new Promise<string>((resolve) => {
      appium.onLost(resolve);
    });
    process.kill(appium.pid, 'SIGKILL');
    expect(await told).toContain('SIGKILL');
    await expect(session.source()).rejects.toMatchObject({ code: 'DRIVER_LOST' });
    await session.close();
    await appium.close();
    rmSync(home, { recursive: true, force: true });
  });
  it('an address book of one driver is all that its home holds', async () => {
    const home = mkdtempSync(join(tmpdir(), 'jiejing-home-'));
    const appium = await startAppium({ homeDir: home, log: () => undefined });
    const manifest = JSON.parse(readFileSync(join(home, 'node_modules/.cache/appium/extensions.yaml'), 'utf8')) as {
      readonly drivers: Readonly<Record<string, { readonly installPath: string; readonly appiumVersion: string }>>;
    };
    expect(Object.keys(manifest.drivers)).toEqual(['virtualhandset']);
    expect(existsSync(join(manifest.drivers['virtualhandset']!.installPath, 'package.json'))).toBe(true);
    expect(manifest.drivers['virtualhandset']!.appiumVersion).toBe('^3.0.0');
    await appium.close();
    expect(alive(appium.pid)).toBe(false);
    rmSync(home, { recursive: true, force: true });
  });
  it('goes when its parent is killed', async () => {
    const home = mkdtempSync(join(tmpdir(), 'jiejing-kill-'));
    const entry = pathToFileURL(join(packageRoot(), 'dist/harness/drive/appium-server.js')).href;
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { startAppium } = await import(${JSON.stringify(entry)}); const s = await startAppium({ homeDir: ${JSON.stringify(home)}, log: () => {} }); console.log(s.pid); setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = await new Promise<number>((resolve) => {
      createInterface({ input: parent.stdout }).once('line', (line) => resolve(Number(line)));
    });
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
    rmSync(home, { recursive: true, force: true });
  });
  it('cannot start in a home that cannot be written: the reason is given', async () => {
    await expect(startAppium({ homeDir: '/dev/null/home', log: () => undefined })).rejects.toMatchObject({
      code: 'APPIUM_FAILED',
      facts: { why: expect.stringContaining('ENOTDIR') },
    });
  });
  it('an abort while it starts leaves no child', async () => {
    const home = mkdtempSync(join(tmpdir(), 'jiejing-abort-'));
    const stop = new AbortController();
    const start = startAppium({ homeDir: home, log: () => undefined, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(start).rejects.toThrow('enough');
    rmSync(home, { recursive: true, force: true });
  });
});
