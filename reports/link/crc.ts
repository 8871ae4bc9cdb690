import { crc32 } from 'node:zlib';
import type { ManifestValue } from '../../harness/model/values.js';
import { deepValues } from './digests.js';
import type { Layer, Range } from './layer.js';
import type { DigestNeedle } from './needles.js';
import { bytesOf, spellings } from './spelling.js';
import type { Word } from './words.js';

/** Below so many bits a CRC tells hardly anything of its value. */
const MIN_BITS = 15;

/** The CRC-32 of handset ids as eight hex digits standing alone: 32 bits, of which chance has many goes, so never more than a hint. */
export function crcWords(values: readonly ManifestValue[]): readonly Word[] {
  return deepValues(values).flatMap((value) => {
    if (value.bits < MIN_BITS) return [];
    return spellings(value, null).flatMap((spelling) => {
      const spelled = spelling.digested === 'usual' ? bytesOf(spelling) : null;
      return spelled === null ? [] : wordsOf(value, spelling.form, spelled);
    });
  });
}

function wordsOf(value: ManifestValue, form: string, spelled: Uint8Array): readonly Word[] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(spelled));
  const needle: DigestNeedle = { kind: 'digest', value, form, encoding: { op: 'crc32' }, bytes, spelled, cap: 'C1' };
  const hex = bytes.toString('hex');
  return [...new Set([hex, hex.toUpperCase()])].map((text) => ({
    text,
    meet: (layer, place, found) => found(needle, decoded(layer, place, bytes), { start: 0, end: bytes.length }),
  }));
}

function decoded(above: Layer, { start, end }: Range, bytes: Uint8Array): Layer {
  return { bytes, above, step: { op: 'hex', start, end }, depth: above.depth + 1, source: null };
}
