import { createHash } from 'node:crypto';
import type { Certificate, Encoding } from '../../../harness/model/finding.js';
import type { HookedCall, Replayed } from '../../../harness/model/replay.js';
import { createReplay } from '../../../reports/link/replay.js';
import { NAME_1, PHONE, type ManifestValue } from './story.js';

/** A certificate made by hand, with all that it speaks of. */
export interface Made {
  readonly part: Uint8Array;
  readonly value: ManifestValue;
  readonly certificate: Certificate;
  readonly calls?: Readonly<Record<string, HookedCall>>;
  /** Parts by `flow part`. */
  readonly others?: Readonly<Record<string, Uint8Array>>;
}

/** An encoding, and what it makes of bytes; third, where it is not those bytes, what it is undone to. */
export type Step = readonly [op: string, encode: (plain: Uint8Array) => Buffer, undone?: Buffer];
type Written = readonly [form: string, value: ManifestValue, spelled: string | Uint8Array];

export const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** A text and its bytes in GBK, from another program. */
export const gbkText = { text: '云屿省荏莼市路号', hex: 'd4c6d3eccaa1dcf3ddbbcad0c2b7bac5' } as const;

/** Wraps a spelling in steps, innermost first; what stands around each is neither a digit nor a character of an encoding. */
export function made([form, value, spelled]: Written, steps: readonly Step[]): Made {
  const written = typeof spelled === 'string' ? Buffer.from(spelled) : Buffer.from(spelled);
  let content = Buffer.concat([Buffer.from('["'), written, Buffer.from('"]')]);
  const layers: Certificate['layers'][number][] = [];
  let at = { start: 2, end: 2 + written.length };
  for (const [op, encode, undone] of steps) {
    if (undone !== undefined) [content, at] = [written, { start: undone.indexOf(written), end: undone.indexOf(written) + written.length }];
    const encoded = encode(content);
    const encoding = { op } as Encoding;
    layers.unshift({ encoding, start: 2, end: 2 + encoded.length, sha256: sha(undone ?? content) });
    content = Buffer.concat([Buffer.from('("'), encoded, Buffer.from('")')]);
  }
  return { part: content, value, certificate: { value: value.id, form, sourceSha256: sha(content), layers, at } };
}

/** A digest in hex in a form. */
export function wrap([form, value, spelled]: Written, [encoding, digest]: readonly [Encoding, Buffer]): Made {
  const content = Buffer.from(`h=${digest.toString('hex')}&`);
  const plain = Buffer.from(spelled as string);
  const layers = [
    { encoding: { op: 'hex' } as const, start: 2, end: content.length - 1, sha256: sha(digest) },
    { encoding, start: 0, end: digest.length, sha256: sha(plain) },
  ];
  return {
    part: content,
    value,
    certificate: { value: value.id, form, sourceSha256: sha(content), layers, at: { start: 0, end: plain.length } },
  };
}

/** Replays it. */
export function show({ part, value, certificate, calls, others }: Made): Replayed {
  return createReplay()(certificate, {
    part,
    value,
    name: NAME_1,
    derivation: (id) => calls?.[id] ?? null,
    partOf: (flow, name) => others?.[`${flow} ${name}`] ?? null,
  });
}

/** Which characters of the value a certificate speaks of. */
export function lossyFrom({ value, certificate: { form } }: Made): (at: number) => boolean {
  const masked = /^masked-(\d+)-(\d+)$/.exec(form);
  if (masked !== null) return (at) => at < Number(masked[1]) || at >= value.text.length - Number(masked[2]);
  const pair = /^pair.*-(\d)$/.exec(form);
  const spared = form.includes('gcj02') || form.includes('bd09') ? 4 : form.includes('f32') ? 5 : Number(pair?.[1]);
  // A unit of the last decimal that is told may be the rounding.
  if (pair !== null)
    return (at) =>
      /^.*?\.\d*$/.test(
        value.text
          .slice(0, at + 1)
          .split(',')
          .at(-1) ?? '',
      ) === false ||
      (
        value.text
          .slice(0, at + 1)
          .split('.')
          .at(-1) ?? ''
      ).length <
        Math.min(spared, 7) + (spared === 7 ? 1 : 0);
  if (form === 'no-check-digit') return (at) => at < 14;
  return form.startsWith('geohash')
    ? (at) =>
        /^\d+\.\d{0,2}$/.test(
          value.text
            .slice(0, at + 1)
            .split(',')
            .at(-1) ?? '',
        )
    : () => true;
}

export const bytes = (text: string): Buffer => Buffer.from(text);
export const hexes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A zstd frame of one raw block (RFC 8878): Node 20 cannot make one. */
export function zstd(plain: Uint8Array): Buffer {
  const block = (plain.length << 3) | 1;
  return Buffer.concat([hexes('28b52ffd20'), Buffer.of(plain.length, block & 255, (block >> 8) & 255, block >> 16), plain]);
}

/** A number in two requests, the first piece in hex. */
export function inPieces(): Made {
  const [first, last] = [bytes(`a=${bytes('"14082').toString('hex')}&`), bytes('b=736951;')];
  const whole = bytes(PHONE.text);
  const hexed: Certificate['layers'][number] = { encoding: { op: 'hex' }, start: 2, end: 14, sha256: sha(bytes('"14082')) };
  const pieces = [
    { flow: 'e1', part: 'body', sourceSha256: sha(first), layers: [hexed], at: { start: 1, end: 6 } },
    { flow: 'e2', part: 'header:x', sourceSha256: sha(last), layers: [], at: { start: 2, end: 8 } },
  ] as const;
  return {
    part: last,
    value: PHONE,
    others: { 'e1 body': first, 'e2 header:x': last },
    certificate: {
      value: PHONE.id,
      form: 'raw',
      sourceSha256: sha(last),
      layers: [{ encoding: { op: 'joined', pieces }, start: 0, end: last.length, sha256: sha(whole) }],
      at: { start: 0, end: 11 },
    },
  };
}
