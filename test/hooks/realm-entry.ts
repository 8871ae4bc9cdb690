import { engineCases } from './engine-cases.js';
import type { JavaCrypto } from '../../harness/virtual/java/crypto.js';

// The realm under test has neither Node nor this file's module loader: its host gives the primitives as one function over hex.
declare const hostCrypto: (call: string) => string;

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (one) => one.toString(16).padStart(2, '0')).join('');
const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
function ask(method: string, ...args: readonly unknown[]): Uint8Array | null {
  const answer = hostCrypto(JSON.stringify([method, ...args.map((arg) => (arg instanceof Uint8Array ? { hex: toHex(arg) } : arg))]));
  if (answer.startsWith('!')) throw new Error(answer.slice(1));
  return answer === 'null' ? null : fromHex(answer);
}
const must = (bytes: Uint8Array | null): Uint8Array => bytes ?? new Uint8Array(0);
const crypto: JavaCrypto = {
  digest: (algorithm, input) => ask('digest', algorithm, input),
  mac: (algorithm, key, input) => ask('mac', algorithm, key, input),
  cipher: ({ transformation, encrypt, key, iv, input }) => must(ask('cipher', transformation, encrypt, key, iv, input)),
  gzip: (input) => must(ask('gzip', input)),
  random: (bytes) => must(ask('random', bytes)),
};

async function runAll(): Promise<void> {
  const results: [string, string | null][] = [];
  for (const one of engineCases) {
    try {
      await one.run(crypto);
      results.push([one.name, null]);
    } catch (error) {
      results.push([one.name, error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error)]);
    }
  }
  Object.assign(globalThis, { realmResults: JSON.stringify(results) });
}
void runAll();
