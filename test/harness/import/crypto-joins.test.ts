import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Derivation } from '../../../harness/model/event.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { CALL, FILES, T0, imported } from './evidence-folder.js';

const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64');

function call(ms: number, kind: string, bytes: readonly [input: string | Buffer, output: string | Buffer], more: object = {}): object {
  return {
    t: T0 + ms,
    slackMs: 1,
    ...CALL,
    kind,
    alg: 'X',
    object: 'o',
    input_b64: base64(bytes[0]),
    output_b64: base64(bytes[1]),
    ...more,
  };
}

/** Name, input and output of each derivation of a run with these calls. */
async function derivations(calls: readonly object[]): Promise<readonly (readonly [string, string, string])[]> {
  const run = await imported({ ...FILES, 'observations.jsonl': calls });
  const bodies = fileBodies(run.dir);
  const text = (ref: Derivation['input']): string => Buffer.from(bodies.read(ref.file, 0, ref.bytes)).toString('latin1');
  const all = run.events
    .filter((e): e is Derivation => e.kind === 'derivation')
    .map(({ id, input, output }) => [id, text(input), text(output)] as const);
  bodies.close();
  return all;
}

describe('crypto calls', () => {
  it('of a digest are one until it gives out, for each object and thread', async () => {
    const sum = createHash('md5').update('ab').digest();
    const found = await derivations([
      call(1, 'digest', ['a', '']),
      call(2, 'digest', ['x', ''], { tid: 9 }),
      call(3, 'digest', ['b', '']),
      call(4, 'digest', ['', sum]),
      call(5, 'digest', ['c', sum], { id: 'again' }),
      call(6, 'digest', ['y', 'z'.repeat(16)], { tid: 9 }),
    ]);
    expect(found).toEqual([
      ['o1-o4', 'ab', sum.toString('latin1')],
      ['again', 'c', sum.toString('latin1')],
      ['o2-o6', 'xy', 'z'.repeat(16)],
    ]);
  });

  it('of a cipher stand alone and in every run of neighbours that gave out a block', async () => {
    const cipher = createCipheriv('aes-128-cbc', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
    const [a, b, c] = [cipher.update('0123456789'), cipher.update('abcdefghij'), cipher.final()];
    const found = await derivations([
      call(1, 'cipher', ['0123456789', a]),
      call(2, 'cipher', ['abcdefghij', b]),
      call(3, 'cipher', ['', c]),
    ]);
    const text = (...parts: readonly Buffer[]): string => Buffer.concat(parts).toString('latin1');
    expect(found).toEqual([
      ['o2', 'abcdefghij', text(b)],
      ['o1-o2', '0123456789abcdefghij', text(b)],
      ['o2-o3', 'abcdefghij', text(b, c)],
      ['o1-o3', '0123456789abcdefghij', text(b, c)],
    ]);
  });

  it('reach no more than sixteen calls back, and the same twice is kept once', async () => {
    const block = (i: number): string => String.fromCharCode(65 + i).repeat(16);
    const found = await derivations(Array.from({ length: 20 }, (_, i) => call(i, 'cipher', [`p${i};`, block(i)])));
    const calls = found.map(([, , output]) => output.length / 16);
    // Twenty alone, nineteen pairs … five runs of sixteen.
    expect([found.length, Math.max(...calls)]).toEqual([200, 16]);
    const twice = await derivations([call(1, 'cipher', ['p', block(1)]), call(2, 'cipher', ['p', block(1)], { object: 'other' })]);
    expect(twice).toEqual([['o1', 'p', block(1)]]);
  });

  it('of a long stream are joined two by two', async () => {
    const big = (i: number): Buffer => Buffer.alloc(40_000, i);
    const found = await derivations([1, 2, 3, 4].map((i) => call(i, 'cipher', [Buffer.from(`p${i}`), big(i)])));
    expect(found.map(([name]) => name)).toEqual(['o1', 'o2', 'o1-o2', 'o3', 'o2-o3', 'o4', 'o3-o4']);
  });
});
