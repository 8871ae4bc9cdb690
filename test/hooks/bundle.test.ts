import { getQuickJS } from 'quickjs-emscripten';
import { beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error a build script without types
import { bundleAgent } from '../../hooks/bundle.mjs';

/** As much of Gum as the bundle touches before it is asked for anything: a process without a Java VM. */
const GUM = `
globalThis.rpc = { exports: {} };
globalThis.sent = [];
globalThis.send = (m) => sent.push(m);
globalThis.Process = { id: 77, pointerSize: 8, arch: 'arm64', platform: 'linux', pageSize: 4096, getCurrentThreadId: () => 77, findModuleByName: () => null, enumerateModules: () => [], getModuleByName: () => { throw new Error('no module'); } };
globalThis.Script = { runtime: 'QJS', nextTick: (f) => Promise.resolve().then(f), bindWeak: () => 1, unbindWeak: () => {} };
globalThis.NativePointer = class { constructor(v) { this.v = v; } isNull() { return true; } not() { return this; } and() { return this; } add() { return this; } };
globalThis.ptr = (v) => new NativePointer(v);
globalThis.NULL = ptr(0);
globalThis.NativeFunction = class {};
globalThis.NativeCallback = class {};
globalThis.Int64 = class {}; globalThis.UInt64 = class {};
globalThis.Module = { findGlobalExportByName: () => null, findExportByName: () => null };
globalThis.Memory = { alloc: () => NULL };
globalThis.CModule = class {};
globalThis.setTimeout = () => 0;
`;

describe('the agent bundle', () => {
  let text = '';
  beforeAll(async () => {
    ({ text } = (await bundleAgent()) as { text: string });
  });
  it('is one script without imports, and carries the notices of what is in it', () => {
    expect(text).not.toMatch(/^\s*(import|export)\s/m);
    expect(text).toContain('LGPL-2.0 WITH WxWindows-exception-3.1');
  });
  it('runs in QuickJS, opens its door, and refuses politely where there is no Java', async () => {
    const quick = (await getQuickJS()).newContext();
    const run = (code: string): string => {
      const handle = quick.unwrapResult(quick.evalCode(code));
      const value = String(quick.dump(handle));
      handle.dispose();
      return value;
    };
    run(GUM);
    run(`"use strict"; ${text}; 0`);
    expect(run('Object.keys(rpc.exports).sort().join()')).toBe('flush,init,stop');
    run(
      `globalThis.answer = ''; rpc.exports.init('early', { process: 'p', package: 'p', known: [] }).then(() => { answer = 'in'; }, (e) => { answer = e.message; }); 0`,
    );
    quick.unwrapResult(quick.runtime.executePendingJobs());
    expect(run('answer')).toMatch(/Java/);
    quick.dispose();
  });
});
