import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';
import type { Common } from './program.js';
import type { Language } from '../../reports/words.js';
import { json, result } from './say.js';

type State = 'ok' | 'missing' | 'later';
interface Check {
  readonly what: { readonly zh: string; readonly en: string };
  readonly state: State;
  readonly detail: string;
}

const MIN_FREE_BYTES = 1024 ** 3;

/** Checks what an audit needs on this machine. Exit code 0, or 3 when something is missing. */
export async function doctorCommand({ language, json: asJson }: Common): Promise<number> {
  const checks = [node(), built(), fonts(), writable(), disk(), await loopback(), device(language)];
  if (asJson) json(checks);
  else
    for (const { what, state, detail } of checks)
      result(
        `${{ ok: '✓', missing: '✗', later: '–' }[state]} ${what[language]}${detail ? `${language === 'zh' ? '：' : ': '}${detail}` : ''}`,
      );
  return checks.some((c) => c.state === 'missing') ? 3 : 0;
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return {
    what: { zh: 'Node.js 20.19 或更新', en: 'Node.js 20.19 or newer' },
    state: major > 20 || (major === 20 && minor >= 19) ? 'ok' : 'missing',
    detail: process.versions.node,
  };
}

function built(): Check {
  const entry = join(packageRoot(), 'dist/harness/drive/appium-child.js');
  const appium = join(packageRoot(), 'node_modules/appium/package.json');
  const there = existsSync(entry) && (existsSync(appium) || existsSync(join(packageRoot(), '../appium/package.json')));
  return {
    what: { zh: 'Appium 与编译产物', en: 'Appium and the built program' },
    state: there ? 'ok' : 'missing',
    detail: there ? '' : 'npm ci',
  };
}

function fonts(): Check {
  const there = existsSync(join(packageRoot(), 'harness/virtual/fonts'));
  return { what: { zh: '屏幕图片所用字体', en: 'fonts for screen pictures' }, state: there ? 'ok' : 'missing', detail: '' };
}

function writable(): Check {
  try {
    accessSync(process.cwd(), constants.W_OK);
    return { what: { zh: '当前文件夹可写', en: 'this folder can be written' }, state: 'ok', detail: '' };
  } catch {
    return { what: { zh: '当前文件夹可写', en: 'this folder can be written' }, state: 'missing', detail: process.cwd() };
  }
}

function disk(): Check {
  const { bavail, bsize } = statfsSync(process.cwd());
  return {
    what: { zh: '磁盘至少有 1 GiB 空闲', en: 'at least 1 GiB of disk free' },
    state: bavail * bsize >= MIN_FREE_BYTES ? 'ok' : 'missing',
    detail: `${((bavail * bsize) / MIN_FREE_BYTES).toFixed(1)} GiB`,
  };
}

function loopback(): Promise<Check> {
  return new Promise((done) => {
    const what = { zh: '本机回环端口可用', en: 'loopback ports can be opened' };
    const server = createServer();
    server.once('error', (error) => done({ what, state: 'missing', detail: error.message }));
    server.listen(0, '127.0.0.1', () => server.close(() => done({ what, state: 'ok', detail: '' })));
  });
}

function device(language: Language): Check {
  return {
    what: { zh: '安卓真机与模拟器', en: 'Android handsets and emulators' },
    state: 'later',
    detail: { zh: '尚未接入，见 docs/verified.md', en: 'not connected yet, see docs/verified.md' }[language],
  };
}
