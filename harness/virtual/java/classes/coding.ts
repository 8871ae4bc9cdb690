import { base64, fromJavaBytes } from '../../../../hooks/agent/bytes.js';
import { STRING, fixed, init, klass, method } from '../classes.js';
import type { JavaObject } from '../objects.js';
import { bytes } from '../text.js';

const ANDROID = 'android.util.Base64';
const ENCODER = 'java.util.Base64$Encoder';
const GZIP = 'java.util.zip.GZIPOutputStream';
const OUTPUT = 'java.io.OutputStream';
const PART = ['[B', 'int', 'int'] as const;
/** Flags of android.util.Base64. */
const NO_PADDING = 1;
const NO_WRAP = 2;
const URL_SAFE = 8;
const LINE = 76;

/** As android.util.Base64: lines of 76 signs, each ended, unless NO_WRAP. */
function coded(from: unknown, offset: number, length: number, flags: number): string {
  let text = base64(fromJavaBytes(from as Int8Array, offset, length, length));
  if ((flags & NO_PADDING) !== 0) text = text.replace(/=+$/, '');
  if ((flags & URL_SAFE) !== 0) text = text.replaceAll('+', '-').replaceAll('/', '_');
  return (flags & NO_WRAP) === 0 ? text.replace(new RegExp(`.{1,${LINE}}`, 'g'), '$&\n') : text;
}
const lengthOf = (from: unknown): number => (from as Int8Array).length;
const taken = (self: JavaObject): number[] => self.fields.taken as number[];

/** Base64 and gzip. */
export const coding = [
  klass(ANDROID, 'java.lang.Object', [
    fixed('encode', ['[B', 'int'], '[B', (world, _, [from, flags]) =>
      world.call(ANDROID, 'encode', [...PART, 'int'], null, [from, 0, lengthOf(from), flags]),
    ),
    fixed('encode', [...PART, 'int'], '[B', (_, __, [from, offset, length, flags]) =>
      bytes(coded(from, Number(offset), Number(length), Number(flags))),
    ),
    fixed('encodeToString', ['[B', 'int'], STRING, (world, _, args) => asText(world.call(ANDROID, 'encode', ['[B', 'int'], null, args))),
    fixed('encodeToString', [...PART, 'int'], STRING, (world, _, args) =>
      asText(world.call(ANDROID, 'encode', [...PART, 'int'], null, args)),
    ),
  ]),
  klass('java.util.Base64', 'java.lang.Object', [fixed('getEncoder', [], ENCODER, (world) => world.make(ENCODER, {}))]),
  klass(ENCODER, 'java.lang.Object', [
    method('encode', ['[B'], '[B', (_, __, [from]) => bytes(coded(from, 0, lengthOf(from), NO_WRAP))),
    method('encodeToString', ['[B'], STRING, (world, self, args) => asText(world.call(ENCODER, 'encode', ['[B'], self, args))),
  ]),
  klass(
    'java.io.FilterOutputStream',
    OUTPUT,
    [method('write', ['[B'], 'void', (world, self, [from]) => world.call(GZIP, 'write', PART, self, [from, 0, lengthOf(from)]))],
    { out: OUTPUT },
  ),
  klass(GZIP, 'java.io.FilterOutputStream', [
    init([OUTPUT], (_, self, [out]) => void Object.assign(self.fields, { out, taken: [], done: false })),
    init([OUTPUT, 'int'], (_, self, [out]) => void Object.assign(self.fields, { out, taken: [], done: false })),
    method('write', PART, 'void', (_, self, [from, offset, length]) => {
      for (let i = 0; i < Number(length); i++) taken(self).push((from as Int8Array)[Number(offset) + i] ?? 0);
    }),
    method('finish', [], 'void', (world, self) => {
      if (self.fields.done === true) return;
      self.fields.done = true;
      const packed = Int8Array.from(world.crypto.gzip(Uint8Array.from(taken(self), (one) => one & 0xff)), (one) => (one << 24) >> 24);
      world.call(OUTPUT, 'write', PART, self.fields.out as JavaObject, [packed, 0, packed.length]);
    }),
    method('close', [], 'void', (world, self) => world.call(GZIP, 'finish', [], self, [])),
  ]),
];

function asText(signs: unknown): string {
  return fromJavaBytes(signs as Int8Array, 0, (signs as Int8Array).length, Number.MAX_SAFE_INTEGER);
}
