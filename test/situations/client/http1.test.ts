import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Answer } from '../evidence.js';
import { readAnswer } from './http1.js';

/** What the client makes of bytes that come one by one and then end. */
async function read(bytes: string, method = 'GET', lateMs?: number): Promise<Answer> {
  const socket = new PassThrough();
  const reading = readAnswer(socket, { method, limitMs: 2000, ...(lateMs === undefined ? {} : { lateMs }) });
  for (const byte of Buffer.from(bytes, 'latin1')) socket.write(Buffer.from([byte]));
  setTimeout(() => socket.end(), lateMs ?? 0);
  return reading;
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

it.each<readonly [string, string, Partial<Answer>]>([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', { framing: 'length', text: 'ok', ended: 'whole' }],
  ['a length that was not reached', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok', { text: 'ok', ended: 'closed' }],
  ['no framing: the close ends it', 'HTTP/1.0 200 OK\r\n\r\nok', { version: '1.0', framing: 'close', text: 'ok', ended: 'whole' }],
  ['chunks', `${CHUNKED}2;x=y\r\nok\r\n0\r\n\r\n`, { framing: 'chunked', text: 'ok', ended: 'whole', trailers: [] }],
  ['chunks and a trailer', `${CHUNKED}2\r\nok\r\n0\r\nX-End: yes\r\n\r\n`, { text: 'ok', ended: 'whole', trailers: [['X-End', 'yes']] }],
  ['chunks without the last', `${CHUNKED}2\r\nok\r\n`, { text: 'ok', ended: 'closed' }],
  ['a chunk cut in its middle', `${CHUNKED}5\r\nok`, { text: 'ok', ended: 'closed' }],
  ['text where a chunk should be', `${CHUNKED}2\r\nok\r\nError: aborted`, { text: 'okError: aborted', ended: 'closed' }],
  ['a last chunk without its end', `${CHUNKED}2\r\nok\r\n0\r\n`, { text: 'ok', ended: 'closed' }],
  [
    'a reason of two words, duplicates and case',
    'HTTP/1.1 299 Quite Unusual\r\nX-Dup: p\r\nx-dup: q\r\nContent-Length: 0\r\n\r\n',
    {
      status: 299,
      reason: 'Quite Unusual',
      headers: [
        ['X-Dup', 'p'],
        ['x-dup', 'q'],
        ['Content-Length', '0'],
      ],
    },
  ],
  ['nothing', '', { status: null, ended: 'closed' }],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent', { status: null, ended: 'closed' }],
])('reads %s', async (_, bytes, wanted) => {
  expect(await read(bytes)).toMatchObject(wanted);
});

it('keeps the 1xx before the answer', async () => {
  const { interim, status } = await read('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  expect(interim).toMatchObject([{ status: 103, headers: [['Link', 'a']] }]);
  expect(status).toBe(200);
});

it('gives HEAD no body, and counts what comes behind an answer', async () => {
  const answer = await read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'HEAD', 50);
  expect(answer).toMatchObject({ framing: 'none', bytes: 0, ended: 'whole', late: 2 });
});
