import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CANARIES, IMEI, PHONE_1, PHONE_2, Story, value, type ManifestValue } from './story.js';

/** Bytes that look random and are the same every time. */
function noise(bytes: number, seed: string): Buffer {
  const out = Buffer.alloc(bytes);
  let x = createHash('md5').update(seed).digest().readUInt32LE(0) || 1;
  for (let i = 0; i + 4 <= bytes; i += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out.writeInt32LE(x | 0, i);
  }
  return out;
}

/** CPU seconds that the linking of a story takes. */
function cpu(story: Story): { readonly seconds: number; readonly linked: ReturnType<Story['link']> } {
  const before = process.cpuUsage();
  const linked = story.link();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, linked };
}

describe('hostile bytes', () => {
  test('a gzip bomb becomes a gap with its host, and the rest of the run is searched', () => {
    const story = new Story();
    story.flow({ body: gzipSync(Buffer.alloc(64 * 1024 * 1024)), headers: [['Content-Encoding', 'gzip']], host: 'bomb.example' });
    story.flow({ body: JSON.stringify({ imei: IMEI.text }) });
    const { seconds, linked } = cpu(story);
    expect(linked.gaps).toMatchObject([
      { id: 'e3', source: 'linker', why: 'unpacked size', scope: { host: 'bomb.example', datum: null, phase: null } },
    ]);
    expect(linked.links.map((l) => l.value)).toEqual([IMEI.id]);
    expect(seconds).toBeLessThan(3);
  });

  test('a stream that stays under the size but not under the ratio', () => {
    const story = new Story();
    story.flow({ body: gzipSync(Buffer.alloc(20 * 1024 * 1024)), headers: [['Content-Encoding', 'gzip']] });
    expect(story.link().gaps).toMatchObject([{ why: 'unpacked size' }]);
  });

  test('a bomb inside base64 and one under a brotli header', () => {
    const story = new Story();
    story.flow({ body: JSON.stringify({ d: deflateSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64') }) });
    story.flow({ body: brotliCompressSync(Buffer.alloc(64 * 1024 * 1024)), headers: [['Content-Encoding', 'br']] });
    const { seconds, linked } = cpu(story);
    expect(new Set(linked.gaps.map((g) => g.why))).toContain('unpacked size');
    expect(seconds).toBeLessThan(3);
  });

  test('100,000 nested %25', () => {
    const story = new Story();
    story.flow({ body: `%${'25'.repeat(100_000)}41${IMEI.text}`, target: `/x?${'%25'.repeat(100_000)}` });
    const { seconds } = cpu(story);
    expect(seconds).toBeLessThan(1);
  });

  test('JSON of depth 100,000, and backslashes without end', () => {
    const story = new Story();
    story.flow({ body: `${'{"a":['.repeat(100_000)}"${IMEI.text}"${']}'.repeat(100_000)}` });
    story.flow({ body: '\\'.repeat(1_000_000) });
    const { seconds, linked } = cpu(story);
    expect(linked.links.map((l) => l.value)).toEqual([IMEI.id]);
    expect(seconds).toBeLessThan(2);
  });

  test('30 MB of noise: nothing found, told as undecodable, in time', () => {
    const story = new Story();
    story.flow({ body: noise(30 * 1024 * 1024, 'a') });
    const { seconds, linked } = cpu(story);
    expect(linked).toMatchObject({ links: [], gaps: [{ why: 'undecodable' }] });
    expect(seconds).toBeLessThan(4);
  });

  test('20 MB of noise in base64 and in hex', () => {
    const story = new Story();
    story.flow({ body: noise(15 * 1024 * 1024, 'b').toString('base64') });
    story.flow({ body: noise(10 * 1024 * 1024, 'c').toString('hex') });
    const { seconds, linked } = cpu(story);
    expect(linked).toMatchObject({ links: [], gaps: [{ why: 'undecodable' }, { why: 'undecodable' }] });
    expect(seconds).toBeLessThan(8);
  });

  test('a request that would cost too much is a gap, and what was reached before is kept', () => {
    const story = new Story();
    const layers = Array.from({ length: 40 }, (_, i) => gzipSync(noise(1024, `g${i}`).toString('hex').repeat(500)).toString('base64'));
    story.flow({ body: JSON.stringify({ imei: IMEI.text, layers }), host: 'dear.example' });
    const { linked } = cpu(story);
    expect(linked.gaps).toMatchObject([{ source: 'linker', why: 'decoding budget', scope: { host: 'dear.example' } }]);
    expect(linked.links.map((l) => l.value)).toEqual([IMEI.id]);
  });

  test.each([
    ['empty gzip', gzipSync('')],
    ['gzip header alone', Buffer.of(0x1f, 0x8b, 8)],
    ['zstd header alone', Buffer.of(0x28, 0xb5, 0x2f, 0xfd)],
    ['zstd with a huge window', Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 1, 2, 3)],
    ['half an escape', Buffer.from('%4 %zz \\u12 \\ud83d\\u0041 &#; &#99999999; &#x110000; %')],
    ['half a UTF-8 character', Buffer.of(0xe4, 0xb8)],
    ['zeros', Buffer.alloc(5000)],
  ])('%s is searched without a word', (_title, body) => {
    const story = new Story();
    story.flow({ body });
    expect(story.link().links).toEqual([]);
  });

  test('a truncated gzip gives what came before the cut', () => {
    const story = new Story();
    const whole = gzipSync(JSON.stringify({ imei: IMEI.text, pad: noise(5000, 'd').toString('hex') }));
    story.flow({ body: whole.subarray(0, 2000), headers: [['Content-Encoding', 'gzip']] });
    expect(story.link().links.map((l) => l.value)).toEqual([IMEI.id]);
  });

  test('gzip in a multipart body, with a boundary behind it', () => {
    const story = new Story();
    story.flow({
      body: Buffer.concat([
        Buffer.from('--b\r\nContent-Type: application/gzip\r\n\r\n'),
        gzipSync(JSON.stringify({ imei: IMEI.text })),
        Buffer.from('\r\n--b--\r\n'),
      ]),
    });
    expect(story.link().links).toMatchObject([{ value: IMEI.id, chain: [{ op: 'gzip' }] }]);
  });
});

describe('random chains', () => {
  const encoders = {
    percent: (b: Buffer) => Buffer.from([...b].map((x) => `%${x.toString(16).padStart(2, '0')}`).join('')),
    base64: (b: Buffer) => Buffer.from(b.toString('base64')),
    base64url: (b: Buffer) => Buffer.from(b.toString('base64url')),
    hex: (b: Buffer) => Buffer.from(b.toString('hex')),
    upper: (b: Buffer) => Buffer.from(b.toString('hex').toUpperCase()),
    gzip: (b: Buffer) => gzipSync(b),
    zlib: (b: Buffer) => deflateSync(b),
    json: (b: Buffer) => Buffer.from(JSON.stringify({ k: b.toString('latin1'), t: 1 }).replaceAll('/', '\\/'), 'utf8'),
  } as const;
  type Name = keyof typeof encoders;
  const names = Object.keys(encoders) as Name[];
  // Binary cannot stand in a JSON string, and compression of the outermost layer stands by its magic.
  const binary: readonly Name[] = ['gzip', 'zlib'];
  const chains: Name[][] = names
    .flatMap((a) => [[a], ...names.flatMap((b) => [[a, b], ...names.map((c) => [a, b, c])])])
    .filter((chain) => chain.every((name, i) => name !== 'json' || i === 0 || !binary.includes(chain[i - 1] as Name)));

  test(`all ${chains.length} chains of up to three encodings: every canary found, with its certificate replayed`, () => {
    const needles = CANARIES.filter((v) => v.type !== 'otp' && v.type !== 'location' && !v.type.includes('name') && !/[^ -~]/.test(v.text));
    const missed: string[] = [];
    chains.forEach((chain, i) => {
      const wanted = needles[i % needles.length] ?? IMEI;
      const story = new Story();
      const plain = Buffer.from(
        `${'{[('.slice(0, i % 4)}${JSON.stringify({ a: 'some words before', v: wanted.text, z: PHONE_1.text, y: PHONE_2.text })}`,
      );
      story.flow({ body: chain.reduce((bytes, name) => encoders[name](bytes), plain) });
      const found = story.link().links.find((l) => l.value === wanted.id);
      if (found === undefined || found.level !== 'C4') missed.push(`${chain.join('>')} ${wanted.type} ${found?.level}`);
    });
    expect(missed).toEqual([]);
  });
});

function noiseRow(i: number): string {
  return JSON.stringify({
    n: i,
    path: `/data/app/com.example.loan/base-${i}.apk`,
    token: createHash('md5').update(`t${i}`).digest('hex'),
    at: 1772416800000 + i,
    lat: 31.1 + i / 1e6,
  });
}

test('10,000 needles and 20 MB of bodies in a few seconds of CPU time', () => {
  const story = new Story();
  const phones = Array.from({ length: 5000 }, (_, i): ManifestValue => ({
    ...value('contact_phone', `142${String((i * 48271 + 777) % 100_000_000).padStart(8, '0')}`),
    id: `v${100_000 + i}`,
  }));
  for (let b = 0; b < 20; b += 1)
    story.flow({
      body: `[${Array.from({ length: 6500 }, (__, i) => noiseRow(b * 6500 + i)).join(',')},"${phones[b]?.text}","${phones[b + 1]?.text}"]`,
    });
  const bytes = story.events.reduce((n, e) => n + (e.kind === 'flow' ? (e.bodies[0]?.bytes ?? 0) : 0), 0);
  const before = process.cpuUsage();
  const placebos: readonly ManifestValue[] = phones.slice(900).map((p, i) => ({ ...p, id: `p${i}`, origin: 'placebo' }));
  const { links } = story.link(phones.slice(0, 900), placebos);
  const { user, system } = process.cpuUsage(before);
  expect(bytes).toBeGreaterThan(18e6);
  expect(links.length).toBe(40);
  expect((user + system) / 1e6).toBeLessThan(12);
});
