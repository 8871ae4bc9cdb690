import type { Event } from '../../harness/model/event.js';
import type { Bodies } from '../../harness/model/finding.js';

/** Host → the name that DNS says it stands for (CNAME), both in small letters without a last dot. */
export type Aliases = ReadonlyMap<string, string>;

const CNAME = 5;
const MOST_RECORDS = 64;
const MOST_LABELS = 128;

/** The aliases that the recorded DNS answers of a run tell. What is no DNS answer tells none. */
export function aliasesOf(events: readonly Event[], bodies: Bodies): Aliases {
  const aliases = new Map<string, string>();
  for (const event of events) {
    if (event.kind !== 'flow' || event.door !== 'dns') continue;
    const answers = event.bodies.filter((body) => body.of === 'response');
    for (const { file, offset, length } of answers) readAnswer(Buffer.from(bodies.read(file, offset, length)), aliases);
  }
  return aliases;
}

/** RFC 1035, 4: a header of 12 bytes, questions, records. */
function readAnswer(message: Buffer, aliases: Map<string, string>): void {
  if (message.length < 12) return;
  const [questions, answers] = [message.readUInt16BE(4), message.readUInt16BE(6)];
  if (questions + answers > MOST_RECORDS) return;
  let at = 12;
  for (let n = 0; n < questions + answers; n += 1) {
    const name = readName(message, at);
    if (name === null) return;
    at = name.end + 4;
    if (n < questions) continue;
    if (at + 6 > message.length) return;
    const [type, length] = [message.readUInt16BE(at - 4), message.readUInt16BE(at + 4)];
    const target = type === CNAME ? readName(message, at + 6) : null;
    if (target !== null && target.text !== '') aliases.set(name.text, target.text);
    at += 6 + length;
  }
}

/** A name at `at`, and where it ends; null when it does not hold together. Pointers are followed backwards only, so that it ends. */
function readName(message: Buffer, at: number): { readonly text: string; readonly end: number } | null {
  const labels: string[] = [];
  let end = -1;
  for (let i = at; labels.length < MOST_LABELS;) {
    const length = message[i];
    if (length === undefined) return null;
    if (length === 0) return { text: labels.join('.').toLowerCase(), end: end < 0 ? i + 1 : end };
    if (length >= 0xc0) {
      const to = ((length & 0x3f) << 8) | (message[i + 1] ?? 0);
      if (to >= i) return null;
      if (end < 0) end = i + 2;
      i = to;
      continue;
    }
    if (i + 1 + length > message.length) return null;
    labels.push(message.toString('latin1', i + 1, i + 1 + length));
    i += 1 + length;
  }
  return null;
}
