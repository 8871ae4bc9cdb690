import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { EventId } from '../../../harness/model/event.js';
import type { Certificate, Link } from '../../../harness/model/finding.js';
import { partBytes } from '../../../reports/link/parts.js';
import { replay, type ReplayParts } from '../../../reports/link/replay.js';
import { ANDROID_ID, CANARIES, IMEI, MAC, NAME_1, OAID, PHONE, PHONE_1, PLACE, Story } from './story.js';

const b64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const md5 = (text: string): Buffer => createHash('md5').update(text).digest();

/** One run with every sort of link. */
function busy(): { readonly story: Story; readonly links: readonly Link[] } {
  const story = new Story();
  const salted = md5(`s-${PHONE.text}`);
  story.derive(['digest', 'MD5'], Buffer.from(`s-${PHONE.text}`), salted);
  story.flow({ body: JSON.stringify({ a: IMEI.text, b: 2 }) });
  story.flow({ body: `d=${encodeURIComponent(b64(gzipSync(JSON.stringify({ i: 'x', imei: IMEI.text }))))}` });
  story.flow({ body: JSON.stringify({ h: md5(OAID.text).toString('hex') }) });
  story.flow({ body: JSON.stringify({ h: salted.toString('base64') }) });
  story.flow({ body: `{"n":"\\u5f6d\\u6587\\u83e1\\u8c0c","p":"+86${PHONE_1.text}"}` });
  story.flow({
    body: `imei=%39${PHONE.text}&x=%34%49${ANDROID_ID.text.slice(0, 4)}%${Buffer.from(ANDROID_ID.text[4] ?? '').toString('hex')}${ANDROID_ID.text.slice(5)}`,
  });
  story.flow({ target: '/x?ll=38.7310459%2C81.5928317' });
  story.flow({ headers: [['X-M', Buffer.from(JSON.stringify({ m: MAC.text.replaceAll(':', '').toUpperCase(), z: 1 })).toString('hex')]] });
  story.flow({
    body: `<p>&#65;${IMEI.text.slice(0, 3)}&#x30;${IMEI.text.slice(4)}&#65;</p>`.replace(IMEI.text[3] === '9' ? '&#x30;' : '', '&#x39;'),
  });
  return { story, links: story.link().links };
}

function partsFor(story: Story, link: Link): ReplayParts {
  const flow = story.events.find((e) => e.id === link.flow);
  const value = CANARIES.find((v) => v.id === link.value);
  if (flow?.kind !== 'flow' || value === undefined) throw new Error('no flow or value');
  return {
    part: partBytes(flow, link.span.part, story.bodies) ?? new Uint8Array(0),
    value,
    name: null,
    partOf: () => null,
    derivation: (id: EventId) => {
      const call = story.events.find((e) => e.id === id);
      return call?.kind === 'derivation'
        ? {
            op: call.op,
            algorithm: call.algorithm,
            input: story.files.get(call.input.file) ?? new Uint8Array(0),
            output: story.files.get(call.output.file) ?? new Uint8Array(0),
          }
        : null;
    },
  };
}

test('every certificate replays', () => {
  const { story, links } = busy();
  expect(new Set(links.flatMap((l) => l.chain.map((e) => e.op)))).toEqual(
    new Set(['percent', 'base64', 'gzip', 'hex', 'md5', 'derived', 'json', 'html']),
  );
  for (const link of links) expect(replay(link.certificate, partsFor(story, link)), link.value).toEqual({ ok: true });
  expect(links.length).toBe(10);
});

const flip = (hash: string): string => (hash.startsWith('0') ? '1' : '0') + hash.slice(1);
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const check = (part: string, certificate: Certificate): boolean =>
  replay(certificate, { part: Buffer.from(part), value: PHONE, name: null, partOf: () => null, derivation: () => null }).ok;

/** Every single change of a certificate: one number one off or one hash digit, one word another. */
function mutations(c: Certificate): readonly (readonly [string, Certificate])[] {
  const out: (readonly [string, Certificate])[] = [
    ['value', { ...c, value: 'v999999' }],
    ['form', { ...c, form: c.form === 'lower' ? 'pair-4' : 'no-check-digit' }],
    ['unknown form', { ...c, form: 'toString' }],
    ['source', { ...c, sourceSha256: flip(c.sourceSha256) }],
    ['at.start - 1', { ...c, at: { ...c.at, start: c.at.start - 1 } }],
    ['at.start + 1', { ...c, at: { ...c.at, start: c.at.start + 1 } }],
    ['at.end - 1', { ...c, at: { ...c.at, end: c.at.end - 1 } }],
    ['at.end + 1', { ...c, at: { ...c.at, end: c.at.end + 1 } }],
  ];
  c.layers.forEach((layer, i) => {
    const put = (changed: Partial<typeof layer>): Certificate => ({
      ...c,
      layers: c.layers.map((l, k) => (k === i ? { ...l, ...changed } : l)),
    });
    out.push(
      [`layer ${i} hash`, put({ sha256: flip(layer.sha256) })],
      [`layer ${i} start`, put({ start: layer.start + 1 })],
      [`layer ${i} end`, put({ end: layer.end - 1 })],
    );
    out.push(
      [`layer ${i} op`, put({ encoding: { op: layer.encoding.op === 'hex' ? 'brotli' : 'hex' } })],
      [`layer ${i} gone`, { ...c, layers: c.layers.filter((_, k) => k !== i) }],
    );
    out.push(
      [`layer ${i} a digest`, put({ encoding: { op: layer.encoding.op === 'sm3' ? 'md5' : 'sm3' } })],
      [`layer ${i} another call`, put({ encoding: { op: 'derived', from: 0, derivation: 'e999' } })],
    );
  });
  return out;
}

test('a certificate with any one field changed does not', () => {
  const { story, links } = busy();
  let tried = 0;
  for (const link of links) {
    // Coordinates are read as numbers: a byte less of the last decimal, or one more beside them, tells the same pair.
    const loose = (name: string): boolean => link.value === PLACE.id && name.startsWith('at.');
    // The bytes cut off at the end of a compressed stream are its checksum.
    const checksum = (name: string, i: number): boolean => link.certificate.layers[i]?.encoding.op === 'gzip' && name === `layer ${i} end`;
    for (const [name, changed] of mutations(link.certificate)) {
      if (loose(name) || link.certificate.layers.some((_, i) => checksum(name, i))) continue;
      tried += 1;
      expect(replay(changed, partsFor(story, link)), `${link.value} ${name}`).toMatchObject({ ok: false });
    }
  }
  expect(tried).toBeGreaterThan(140);
});

test('nor does one over other bytes, another value, or a call that gave something else', () => {
  const { story, links } = busy();
  for (const link of links) {
    const parts = partsFor(story, link);
    const part = Uint8Array.from(parts.part);
    part[link.span.start] = (part[link.span.start] ?? 0) ^ 1;
    expect(replay(link.certificate, { ...parts, part }).ok).toBe(false);
    expect(
      replay(link.certificate, {
        ...parts,
        value: { ...parts.value, text: parts.value.text.replace(/[0-8](?=[^0-8]*$)/, (d) => String(Number(d) + 1)).replace('菡', '萏') },
      }).ok,
    ).toBe(false);
    if (link.chain.some((e) => e.op === 'derived'))
      expect(
        replay(link.certificate, {
          ...parts,
          derivation: () => ({ op: 'digest', algorithm: 'MD5', input: Buffer.from(PHONE.text), output: Buffer.alloc(16) }),
        }).ok,
      ).toBe(false);
  }
});

test('a canary inside a longer number is refused however the certificate is cut', () => {
  const digits = Buffer.from(PHONE.text);
  const forged = (part: string, op: 'base64' | 'hex' | 'percent' | 'json', start: number, end: number): Certificate => ({
    value: PHONE.id,
    form: 'raw',
    sourceSha256: sha(Buffer.from(part)),
    layers: [{ encoding: { op }, start, end, sha256: sha(digits) }],
    at: { start: 0, end: digits.length },
  });
  const hex = digits.toString('hex');
  expect(check(hex, forged(hex, 'hex', 0, hex.length))).toBe(true);
  expect(check(`35${hex}`, forged(`35${hex}`, 'hex', 2, 2 + hex.length))).toBe(false);
  expect(check(`${hex}35`, forged(`${hex}35`, 'hex', 0, hex.length))).toBe(false);
  const behind = b64(`ab9${PHONE.text}`);
  expect(check(behind, forged(behind, 'base64', 4, behind.length - 1))).toBe(false);
  const alone = b64(`ab:${PHONE.text}`);
  expect(check(alone, forged(alone, 'base64', 4, alone.length - 1))).toBe(true);
  expect(check(`%39${PHONE.text}`, forged(`%39${PHONE.text}`, 'percent', 3, 14))).toBe(false);
  expect(check(`\\u0039${PHONE.text}`, forged(`\\u0039${PHONE.text}`, 'json', 6, 17))).toBe(false);
  expect(check(`${PHONE.text}%39`, forged(`${PHONE.text}%39`, 'percent', 0, 11))).toBe(false);
});

test('a name in the story is escaped as it is spelled', () => {
  expect(JSON.parse('"\\u5f6d\\u6587\\u83e1\\u8c0c"')).toBe(NAME_1.text);
});
