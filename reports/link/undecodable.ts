import { decodeBase64, decodeHex, decodeLight, isBase64, textLike } from './decode.js';
import { findRuns } from './runs.js';
import { unpack } from './inflate.js';
import { openUnmarked } from './unmarked.js';

/** Fewer bytes are a token, a key or a signature: too little to hold more than one value. */
const MIN_BYTES = 96;
const SAMPLE = 64 * 1024;
/** From so many bits a byte on nothing is plain; protobuf and other plain binary stay well below. */
const OPAQUE = 7.2;
/** How far below its mean the entropy of short random bytes falls; its deviation is 0.06 at most (measured, 100 to 400 bytes). */
const SPREAD = 0.2;
/** A coded run that is so much of a body is what the body is for. */
const MOST = 0.5;

/** Fewer bytes of no known form cannot hold a value. */
const MIN_FORMLESS = 16;
/** Types that say nothing of what is inside. */
const SAYS_NOTHING = /^(application\/(octet-stream|x-binary|(x-)?protobuf|(x-)?msgpack)|binary\/)/i;

/**
 * Whether a body could not be read: most of it looks random although it is no picture, sound or other known medium (a cipher, or a packing
 * of the app's own), or it is sent as mere bytes and has no form that we know (bytes under a mask can look like text).
 */
export function isUndecodable(body: Uint8Array, contentType: string | null): boolean {
  if (pieces(body).some((piece) => isNoise(piece) || holdsNoise(piece))) return true;
  return contentType !== null && SAYS_NOTHING.test(contentType) && body.length >= MIN_FORMLESS && !hasForm(body);
}

/** Of plain binary such as protobuf the strings can be read; that much of it has to be. */
const READABLE = 0.3;

function hasForm(body: Uint8Array): boolean {
  if (isMedium(body) || isPacked(body)) return true;
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, SAMPLE)).toString('utf8');
  if (!textLike(body, Math.min(body.length, SAMPLE)))
    return (text.match(/[\p{L}\p{N} _.:/-]{4,}/gu) ?? []).join('').length >= READABLE * text.length;
  return (
    isJson(body) ||
    /^[\w.~%+[\]-]+=[^&\s]*(&[\w.~%+[\]-]+=[^&\s]*)*$/.test(text) ||
    /^\s*<[?!\w]/.test(text) ||
    /^--[^\r\n]{1,200}\r\n/.test(text)
  );
}

/** One JSON document, or one in each line. */
function isJson(body: Uint8Array): boolean {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  return [text, text.slice(0, Math.max(0, text.indexOf('\n')))].some((part) => {
    try {
      JSON.parse(part);
      return true;
    } catch {
      return false;
    }
  });
}

/** The contents of a multipart body; any other as one. */
function pieces(body: Uint8Array): readonly Uint8Array[] {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  const boundary = /^(--[^\r\n]{1,200})\r\n/.exec(buffer.toString('latin1', 0, 256))?.[1];
  if (boundary === undefined) return [body];
  const out: Uint8Array[] = [];
  for (let at = 0; at >= 0 && at < buffer.length;) {
    const start = buffer.indexOf('\r\n\r\n', at);
    if (start < 0) break;
    const end = buffer.indexOf(boundary, start);
    out.push(buffer.subarray(start + 4, end < 0 ? buffer.length : Math.max(start + 4, end - 2)));
    at = end;
  }
  return out;
}

function isNoise(bytes: Uint8Array): boolean {
  return bytes.length >= MIN_BYTES && !textLike(bytes, bytes.length) && !isMedium(bytes) && !isPacked(bytes) && looksRandom(bytes);
}

/** Whether one run of base64 or hex is most of it and comes to noise. */
function holdsNoise(bytes: Uint8Array): boolean {
  if (bytes.length < MIN_BYTES) return false;
  const sample = bytes.subarray(0, 2 * SAMPLE);
  if (!mayHoldRun(sample)) return false;
  const text = decodeLight('percent', sample, null) ?? sample;
  // A run that is most of it goes over its middle.
  const middle = text.length >> 1;
  if (!isCoded(text[middle]) && !isCoded(text[middle - 1])) return false;
  const { base64, hex } = findRuns(text);
  const isMost = ([from, to]: readonly [number, number]): boolean => to - from >= MOST * text.length;
  const coded = pairs(hex).find(isMost);
  if (coded !== undefined) return isNoise(decoded(decodeHex, text, coded));
  const run = pairs(base64).find(isMost);
  return run !== undefined && isNoise(decoded(decodeBase64, text, run));
}

/** Percent coding writes a byte as three at the most. */
const MOST_WRITTEN = 3;

/** Whether characters of base64 and percent signs stand in one row that may be most of what the bytes come to. Cheap: looks at a few places. */
function mayHoldRun(bytes: Uint8Array): boolean {
  const isIn = (byte: number | undefined): boolean => isCoded(byte) || byte === PERCENT;
  const least = Math.floor((MOST * bytes.length) / MOST_WRITTEN) - 1;
  for (let place = least; place < bytes.length; place += least) {
    let [from, to] = [place, place];
    while (to - from < least && isIn(bytes[to])) to += 1;
    while (to - from < least && from > 0 && isIn(bytes[from - 1])) from -= 1;
    if (to - from >= least) return true;
  }
  return false;
}

const PERCENT = 0x25;

/** A character of base64, or of a line end between two. */
const isCoded = (byte: number | undefined): boolean => byte !== undefined && (isBase64(byte) || byte === 10 || byte === 13);

const pairs = (flat: readonly number[]): readonly (readonly [number, number])[] =>
  flat.flatMap((from, i) => (i % 2 === 0 ? [[from, flat[i + 1] ?? from] as const] : []));

function decoded(decode: typeof decodeBase64, bytes: Uint8Array, [from, to]: readonly [number, number]): Uint8Array {
  const out = new Uint8Array(to - from + 3);
  return out.subarray(0, decode(bytes, from, to - ((to - from) % 2), out));
}

const MEDIA: readonly (readonly [at: number, magic: string])[] = [
  [0, '\xff\xd8\xff'],
  [0, '\x89PNG'],
  [0, 'GIF8'],
  [8, 'WEBP'],
  [8, 'WAVE'],
  [8, 'AVI '],
  [4, 'ftyp'],
  [0, 'OggS'],
  [0, 'ID3'],
  [0, '\xff\xfb'],
  [0, '\xff\xf1'],
  [0, '#!AMR'],
  [0, '#!SILK'],
  [0, '\x02#!SILK'],
  [0, '\x1aE\xdf\xa3'],
  [0, 'FLV'],
  [0, '%PDF'],
];

/** Whether bytes begin like a picture, a sound or another known medium. */
export function isMedium(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  return MEDIA.some(([at, magic]) => head.startsWith(magic, at));
}

/** Whether it is a stream that the linker opens; what is in that is looked at by itself. */
function isPacked(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  const op =
    a === 0x1f && b === 0x8b ? 'gzip' : a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd ? 'zstd' : a === 0x78 ? 'deflate' : null;
  return op !== null ? unpack(op, bytes) !== null : openUnmarked(bytes) !== null;
}

function looksRandom(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE);
  const counts = new Uint32Array(256);
  for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const n of counts) if (n > 0) bits -= (n / sample.length) * Math.log2(n / sample.length);
  return bits >= Math.min(OPAQUE, entropyOfRandom(sample.length) - SPREAD);
}

/** Entropy in bits that `n` random bytes show: less than 8, since some come twice and others not at all (Poisson counts). */
function entropyOfRandom(n: number): number {
  const mean = n / 256;
  let lost = 0;
  let chance = Math.exp(-mean);
  for (let k = 1; k < mean + 12 * Math.sqrt(mean) + 12; k += 1) {
    chance *= mean / k;
    lost += chance * k * Math.log2(k);
  }
  return Math.log2(n) - lost / mean;
}
