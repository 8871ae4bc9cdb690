import type { HookRow, WireCut } from '../wire.js';
import { base64, fromJavaBytes, isByteArray, utf8 } from './bytes.js';
import type { RecordDraft } from './batch.js';
import { type JavaBridge, type JavaWrapper, asRuntimeClass, field, invoke, isWrapper } from './java.js';
import type { Known } from './known.js';
import type { Entered } from './threads.js';

type Op = Extract<HookRow['kind'], 'digest' | 'mac' | 'cipher' | 'base64' | 'gzip'>;
/** Bytes looked at of one input or output. One more is taken in, which tells that there was more. */
const LIMIT = 256 * 1024;
const TAKEN = LIMIT + 1;
const OBJECTS = 512;
/** Cipher.DECRYPT_MODE and UNWRAP_MODE: what comes out was known to the sender, not to the app's reads. */
const DECRYPTING: ReadonlySet<number> = new Set([2, 4]);

interface State {
  input: string;
  output: string;
  mode: number | null;
}
export type Derived = Pick<Extract<RecordDraft, { type: 'derive' }>, 'op' | 'algorithm' | 'input' | 'output'>;

export interface Lineage {
  /** To be called before the original, for calls that may write over their input. Returns the input bytes. */
  before(call: Entered): string;
  /** To be called after the original returned. The derivation when the input held a known value. */
  after(call: Entered, input: string, returned: unknown): Derived | null;
}

/** Makes the tracker of digests, MACs, ciphers, Base64 and gzip: one state for each Java object. `onCut` is told where a value may have passed unseen. */
export function createLineage(java: JavaBridge, known: Known, onCut: (hook: string, what: WireCut) => void): Lineage {
  const stateOf = createStates(java, (call) => onCut(call.row.id, 'objects'));

  function derive(call: Entered, algorithm: () => string, taken: string, output: string): Derived | null {
    const op = call.row.kind as Op;
    const input = taken.slice(0, LIMIT);
    const holds = known.within(input);
    if (taken.length > LIMIT) {
      // A digest over so much tells no value apart; half of its input would be a false certificate.
      const digested = op === 'digest' || op === 'mac';
      if (!digested || holds) onCut(call.row.id, 'input');
      if (digested) return null;
    }
    if (output === '' || !holds) return null;
    known.addDerived(output);
    return { op, algorithm: algorithm(), input: base64(input), output: base64(output.slice(0, LIMIT)) };
  }
  return {
    before: inputOf,
    after(call, input, returned) {
      const op = call.row.kind as Op;
      if (op === 'base64') return derive(call, () => call.row.class, input, outputOf(call, returned));
      const state = stateOf(call);
      switch (call.row.method) {
        case '$init':
        case 'reset':
        case 'init':
          state.input = state.output = '';
          if (op === 'cipher') state.mode = Number(call.args[0]);
          return null;
        case 'update':
        case 'write':
          state.input = (state.input + input).slice(0, TAKEN);
          state.output = (state.output + outputOf(call, returned)).slice(0, LIMIT);
          return null;
      }
      const whole = (state.input + input).slice(0, TAKEN);
      const output = (state.output + (op === 'gzip' ? gzipped(java, call.self) : outputOf(call, returned))).slice(0, LIMIT);
      state.input = state.output = '';
      if (op === 'cipher' && state.mode !== null && DECRYPTING.has(state.mode)) return null;
      return derive(call, () => (op === 'gzip' ? 'gzip' : String(invoke(call.self, 'getAlgorithm'))), whole, output);
    },
  };
}

/** The state of a call's object, kept for the last ones that were used. `onLost`: one with input was forgotten before it gave its result. */
function createStates(java: JavaBridge, onLost: (call: Entered) => void): (call: Entered) => State {
  const states = new Map<string, State>();
  return (call) => {
    const key = `${call.row.kind}:${String(invoke(java.use('java.lang.System'), 'identityHashCode', call.self))}`;
    const found = states.get(key) ?? { input: '', output: '', mode: null };
    states.delete(key);
    states.set(key, found);
    if (states.size > OBJECTS) {
      const [oldest = '', state] = states.entries().next().value ?? [];
      states.delete(oldest);
      if (state?.input !== '') onLost(call);
    }
    return found;
  };
}

/** Bytes that a call takes in. Overloads that take a buffer for the output (`[B,int` of doFinal, `[B,int,int` of digest) have none. */
function inputOf(call: Entered): string {
  const [first, offset, length] = call.args;
  if (call.row.method === 'init' || call.row.method === 'reset' || call.row.method === '$init') return '';
  if (call.types[0] === 'byte') return String.fromCharCode(Number(first) & 0xff);
  if (!isByteArray(first) || writesInto(call)) return '';
  return call.types[1] === 'int' && call.types[2] === 'int'
    ? fromJavaBytes(first, Number(offset), Number(length), TAKEN)
    : fromJavaBytes(first, 0, first.length, TAKEN);
}

/** Whether the first argument is where the result goes. */
function writesInto(call: Entered): boolean {
  const types = call.types.join(',');
  return (call.row.method === 'doFinal' && types === '[B,int') || (call.row.method === 'digest' && types === '[B,int,int');
}

/** Bytes that a call gave back: returned, or written into a buffer that was passed in. */
function outputOf(call: Entered, returned: unknown): string {
  if (typeof returned === 'string') return utf8(returned);
  if (isByteArray(returned)) return fromJavaBytes(returned, 0, returned.length, LIMIT);
  const types = call.types.join(',');
  if (writesInto(call))
    return call.row.kind === 'mac'
      ? slice(call.args[0], Number(call.args[1]), Number(invoke(call.self, 'getMacLength')))
      : slice(call.args[0], Number(call.args[1]), Number(returned));
  if (types === '[B,int,int,[B') return slice(call.args[3], 0, Number(returned));
  if (types === '[B,int,int,[B,int') return slice(call.args[3], Number(call.args[4]), Number(returned));
  return '';
}

function slice(buffer: unknown, offset: number, length: number): string {
  return isByteArray(buffer) && length > 0 ? fromJavaBytes(buffer, offset, length, LIMIT) : '';
}

/** What a GZIPOutputStream wrote, when it wrote into memory; elsewhere the wire shows it. */
function gzipped(java: JavaBridge, stream: JavaWrapper): string {
  const target = field(stream, 'out');
  if (!isWrapper(target) || target.$className !== 'java.io.ByteArrayOutputStream') return '';
  const bytes = invoke(asRuntimeClass(java, target), 'toByteArray');
  if (!isByteArray(bytes)) return '';
  const all = fromJavaBytes(bytes, 0, bytes.length, LIMIT);
  const start = all.indexOf('\x1f\x8b');
  return start < 0 ? '' : all.slice(start);
}
