import { describe, expect, test } from 'vitest';
import type { Head } from '../../../harness/capture/http1.js';
import { parseRequestLine, requestFraming } from '../../../harness/capture/http1.js';
import { MessageReader } from '../../../harness/capture/message-reader.js';

interface Seen {
  readonly lines: string[];
  raw: string;
}

function readAll(pieces: readonly Buffer[]): Seen {
  const seen: Seen = { lines: [], raw: '' };
  let body = '';
  const reader = new MessageReader({
    begin: () => {
      body = '';
    },
    head: (head: Head) => {
      seen.lines.push(parseRequestLine(head.start).target, JSON.stringify(head.headers));
      return requestFraming(head);
    },
    payload: (bytes) => {
      body += bytes.toString('latin1');
    },
    trailers: (fields) => {
      seen.lines.push(`trailers ${JSON.stringify(fields)}`);
    },
    end: () => {
      seen.lines.push(`body ${body}`);
    },
    raw: (bytes) => {
      seen.raw += bytes.toString('latin1');
    },
    broken: (why) => {
      seen.lines.push(`broken: ${why}`);
    },
  });
  for (const piece of pieces) reader.push(piece, false);
  return seen;
}

const STREAMS: Readonly<Record<string, string>> = {
  'two requests': 'GET /1 HTTP/1.1\r\nA: b\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc',
  'chunks and trailers':
    'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1;x="y"\r\ne\r\n0\r\nT: 1\r\nU: 2\r\n\r\nGET /n HTTP/1.1\r\n\r\n',
  'bare line feeds and leading empty lines': '\r\n\r\nGET /l HTTP/1.1\nA: b\n\n\r\nGET /m HTTP/1.1\r\n\r\n',
  'a folded header': 'GET /f HTTP/1.1\r\nA: b\r\n c\r\n\r\n',
  'a bad header in the second': 'GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nBad Name: 1\r\n\r\nrest of it',
  'a bad chunk': 'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\nrest of it',
  'a chunk too long': 'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
};

describe('the reader of HTTP/1 messages', () => {
  test.each(Object.entries(STREAMS))('%s: reads the same however the bytes are cut', (_, text) => {
    const bytes = Buffer.from(text, 'latin1');
    const whole = readAll([bytes]);
    expect(whole).toMatchSnapshot();
    for (let cut = 1; cut < bytes.length; cut += 1) expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    expect(readAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test('never throws on garbage and loses none of it once it is raw', () => {
    let seed = 11;
    const next = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed >> 8;
    };
    const words = [
      'GET / HTTP/1.1\r\n',
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '5\r\nabcde\r\n',
      '0\r\n\r\n',
      '\0',
      ' ',
      '\n',
      'A: b\r\n',
      'ffffffffff\r\n',
    ];
    for (let i = 0; i < 10_000; i += 1) {
      const text = Array.from({ length: next() % 12 }, () => words[next() % words.length]).join('');
      const seen = readAll([Buffer.from(text, 'latin1')]);
      if (seen.lines.at(-1)?.startsWith('broken') === true) expect(text.endsWith(seen.raw)).toBe(true);
    }
  });
});
