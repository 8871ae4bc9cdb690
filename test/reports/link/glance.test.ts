import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel } from '../../../reports/link/kernel.js';
import { PLACE_BYTES, type Kernel } from '../../../reports/link/kernel/kernel.js';
import { createTwin } from '../../../reports/link/kernel/twin.js';

const WORDS = ['wx4g', '582931', '深圳市', 'wx4g0bq1zt9c'];
const DIGITS = ['140827', '14082736', '1408273695140827', '99012X', '1403a'];
const PAIRS = new Uint8Array(65_536).map((_, i) => (i % 7 === 0 ? (i >> 3) & 127 : i >> 8 === 0x40 ? 4 : 0));
/** One hundredth of a degree in eight. */
const PLACES = new Uint8Array(PLACE_BYTES).fill(0x10);

function taught(kernel: Kernel): Kernel {
  for (const word of WORDS) kernel.addWord(Buffer.from(word));
  for (const digits of DIGITS) kernel.addDigits(Buffer.from(digits));
  kernel.setPairs(PAIRS);
  kernel.setPlaces(PLACES);
  return kernel;
}

/** Pairs as text. Some of a filter's may be none. */
const spans = (list: Int32Array): readonly string[] =>
  Array.from({ length: list.length / 2 }, (_, i) => `${list[2 * i]}-${list[2 * i + 1]}`);

function glances(bytes: Uint8Array, before: number): readonly ReturnType<Kernel['glance']>[] {
  return [taught(createKernel(0)), taught(createTwin())].map((kernel) => {
    kernel.put(new Uint8Array(before).fill(0x31));
    const { words, digits, degrees, packed, twos } = kernel.glance(kernel.put(bytes), bytes.length);
    return { words: words.slice(), digits: digits.slice(), degrees: degrees.slice(), packed: packed.slice(), twos };
  });
}

/** Holds the kernel against its twin; returns how many words and digits it gives beyond. */
function agree(bytes: Uint8Array, before: number): number {
  const [mine, twin] = glances(bytes, before);
  if (mine === undefined || twin === undefined) throw new Error('two kernels');
  expect([[...mine.degrees], [...mine.packed], mine.twos]).toEqual([[...twin.degrees], [...twin.packed], twin.twos]);
  expect(spans(mine.words)).toEqual(expect.arrayContaining([...spans(twin.words)]));
  expect(spans(mine.digits)).toEqual(expect.arrayContaining([...spans(twin.digits)]));
  return spans(mine.words).length + spans(mine.digits).length - spans(twin.words).length - spans(twin.digits).length;
}

describe('a glance of the kernel is that of its twin', () => {
  const text = fc.oneof(
    fc.constantFrom(...WORDS, ...DIGITS, '.', '..', '-', ' ', '"', ',', 'x', 'X', '*', '**', '＊', '•', 'é', '\n', '0.123'),
    fc.stringMatching(/^[0-9]{1,12}$/),
    fc.stringMatching(/^[0-9]{1,4}\.[0-9]{1,9}$/),
    fc.stringMatching(/^[0-9.]{1,150}$/),
    fc.stringMatching(/^[A-Za-z0-9]{1,80}$/),
    fc.integer({ min: 1, max: 130 }).map((n) => '_'.repeat(n)),
  );

  it('over text', () => {
    let [extra, all] = [0, 0];
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), fc.nat(70), (pieces, before) => {
        extra += agree(Buffer.from(pieces.join('')), before);
        all += pieces.length;
      }),
      { numRuns: 1000 },
    );
    expect(extra).toBeLessThan(all / 20);
  });

  it('over binary', () => {
    const number = fc.double({ min: -181, max: 181, noNaN: true });
    const packed = fc
      .tuple(number, fc.constantFrom('DoubleBE', 'DoubleLE', 'FloatBE', 'FloatLE', 'Int32BE', 'Int32LE'))
      .map(([n, form]) => {
        const out = Buffer.alloc(8);
        out[`write${form as 'DoubleBE'}`](form.startsWith('Int') ? Math.round(n * 1e6) : n);
        return form.startsWith('Double') ? out : out.subarray(0, 4);
      });
    fc.assert(
      fc.property(fc.array(fc.oneof(packed, fc.uint8Array({ maxLength: 40 })), { maxLength: 40 }), fc.nat(70), (pieces, before) => {
        agree(Buffer.concat(pieces), before);
      }),
      { numRuns: 1000 },
    );
  });

  it('over more numbers than it had room for', () => {
    const bytes = Buffer.alloc(120_000);
    for (let i = 0; i < bytes.length; i += 4) bytes.writeFloatBE(((i % 100) * 8 + 4.5) / 100, i);
    const [mine] = glances(bytes, 0);
    expect(mine?.packed.length).toBeGreaterThan(20_000);
    agree(bytes, 0);
  });

  it('over lengths about its blocks, with something at the very end', () => {
    for (let n = 0; n < 200; n += 1)
      for (const end of ['wx4g', '14082736', '12345678', '81.0423', '99012X', '81.04..', '**', 'xx', '＊＊']) {
        agree(Buffer.from(' '.repeat(n) + end), 0);
        agree(Buffer.from(end + ' '.repeat(n)), 3);
        agree(Buffer.from(`7${'0'.repeat(n)}${end}`), 0);
      }
  });

  it('looks for nothing that it was not taught, and its lists go with the arena', () => {
    const kernel = createKernel(0);
    const bytes = Buffer.from('wx4g 14082736 81.0423 \x01**');
    const mark = kernel.mark();
    const none = kernel.glance(kernel.put(bytes), bytes.length);
    expect(none).toEqual({
      words: new Int32Array(0),
      digits: new Int32Array(0),
      degrees: new Int32Array(0),
      packed: new Int32Array(0),
      twos: 1,
    });
    kernel.release(mark);
    expect(kernel.mark()).toBe(mark);
  });
});
