import type { BodyRef } from '../model/event.js';
import { atItem, fault } from './fault.js';
import { textBytes } from './har-body.js';
import { base64Bytes, checkedMoment, isObject, textOr, type Row } from './members.js';

/** A message of a WebSocket as Chrome and mitmproxy write it into an entry. */
export interface HarMessage {
  readonly of: BodyRef['of'];
  /** Place among the messages of the entry, from 1. */
  readonly place: number;
  /** Place among those of its direction, from 1. */
  readonly number: number;
  readonly opcode: 'text' | 'binary';
  /** ms since 1970. */
  readonly t: number;
  readonly bytes: Buffer;
}

const [TEXT, BINARY] = [1, 2];
/** A time in seconds lies below, one in milliseconds above. */
const SECONDS_BELOW = 1e11;

/** Messages of an entry that began at `t`; null: it is no WebSocket. Control frames are passed over. @throws LabError IMPORT_SYNTAX */
export function messagesOf({ json, place }: Row, t: number): readonly HarMessage[] | null {
  const list = json['_webSocketMessages'] ?? null;
  if (list === null) return null;
  if (!Array.isArray(list)) throw fault(place, { zh: '_webSocketMessages 应为数组', en: '_webSocketMessages must be an array' });
  const count = { request: 0, response: 0 };
  return list.flatMap((item, i): HarMessage[] => {
    const at = atItem('_webSocketMessages', i + 1);
    const row: Row = { json: isObject(item) ? item : {}, place: { zh: `${place.zh}，${at.zh}`, en: `${place.en}: ${at.en}` } };
    const opcode = row.json['opcode'] ?? TEXT;
    if (opcode !== TEXT && opcode !== BINARY) return [];
    // What does not say that it was sent accuses nobody of sending.
    const of = /^(send|sent|request|outgoing)$/i.test(textOr(row, 'type') ?? '') ? 'request' : 'response';
    count[of] += 1;
    return [
      {
        of,
        place: i + 1,
        number: count[of],
        opcode: opcode === TEXT ? 'text' : 'binary',
        t: momentOfMessage(row, t),
        bytes: dataOf(row, opcode === BINARY),
      },
    ];
  });
}

function momentOfMessage(row: Row, t: number): number {
  const time = row.json['time'];
  if (typeof time !== 'number') return t;
  return checkedMoment(time < SECONDS_BELOW ? time * 1000 : time, 'time', row.place);
}

/** Binary messages are written in base64; a tool that does not has written text. */
function dataOf(row: Row, isBinary: boolean): Buffer {
  const data = textOr(row, 'data') ?? '';
  const own = row.json['_jiejing'];
  const isBase64 = isBinary || (isObject(own) && own['encoding'] === 'base64');
  return (isBase64 ? base64Bytes(data) : null) ?? textBytes(data);
}
