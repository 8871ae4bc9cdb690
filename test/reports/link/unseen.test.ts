import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { IMEI, NAME_1, PACKAGE, PHONE, PHONE_1, PHONE_2, Story } from './story.js';

const sealed = (bytes: number): Buffer => {
  const cipher = createCipheriv('aes-128-cbc', Buffer.alloc(16, 3), Buffer.alloc(16, 5));
  return Buffer.concat([cipher.update(Buffer.alloc(bytes, 'a text of no value ')), cipher.final()]);
};
const times = (n: number, text: string): string =>
  n === 0 ? text : times(n - 1, JSON.stringify({ d: Buffer.from(text).toString('base64') }));
const png = Buffer.concat([Buffer.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), sealed(4000)]);
const whys = (body: Uint8Array | string): readonly string[] => {
  const story = new Story();
  story.flow({ body, host: 'up.example' });
  const { gaps } = story.link();
  for (const gap of gaps) expect(gap).toMatchObject({ source: 'linker', scope: { host: 'up.example', datum: null } });
  return gaps.map((gap) => gap.why);
};

describe('a body that could not be looked into is a gap of its host', () => {
  test.each<readonly [string, Uint8Array | string, readonly string[]]>([
    ['bytes of a cipher that no hook saw', sealed(800), ['undecodable']],
    ['the same in JSON and base64', JSON.stringify({ iv: 'a1', d: sealed(800).toString('base64') }), ['undecodable']],
    ['the same in a form, escaped', `d=${encodeURIComponent(sealed(800).toString('base64'))}`, ['undecodable']],
    ['the same in hex', sealed(800).toString('hex'), ['undecodable']],
    ['four layers of base64', times(4, JSON.stringify({ imei: IMEI.text, more: 'and some more words' })), ['too deep']],
    ['three layers of base64', times(3, JSON.stringify({ imei: IMEI.text })), []],
    ['many packed streams', Buffer.concat(Array.from({ length: 40 }, (_, i) => gzipSync(`no ${i}`))), ['too many streams']],
    ['plain JSON', JSON.stringify({ imei: IMEI.text, list: Array.from({ length: 200 }, (_, i) => ({ i, name: `row ${i}` })) }), []],
    [
      'JSON with a signature',
      JSON.stringify({ words: 'so many words that the body is theirs '.repeat(20), sign: sealed(250).toString('base64') }),
      [],
    ],
    ['gzip', gzipSync(JSON.stringify(Array.from({ length: 900 }, (_, i) => i * 7919))), []],
    ['a picture', png, []],
    ['a picture in base64', JSON.stringify({ face: png.toString('base64') }), []],
    [
      'a picture in a form',
      Buffer.concat([Buffer.from('--x1\r\nContent-Disposition: form-data; name="f"\r\n\r\n'), png, Buffer.from('\r\n--x1--\r\n')]),
      [],
    ],
    ['a token of a session', JSON.stringify({ t: sealed(60).toString('base64') }), []],
  ])('%s', (_title, body, wanted) => {
    expect(whys(body)).toEqual(wanted);
  });

  const masked = Buffer.from(JSON.stringify({ id: '0123456789abcdef' })).map((byte) => byte ^ 0x5a);
  test.each<readonly [string, Uint8Array, readonly string[]]>([
    ['bytes under a mask, which look like text', masked, ['undecodable']],
    ['JSON all the same', Buffer.from('{"id":"0123456789abcdef"}'), []],
    ['JSON in lines', Buffer.from('{"a":1}\n{"a":2}\n'), []],
    ['a form all the same', Buffer.from('id=0123456789abcdef&n=1'), []],
    [
      'a record with its strings in plain',
      Buffer.concat([Buffer.of(10, 16), Buffer.from('0123456789abcdef'), Buffer.of(18, 6), Buffer.from('device')]),
      [],
    ],
    ['a few bytes', Buffer.of(1, 2, 3, 4), []],
    ['a picture', png, []],
  ])('sent as application/octet-stream: %s', (_title, body, wanted) => {
    const story = new Story();
    story.flow({ body, headers: [['Content-Type', 'application/octet-stream']] });
    expect(story.link().gaps.map((gap) => gap.why)).toEqual(wanted);
  });

  test('a body of which more came than is kept', () => {
    const story = new Story();
    const flow = story.flow({ body: 'the beginning' });
    story.events[0] = { ...flow, state: 'cut', bodies: flow.bodies.map((body) => ({ ...body, state: 'cut' as const })) };
    expect(story.link().gaps.map((gap) => gap.why)).toEqual(['cut']);
  });

  test('bytes of a cipher whose input a hook saw are none', () => {
    const story = new Story();
    const input = Buffer.from(JSON.stringify({ imei: IMEI.text, pad: 'x'.repeat(500) }));
    story.derive(['cipher', 'AES'], input, sealed(500));
    story.flow({ body: sealed(500) });
    expect(story.link()).toMatchObject({ gaps: [], links: [{ value: IMEI.id, level: 'C5' }] });
  });

  test('a hook whose input does not give its output proves nothing, and says so', () => {
    const story = new Story();
    const other = createHash('md5').update('of something else').digest();
    story.derive(['digest', 'MD5'], Buffer.from(`salt${IMEI.text}`), other);
    story.flow({ body: JSON.stringify({ d: other.toString('hex') }) });
    expect(story.link()).toMatchObject({ links: [], gaps: [{ why: 'certificate' }] });
  });
});

describe('a digest', () => {
  const body = Buffer.from(JSON.stringify([{ n: NAME_1.text, p: PHONE_1.text }, { p: PHONE_2.text }]));
  const sign = createHash('sha256').update(body).digest();

  test('over many values hands over none of them', () => {
    const story = new Story();
    story.derive(['digest', 'SHA-256'], body, sign);
    story.flow({ headers: [['X-Sign', sign.toString('hex')]] });
    expect(new Set(story.link().links.map((l) => l.level))).toEqual(new Set(['C3']));
  });

  test('over one value in a long text hands it over neither, over one with a salt it does', () => {
    for (const [salt, level] of [
      ['s'.repeat(500), 'C3'],
      ['s'.repeat(20), 'C5'],
    ] as const) {
      const story = new Story();
      const input = Buffer.from(`${salt}:${PHONE.text}`);
      const out = createHash('sha256').update(input).digest();
      story.derive(['digest', 'SHA-256'], input, out);
      story.flow({ body: JSON.stringify({ u: out.toString('hex') }) });
      expect(story.link().links.map((l) => l.level)).toEqual([level]);
    }
  });

  test('beside the value itself: the value is shown', () => {
    const story = new Story();
    const out = createHash('sha256').update(`k:${IMEI.text}`).digest();
    story.derive(['digest', 'SHA-256'], Buffer.from(`k:${IMEI.text}`), out);
    story.flow({ body: JSON.stringify({ imei: IMEI.text }), headers: [['X-Sign', out.toString('hex')]] });
    expect(story.link().links).toMatchObject([{ level: 'C4', span: { part: 'body' }, chain: [] }]);
  });

  test('a hook that cannot be told to have been before the request proves no more than the digest', () => {
    const story = new Story();
    const out = createHash('md5').update(IMEI.text).digest();
    const call = story.derive(['digest', 'MD5'], Buffer.from(IMEI.text), out);
    story.events[0] = { ...call, at: { ms: 990, slackMs: 50, clock: 'device', seq: 1 } };
    story.flow({ body: JSON.stringify({ u: out.toString('hex') }), ms: 1000 });
    expect(story.link().links.map((l) => l.level)).toEqual(['C4']);
  });
});

describe('of two who read a value', () => {
  const process = (pid: number): { readonly pid: number; readonly name: string; readonly package: string } => ({
    pid,
    name: 'x',
    package: PACKAGE,
  });
  const body = JSON.stringify({ imei: IMEI.text });

  test('the one in the sender’s process is named, though another read it later', () => {
    const story = new Story();
    const own = story.read(100, [IMEI.id], { process: process(41) });
    story.read(200, [IMEI.id], { process: process(42) });
    story.flow({ body, ms: 300 });
    expect(story.link().links).toMatchObject([{ observation: own.id, reads: ['e1', 'e2'] }]);
  });

  test('the receiver’s own SDK is named', () => {
    const story = new Story();
    const umeng = story.read(100, [IMEI.id], { caller: 'com.umeng.analytics.A.b' });
    story.read(200, [IMEI.id], { caller: 'com.example.other.A.b' });
    story.flow({ body, ms: 300, host: 'ulogs.umeng.com' });
    expect(story.link().links[0]?.observation).toBe(umeng.id);
  });

  test('the inside of a WebView is never named', () => {
    const story = new Story();
    const frame = (name: string): { class: string; method: string; file: null; line: null } => ({
      class: name,
      method: 'm',
      file: null,
      line: null,
    });
    story.read(100, [IMEI.id], { stack: [frame('org.chromium.content.X'), frame('com.example.loan.Start')] });
    story.flow({ body, ms: 300 });
    expect(story.link().links).toMatchObject([{ observation: null, origin: 'unseen' }]);
  });

  test('a read while the request still goes out may be the one', () => {
    const story = new Story();
    const flow = story.flow({ body, ms: 300 });
    const last = { wallMs: 900, monoMs: 900, ms: 900 };
    story.events[0] = { ...flow, times: { ...flow.times, requestLast: last } };
    const read = story.read(400, [IMEI.id]);
    expect(story.link().links).toMatchObject([{ observation: read.id, order: 'undecided' }]);
  });
});
