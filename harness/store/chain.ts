import { createHash } from 'node:crypto';

/** Every line of events.jsonl begins with this, 64 hex digits of the line before, `",` and the event's own members. */
export const LINE_HEAD = '{"prev":"';
/** Where the event's own members begin. */
export const LINE_BODY_AT = LINE_HEAD.length + 64 + 2;
const OWN_HEAD = ',"own":"';
const OWN_LENGTH = OWN_HEAD.length + 64 + 2;

/** A line of the chain, without its newline. `members` are those of the event as JSON, without the braces. */
export function chainLine(prev: string, members: string): string {
  return `${LINE_HEAD}${prev}",${members}}`;
}

/** The last line: no line follows that would hold its hash, so it carries the hash of itself, taken before `own` was put in. */
export function lastLine(prev: string, members: string): string {
  const open = chainLine(prev, members);
  return `${open.slice(0, -1)}${OWN_HEAD}${createHash('sha256').update(open).digest('hex')}"}`;
}

/** Whether a last line is as it was written; null: it carries no hash of itself, or not in its place. */
export function ownHolds(line: string): boolean | null {
  const at = line.length - OWN_LENGTH;
  if (!line.startsWith(OWN_HEAD, at) || !line.endsWith('"}')) return null;
  const own = line.slice(at + OWN_HEAD.length, -2);
  return (
    createHash('sha256')
      .update(`${line.slice(0, at)}}`)
      .digest('hex') === own
  );
}

/** The hash that a line holds of the line before, or null when it is not a line of ours. */
export function prevOf(line: string): string | null {
  if (!line.startsWith(LINE_HEAD) || line.slice(LINE_BODY_AT - 2, LINE_BODY_AT) !== '",') return null;
  const prev = line.slice(LINE_HEAD.length, LINE_BODY_AT - 2);
  return /^[0-9a-f]{64}$/.test(prev) ? prev : null;
}
