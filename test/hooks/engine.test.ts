import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { build } from 'esbuild';
import { getQuickJS } from 'quickjs-emscripten';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../harness/virtual/java/node-crypto.js';
import { cutCases } from './bounds-cases.js';
import { engineCases } from './engine-cases.js';

const here = dirname(fileURLToPath(import.meta.url));
type Results = readonly (readonly [string, string | null])[];

async function bundle(): Promise<string> {
  const made = await build({
    entryPoints: [join(here, 'realm-entry.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    target: 'es2022',
  });
  return made.outputFiles[0]?.text ?? '';
}

/** Answers a call of the realm, everything as hex in JSON. */
function hostCrypto(call: string): string {
  const [method, ...args] = JSON.parse(call) as [keyof typeof nodeCrypto, ...unknown[]];
  const bare = args.map((arg) => (typeof arg === 'object' && arg !== null && 'hex' in arg ? Buffer.from(String(arg.hex), 'hex') : arg));
  const [transformation, encrypt, key, iv, input] = bare;
  const given = method === 'cipher' ? [{ transformation, encrypt, key, iv, input }] : bare;
  try {
    const answer = (nodeCrypto[method] as (...all: unknown[]) => Uint8Array | null)(...given);
    return answer === null ? 'null' : Buffer.from(answer).toString('hex');
  } catch (error) {
    return `!${error instanceof Error ? error.message : String(error)}`;
  }
}

async function inBareRealm(code: string): Promise<Results> {
  const context = vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  context.hostCrypto = hostCrypto;
  context.realmResults = '[]';
  vm.runInContext(code, context);
  return JSON.parse(String(context.realmResults)) as Results;
}

async function inQuickJs(code: string): Promise<Results> {
  const quick = (await getQuickJS()).newContext();
  const host = quick.newFunction('hostCrypto', (call) => quick.newString(hostCrypto(quick.getString(call))));
  quick.setProp(quick.global, 'hostCrypto', host);
  quick.setProp(quick.global, 'realmResults', quick.newString('[]'));
  quick.unwrapResult(quick.evalCode(code)).dispose();
  quick.unwrapResult(quick.runtime.executePendingJobs());
  const text = quick.unwrapResult(quick.evalCode('realmResults'));
  const results = JSON.parse(quick.getString(text)) as Results;
  text.dispose();
  host.dispose();
  quick.dispose();
  return results;
}

describe('the engine as imported', () => {
  for (const one of [...engineCases, ...cutCases]) it(one.name, () => one.run(nodeCrypto));
});

describe.each([
  ['a bare node:vm realm', inBareRealm],
  ['QuickJS', inQuickJs],
] as const)('the engine in %s', (_, run) => {
  it('passes all its tests unchanged', async () => {
    const results = await run(await bundle());
    expect(results.filter(([, failure]) => failure !== null)).toEqual([]);
    expect(results.map(([name]) => name)).toEqual(engineCases.map((one) => one.name));
  });
});
