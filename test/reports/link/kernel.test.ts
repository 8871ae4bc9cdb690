import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findRuns } from '../../../reports/link/runs.js';
import { decodeLight, textLike, type LightOp } from '../../../reports/link/decode.js';
import { createKernel } from '../../../reports/link/kernel.js';
import type { Kernel, Pairs } from '../../../reports/link/kernel/kernel.js';
import { createTwin } from '../../../reports/link/kernel/twin.js';
import { KERNEL_SOURCE_SHA256, KERNEL_WASM } from '../../../reports/link/kernel/kernel.generated.js';

type Hit = readonly [needle: number, at: number];

function hitsOf(kernel: Kernel, hay: Uint8Array): readonly string[] {
  const hits: string[] = [];
  kernel.scan(hay, hay.length, (needle, at) => hits.push(`${needle}@${at}`));
  return hits.toSorted();
}

/** What `indexOf` finds, overlapping places too. */
function plain(needles: readonly Uint8Array[], hay: Uint8Array): readonly string[] {
  const buffer = Buffer.from(hay);
  const hits: Hit[] = [];
  for (const [i, needle] of needles.entries())
    for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + 1)) hits.push([i, at]);
  return hits.map(([n, at]) => `${n}@${at}`).toSorted();
}

const bytesOf = (alphabet: string, min: number, max: number): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.constantFrom(...alphabet), { minLength: min, maxLength: max }).map((chars) => Buffer.from(chars.join(''), 'latin1'));

/** Small alphabets make needles parts of each other and of the haystack. */
const dense = fc.record({
  first: fc.array(bytesOf('ab', 11, 30), { minLength: 1, maxLength: 20 }),
  later: fc.array(bytesOf('ab', 11, 14), { maxLength: 5 }),
  hay: bytesOf('ab', 0, 400),
});

/** Bytes of a generator that always gives the same. */
function noise(seed: number, length: number): Buffer {
  const chunks: Buffer[] = [];
  for (let n = 0, total = 0; total < length; n += 1, total += 64) chunks.push(createHash('sha512').update(`${seed}:${n}`).digest());
  return Buffer.concat(chunks).subarray(0, length);
}

describe.each([
  ['WebAssembly', () => createKernel(0)],
  ['the twin', createTwin],
])('%s', (_, create) => {
  it('finds what indexOf finds, needles inside each other and twice, and needles added between scans', () => {
    fc.assert(
      fc.property(dense, ({ first, later, hay }) => {
        const kernel = create();
        for (const needle of first) kernel.add(needle);
        expect(hitsOf(kernel, hay)).toEqual(plain(first, hay));
        for (const needle of later) kernel.add(needle);
        expect(hitsOf(kernel, hay)).toEqual(plain([...first, ...later], hay));
      }),
      { numRuns: 300 },
    );
  });

  it('finds needles cut from the haystack, at its ends and at each alignment', () => {
    const parts = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 11, max: 60 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 11, maxLength: 300 }), parts, fc.nat(3), (hay, cuts, shift) => {
        const kernel = create();
        const needles = cuts.map(([at, length]) => {
          const start = at % (hay.length - 10);
          return hay.slice(start, start + Math.max(11, Math.min(length, hay.length - start)));
        });
        needles.push(hay.slice(0, 11), hay.slice(-11), hay);
        for (const needle of needles) kernel.add(needle);
        const shifted = new Uint8Array(hay.length + shift).subarray(shift);
        shifted.set(hay);
        expect(hitsOf(kernel, shifted)).toEqual(plain(needles, hay));
      }),
      { numRuns: 300 },
    );
  });

  it('finds nothing in haystacks shorter than a needle', () => {
    const needle = Buffer.from('0123456789abcdef0123456789');
    for (let length = 0; length <= 40; length += 1) {
      const kernel = create();
      kernel.add(needle);
      kernel.add(needle.subarray(0, 11));
      const hay = Buffer.concat([needle, needle]).subarray(0, length);
      expect(hitsOf(kernel, hay)).toEqual(plain([needle, needle.subarray(0, 11)], hay));
    }
  });

  it('surveys as a plain reading does', () => {
    const text = fc.array(
      fc.oneof(
        fc.constantFrom('\r\n', '\n', '.', '-', '%41', '\\', '&', '=', ' ', '"', '12.345', '582931', '深圳市'),
        // Lines of base64 that are just long enough to go on in the next, or not.
        fc.constantFrom(`${'Q'.repeat(39)}\n`, `${'Q'.repeat(40)}\n`, `${'Q'.repeat(76)}\r\n`, 'Q', 'Q'.repeat(14), 'Q'.repeat(15)),
        fc.stringMatching(/^[A-Za-z0-9+/_-]{1,80}$/),
        fc.stringMatching(/^[0-9a-fA-F]{10,40}$/),
        fc.stringMatching(/^[0-9]{1,14}$/),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(text, (pieces) => {
        const bytes = Buffer.from(pieces.join(''));
        const kernel = create();
        const found = kernel.survey(kernel.put(bytes), bytes.length);
        const runs = findRuns(bytes);
        expect(pairsOf(kernel, found.base64)).toEqual(runs.base64);
        expect(pairsOf(kernel, found.hex)).toEqual(runs.hex);
        const marked = (char: string, mark: number): number => (bytes.includes(char) ? mark : 0);
        expect(found.marks).toBe(marked('%', 1) | marked('\\', 2) | marked('&', 4) | marked('=', 8) | marked('*', 16));
        expect([found.tokens, found.numbers]).toEqual([runs.tokens, runs.numbers]);
      }),
      { numRuns: 500 },
    );
  });

  it('decodes base64 and hex as Node does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom('base64', 'base64url', 'hex', 'wrapped'), (bytes, coding) => {
        const kernel = create();
        const text =
          coding === 'wrapped'
            ? Buffer.from(bytes)
                .toString('base64')
                .replace(/.{1,76}/g, '$&\r\n')
            : Buffer.from(bytes).toString(coding as 'hex');
        const source = Buffer.from(text.replace(/=/g, ''));
        const at = kernel.put(source);
        const out = kernel.mark();
        const n = coding === 'hex' ? kernel.hex(at, source.length) : kernel.base64(at, source.length);
        expect(Buffer.from(kernel.view(out, n))).toEqual(Buffer.from(bytes));
        expect(kernel.mark()).toBeGreaterThanOrEqual(out + n);
      }),
    );
  });

  it.each(['percent', 'json', 'html'] as const)('undoes %s as the plain decoder does', (op: LightOp) => {
    const piece = fc.oneof(
      fc.constantFrom(
        '%',
        '%4',
        '%zz',
        '%41',
        '%e5%bc%a0',
        '\\',
        '\\n',
        '\\/',
        '\\"',
        '\\\\',
        '\\x',
        '\\u',
        '\\u5f2',
        '\\u5f20',
        '\\uD83D\\uDE00',
      ),
      fc.constantFrom(
        '\\ud83d',
        '\\ud83d\\u0041',
        '\\udc00',
        '&',
        '&;',
        '&lt;',
        '&gt;',
        '&amp;',
        '&quot;',
        '&apos;',
        '&LT;',
        '&#x5f20;',
        '&#65;',
      ),
      fc.constantFrom('&#;', '&#x;', '&#xg;', '&#x110000;', '&#12345678;', '&#x1234567;', '&#x10ffff;', '&ampx;', 'a=b&c=d', '中文', ';'),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(12), (pieces, cut) => {
        const whole = Buffer.from(pieces.join(''));
        const source = whole.subarray(0, Math.max(0, whole.length - cut));
        const kernel = create();
        const at = kernel.put(source);
        const out = kernel.mark();
        const n = kernel.light(op, at, source.length);
        const wanted = decodeLight(op, source, null);
        expect(n === null ? null : Buffer.from(kernel.view(out, n))).toEqual(wanted === null ? null : Buffer.from(wanted));
        if (n === null) expect(kernel.mark()).toBe(out);
      }),
      { numRuns: 500 },
    );
  });

  it('tells text as the plain function does, and contents apart by a hash', () => {
    const mixed = fc.array(
      fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom('中文', '\u0001\u0002', 'é')).map((text) => Buffer.from(text)),
      { maxLength: 60 },
    );
    const binary = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(mixed, binary, (texts, other) => {
        const bytes = Buffer.concat([...texts, other]);
        const kernel = create();
        const at = kernel.put(bytes);
        expect(kernel.textLike(at, bytes.length)).toBe(textLike(bytes, bytes.length));
        expect(kernel.hash(kernel.put(bytes), bytes.length)).toBe(kernel.hash(at, bytes.length));
      }),
      { numRuns: 300 },
    );
    const kernel = create();
    const hashes = new Set<number>();
    for (let i = 0; i < 2000; i += 1) {
      const bytes = noise(1, 40 + (i % 3));
      bytes[i % 40] = (bytes[i % 40] as number) ^ (1 + (i % 255));
      const mark = kernel.mark();
      hashes.add(kernel.hash(kernel.put(bytes), bytes.length));
      kernel.release(mark);
    }
    expect(hashes.size).toBeGreaterThan(1990);
  });

  it('reuses its arena after a release', () => {
    const kernel = create();
    kernel.add(Buffer.from('14082736951'));
    kernel.has(kernel.put(Buffer.from('x')), 1);
    kernel.release(0);
    const mark = kernel.mark();
    for (let i = 0; i < 3; i += 1) {
      const at = kernel.put(Buffer.from('MTQwODI3MzY5NTE'));
      expect(at).toBe(mark);
      const out = kernel.mark();
      const n = kernel.base64(at, 15);
      expect(kernel.has(out, n)).toBe(true);
      kernel.release(mark);
    }
  });
});

function pairsOf(kernel: Kernel, { at, length }: Pairs): readonly number[] {
  return Array.from({ length: 2 * length }, (_, i) => kernel.wordAt(at + 4 * i));
}

describe('WebAssembly at size', () => {
  it('keeps all of 70,000 needles while its tables grow, and finds them in more than a megabyte', () => {
    const kernel = createKernel(0);
    const hay = noise(7, 1_500_000);
    const needles: Buffer[] = [];
    const add = (upTo: number): void => {
      while (needles.length < upTo) {
        const start = needles.length * 21;
        needles.push(hay.subarray(start, start + 11 + (needles.length % 9)));
        kernel.add(needles[needles.length - 1] as Buffer);
      }
    };
    for (const upTo of [10, 500, 501, 20_000, 70_000]) {
      add(upTo);
      const found = new Set<number>();
      kernel.scan(hay, hay.length, (needle, at) => {
        expect(at).toBe(needle * 21);
        found.add(needle);
      });
      expect(found.size).toBe(upTo);
    }
  });

  it('reports every needle of a popular window, more than fit into its list of finds', () => {
    const kernel = createKernel(0);
    for (let i = 0; i < 3000; i += 1) kernel.add(Buffer.from('14082736951'));
    const hay = Buffer.from('14082736951 14082736951 x14082736951');
    const hits: number[] = [];
    kernel.scan(hay, hay.length, (_, at) => hits.push(at));
    expect([...new Set(hits)]).toEqual([0, 12, 25]);
    expect(hits).toHaveLength(9000);
  });

  it('lets a callback scan and add', () => {
    const kernel = createKernel(0);
    kernel.add(Buffer.from('14082736951'));
    const seen: string[] = [];
    kernel.scan(Buffer.from('14082736951 14082736951'), 23, (_, at) => {
      kernel.add(Buffer.from(`another one ${at}`));
      kernel.scan(Buffer.from('another one 0'), 13, (needle) => seen.push(`${at}:${needle}`));
    });
    expect(seen).toEqual(['0:1', '12:1']);
  });
});

describe('the probes of both kernels', () => {
  const piece = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9+/_-]{10,60}$/),
    fc.stringMatching(/^[0-9a-f]{14,40}$/),
    fc.uint8Array({ minLength: 10, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    fc.uint8Array({ minLength: 8, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    fc.constantFrom(
      Buffer.from('\x02\x0514082736951\x01').toString('base64'),
      Buffer.from('\x02\x01\x8814082736951\x01').toString('hex'),
      Buffer.from('\x02\x01\x8a\xff*\x8a\xff\x01\x02\x03\x04\x05\x06\x07\x10\x11\x12\x13', 'latin1').toString('base64'),
      Buffer.from('\x02\x01\x8a\xff%41\xff\x01\x02\x03\x04\x05\x06\x07\x10\x11\x12\x13', 'latin1').toString('base64'),
      '9f3c1ab27de05468',
      'x\x9c',
      '\x1f\x8b\x08',
      '(\xb5/\xfd',
    ),
  );
  const pairs = new Uint8Array(65_536);
  for (let i = 0; i < 65_536; i += 97) pairs[i] = 1;
  /** Where a kernel stops, and what it passed over. */
  function probed(
    kernel: Kernel,
    bytes: Uint8Array,
  ): { readonly same: readonly unknown[]; readonly stops: readonly string[]; readonly searched: number } {
    kernel.add(Buffer.from('14082736951'));
    kernel.addMiddle(Buffer.from('9f3c1ab27de05468', 'hex'));
    kernel.setPairs(pairs);
    const at = kernel.put(bytes);
    const survey = kernel.survey(at, bytes.length);
    const stops: string[] = [];
    let searched = 0;
    for (const probe of ['nextBase64', 'nextHex'] as const) {
      const { length } = probe === 'nextBase64' ? survey.base64 : survey.hex;
      for (let k = 0; k < length; k += 1) {
        k = kernel[probe](at, survey, k);
        if (k < length) stops.push(`${probe} ${k}`);
        searched += kernel.passed().bytes;
      }
    }
    return { same: [kernel.magic(at, bytes.length), kernel.packed(at, bytes.length)], stops, searched };
  }

  it('stop where there is something, and the fast one hardly anywhere else', () => {
    let [extra, all] = [0, 0];
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = Buffer.from(pieces.join('", "'), 'latin1');
        const [mine, twin] = [probed(createKernel(0), bytes), probed(createTwin(), bytes)];
        expect(mine.same).toEqual(twin.same);
        expect(mine.stops).toEqual(expect.arrayContaining([...twin.stops]));
        if (mine.stops.length === twin.stops.length) expect(mine.searched).toBe(twin.searched);
        extra += mine.stops.length - twin.stops.length;
        all += pieces.length;
      }),
      { numRuns: 500 },
    );
    // What may be a stream without a mark is only opened by the slow one.
    expect(extra).toBeLessThan(all / 8);
  });

  it('stop at a value in a few bytes that were packed without a mark', () => {
    for (const pack of [deflateRawSync, brotliCompressSync]) {
      const packed = pack(Buffer.from('{"p":"14082736951"}'));
      const kernel = createKernel(0);
      expect(kernel.holds(kernel.put(packed), packed.length)).toBe(true);
    }
  });
});

describe('the generated module', () => {
  it('is what a fresh build makes', async () => {
    const { generated } = await import('../../../reports/link/kernel/build.mjs');
    expect(readFileSync('reports/link/kernel/kernel.generated.ts', 'utf8')).toBe(await generated());
    expect(KERNEL_SOURCE_SHA256).toMatch(/^[0-9a-f]{64}$/);
    expect(WebAssembly.validate(Buffer.from(KERNEL_WASM, 'base64'))).toBe(true);
  });
});
