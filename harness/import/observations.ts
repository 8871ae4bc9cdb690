import { DATUM_ROWS } from '../model/datum.js';
import type { Derivation, Frame, ProcessRef } from '../model/event.js';
import { fault, quoted } from './fault.js';
import type { Line } from './lines.js';
import { base64Of, choiceOf, countOr, idOr, momentOf, slackOr, textOf, textOr, textsOf, wordOr, type Row } from './members.js';
import type { Nameable } from './names.js';
import { callerIn, familyOf, frameOf } from './stack.js';

/** What a line of any kind of evidence says of its time and its name. */
export interface Dated extends Nameable {
  /** Line in its file, from 1. */
  readonly line: number;
  /** ms since 1970. */
  readonly t: number;
  /** null: not given. */
  readonly slackMs: number | null;
}

interface Called extends Dated {
  readonly process: ProcessRef;
  readonly thread: string;
  readonly caller: string;
  readonly stack: readonly Frame[];
}

/** A call that read a datum. */
export interface Read extends Called {
  readonly kind: 'read';
  readonly api: string;
  readonly family: string;
  readonly datum: string;
  readonly values: readonly string[];
  readonly threw: string | null;
}

/** A call of a digest, a MAC or a cipher, or one part of it. */
export interface CryptoCall extends Called {
  readonly kind: 'crypto';
  readonly op: Extract<Derivation['op'], 'digest' | 'mac' | 'cipher'>;
  readonly algorithm: string;
  /** The same for calls on one object in one thread. */
  readonly object: string;
  readonly input: Buffer;
  readonly output: Buffer;
}

const DATA = DATUM_ROWS.map(({ datum }) => datum);
const CRYPTO = ['digest', 'mac', 'cipher'] as const;

/** Reads a line of observations.jsonl. @throws LabError IMPORT_SYNTAX */
export function observationOf({ number, row }: Line): Read | CryptoCall {
  const called = calledOf(number, row);
  const kind = textOr(row, 'kind');
  return kind === null || kind === 'read' ? readOf(row, called) : cryptoOf(row, called);
}

/** Time and name of a line. `letter` begins the name that it gets where it has none. @throws LabError IMPORT_SYNTAX */
export function datedOf({ number, row }: Line, letter: string): Dated {
  return {
    given: idOr(row, 'id'),
    counted: `${letter}${number}`,
    place: row.place,
    line: number,
    t: momentOf(row),
    slackMs: slackOr(row, 'slackMs'),
  };
}

function calledOf(number: number, row: Row): Called {
  const dated = datedOf({ number, row }, 'o');
  const name = textOr(row, 'app') ?? '';
  const process = { pid: countOr(row, 'pid') ?? 0, name, package: packageOf(name) };
  const stack = textsOf(row, 'stack')
    .filter((text) => text.trim() !== '')
    .map(frameOf);
  const caller = textOr(row, 'caller') ?? callerIn(stack);
  return { ...dated, process, thread: wordOr(row, 'tid') ?? '', caller: caller === '' ? 'unknown' : caller, stack };
}

/** The package of a process: `com.example.loan` of `com.example.loan:push`. */
export function packageOf(process: string): string {
  return process.split(':', 1)[0] ?? process;
}

function readOf(row: Row, called: Called): Read {
  const api = textOf(row, 'api');
  const family = textOr(row, 'family') ?? familyOf(api);
  const datum = choiceOf(row, 'datum', DATA);
  return { ...called, kind: 'read', api, family, datum, values: textsOf(row, 'values'), threw: textOr(row, 'threw') };
}

function cryptoOf(row: Row, called: Called): CryptoCall {
  const op = choiceOf(row, 'kind', CRYPTO);
  const object = wordOr(row, 'object');
  if (object === null) throw fault(row.place, { zh: '加密调用缺少 object', en: 'a crypto call must name its object' });
  const { pid } = called.process;
  return {
    ...called,
    kind: 'crypto',
    op,
    algorithm: quoted(textOf(row, 'alg')),
    object: JSON.stringify([op, object, called.thread, pid]),
    input: base64Of(row, 'input_b64'),
    output: base64Of(row, 'output_b64'),
  };
}
