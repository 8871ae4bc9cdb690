import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RCODE, dnsAnswer, dnsFormatError, dnsTypeName, readDnsMessage, readDnsQuery } from '../../../harness/capture/dns-message.js';
import type { DnsMessage, DnsQuery } from '../../../harness/capture/dns-message.js';
import { ednsQuery, header, name, opt, query, question, u16 } from './dns-bytes.js';

const CASES = 10_000;

function queryOf(bytes: Buffer): DnsQuery {
  const read = readDnsQuery(bytes);
  if (read.kind === 'bad') throw new Error(read.why);
  return read.query;
}
function messageOf(bytes: Buffer): DnsMessage {
  const read = readDnsMessage(bytes);
  if (read.kind === 'bad') throw new Error(read.why);
  return read.message;
}

describe('a query', () => {
  test('is read with its name as sent', () => {
    const { header: head, question: asked, edns } = queryOf(query('API.Example.com', 28));
    expect(head).toEqual({ id: 7, response: false, opcode: 0, truncated: false, recursionDesired: true, rcode: 0 });
    expect(asked).toEqual({ name: 'API.Example.com', type: 28, class: 1, raw: question('API.Example.com', 28) });
    expect(edns).toBeNull();
  });

  test('may ask for the root, for labels with dots and for bytes that are no text', () => {
    expect(queryOf(query('', 2)).question.name).toBe('.');
    const odd = Buffer.concat([header(1, 0, [1, 0, 0, 0]), Buffer.from('\x05a.b\\\0\x02\xff \0', 'latin1'), u16(1, 1)]);
    expect(queryOf(odd).question.name).toBe('a\\.b\\\\\\000.\\255\\032');
  });

  test('tells its EDNS version and whether it wants signatures', () => {
    expect(queryOf(ednsQuery('a.example', 1)).edns).toEqual({ version: 0, dnssecOk: false });
    expect(queryOf(ednsQuery('a.example', 1, opt(3, 0x8000))).edns).toEqual({ version: 3, dnssecOk: true });
  });

  const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
  test('may have a name of 255 bytes', () => {
    expect(queryOf(query(long, 1)).question.name).toBe(long);
  });

  test.each<[string, Buffer, string, boolean]>([
    ['nothing', Buffer.alloc(0), 'cut short', false],
    ['half a header', header(1, 0, [1, 0, 0, 0]).subarray(0, 11), 'cut short', false],
    ['no question', header(1, 0, [0, 0, 0, 0]), '0 questions', true],
    ['two questions', Buffer.concat([header(1, 0, [2, 0, 0, 0]), question('a', 1), question('b', 1)]), '2 questions', true],
    ['a question that is not there', header(1, 0, [1, 0, 0, 0]), 'cut short', true],
    ['a name without an end', Buffer.concat([header(1, 0, [1, 0, 0, 0]), Buffer.from('\x01a')]), 'cut short', true],
    ['a name of 256 bytes', query(`${long}d`, 1), 'a name that is too long', true],
    [
      'a label of an unknown kind',
      Buffer.concat([header(1, 0, [1, 0, 0, 0]), Buffer.of(0x80), u16(1, 1)]),
      'a label of an unknown kind',
      true,
    ],
    ['a name that points at itself', Buffer.concat([header(1, 0, [1, 0, 0, 0]), u16(0xc00c, 1, 1)]), 'a name that points forward', true],
    [
      'a name that points into the header',
      Buffer.concat([header(1, 0, [1, 0, 0, 0]), u16(0xc000, 1, 1)]),
      'a name that points forward',
      true,
    ],
    ['65535 records', header(1, 0, [1, 0xffff, 0, 0]), 'too many records', true],
    ['two OPT records', Buffer.concat([header(1, 0, [1, 0, 0, 2]), question('a', 1), opt(), opt()]), 'a bad OPT record', true],
    ['an answer', Buffer.concat([header(1, 0x8000, [1, 0, 0, 0]), question('a', 1)]), 'an answer, not a question', false],
    ['half an answer', header(1, 0x8000, [1, 0, 0, 0]), 'cut short', false],
  ])('is not %s', (_, bytes, why, told) => {
    const read = readDnsQuery(bytes);
    expect(read).toMatchObject({ kind: 'bad', why });
    expect(read.kind === 'bad' && read.header !== null).toBe(told);
  });

  test('two names that point at each other end', () => {
    const bytes = Buffer.concat([header(1, 0, [1, 1, 0, 0]), name('a'), u16(1, 1), Buffer.of(1, 0x62), u16(0xc016, 1, 1, 0, 0, 0)]);
    // The record's name begins at 19; behind its label it points to 22, into itself.
    expect(readDnsMessage(bytes)).toMatchObject({ kind: 'bad', why: 'a name that points forward' });
  });

  test('64 kB of pointers end soon', () => {
    const chain = Buffer.alloc(65_535 - 12);
    chain[0] = 0;
    // Each pointer leads to the one before it.
    for (let at = 1; at + 1 < chain.length; at += 2) chain.writeUInt16BE(0xc000 | ((at === 1 ? 12 : at + 10) & 0x3fff), at);
    const read = readDnsMessage(Buffer.concat([header(1, 0, [128, 128, 0, 0]), chain]));
    expect(read.kind).toBe('bad');
    const hops = Buffer.concat([
      header(1, 0, [1, 1, 0, 0]),
      question('a', 1),
      ...pointers(19, 200),
      u16(0xc000 | (19 + 2 * 199)),
      u16(1, 1, 0, 0, 0),
    ]);
    expect(readDnsMessage(hops)).toMatchObject({ kind: 'bad' });
  });
});

/** Data in which each pointer leads to the one before it, the first to the question's name. */
function pointers(at: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => u16(0xc000 | (i === 0 ? 12 : at + 2 * (i - 1))));
}

test('a name in pieces is put together, but not out of more pieces than a name has labels', () => {
  const record = (pieces: number): Buffer => {
    const data = Buffer.concat(pointers(31, pieces));
    const first = Buffer.concat([Buffer.of(0), u16(10, 1, 0, 0, data.length), data]);
    const second = Buffer.concat([Buffer.from('\x03www'), u16(0xc000 | (31 + 2 * (pieces - 1))), u16(1, 1, 0, 0, 0)]);
    return Buffer.concat([header(1, 0x8000, [1, 2, 0, 0]), question('a.b', 1), Buffer.alloc(0), first, second]);
  };
  // 12 of the header, 9 of the question, 11 of the first record's own: its data begin at 32.
  const shifted = (pieces: number): Buffer => {
    const bytes = record(pieces);
    for (let i = 0; i < pieces; i += 1) bytes.writeUInt16BE(0xc000 | (i === 0 ? 12 : 32 + 2 * (i - 1)), 32 + 2 * i);
    bytes.writeUInt16BE(0xc000 | (32 + 2 * (pieces - 1)), 32 + 2 * pieces + 4);
    return bytes;
  };
  expect(messageOf(shifted(100)).answers[1]?.name).toBe('www.a.b');
  expect(readDnsMessage(shifted(128))).toMatchObject({ kind: 'bad', why: 'a name of too many pieces' });
});

describe('an answer', () => {
  const asked = queryOf(ednsQuery('A.example', 1, opt(0, 0x8000)));
  test('repeats the question as sent and gives the address for a second', () => {
    const bytes = dnsAnswer(asked, RCODE.ok, Buffer.of(203, 0, 113, 9));
    expect(bytes.readUInt16BE(2)).toBe(0x8180);
    const { header: head, questions, answers, additionals } = messageOf(bytes);
    expect(head).toMatchObject({ id: 7, response: true, rcode: 0, truncated: false });
    expect(questions).toEqual([asked.question]);
    expect(answers).toEqual([{ name: 'A.example', type: 1, class: 1, ttl: 1, data: Buffer.of(203, 0, 113, 9) }]);
    expect(additionals).toEqual([{ name: '.', type: 41, class: 1232, ttl: 0x8000, data: Buffer.alloc(0) }]);
  });

  test('without data, for a client without EDNS, is the header and the question', () => {
    const plain = queryOf(query('a.example', 28));
    const { header: head, answers, additionals } = messageOf(dnsAnswer(plain, RCODE.noName, null));
    expect([head.rcode, answers, additionals]).toEqual([3, [], []]);
  });

  test('says BADVERS over both its fields', () => {
    const { header: head, additionals } = messageOf(dnsAnswer(asked, RCODE.badVersion, null));
    expect([head.rcode, additionals[0]?.ttl]).toEqual([0, 0x0100_8000]);
  });

  test('to what is no query is a header alone', () => {
    expect(dnsFormatError(asked.header)).toEqual(u16(7, 0x8181, 0, 0, 0, 0));
  });

  test('fits into 512 bytes at its longest', () => {
    const longest = queryOf(ednsQuery(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`, 28));
    expect(dnsAnswer(longest, RCODE.ok, Buffer.alloc(16)).length).toBeLessThanOrEqual(512);
  });
});

test('types have their names', () => {
  expect([1, 28, 65, 64, 16, 4000].map(dnsTypeName)).toEqual(['A', 'AAAA', 'HTTPS', 'SVCB', 'TXT', 'TYPE4000']);
});

describe('whatever comes', () => {
  const label = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: 20 });
  const host = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));

  test('a query reads back as it was built, and its answer as it was given', () => {
    fc.assert(
      fc.property(
        host,
        fc.nat(0xffff),
        fc.nat(0xffff),
        fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 })),
        (of, type, id, address) => {
          const read = queryOf(query(of, type, id));
          expect([read.question.name, read.question.type, read.header.id]).toEqual([of, type, id]);
          const answer = messageOf(dnsAnswer(read, RCODE.ok, address === null ? null : Buffer.from(address)));
          expect(answer.answers.map((record) => record.data)).toEqual(address === null ? [] : [Buffer.from(address)]);
        },
      ),
      { numRuns: CASES },
    );
  });

  test('random bytes never make the reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        expect(['query', 'bad']).toContain(readDnsQuery(bytes).kind);
      }),
      { numRuns: CASES },
    );
  });

  test('messages with bytes changed, cut or added never do either, and a name never is too long', () => {
    const change = fc.record({ at: fc.nat(400), to: fc.constantFrom(0, 1, 63, 64, 0x80, 0xc0, 0xc1, 0xff) });
    const built = fc.oneof(
      host.map((of) => ednsQuery(of, 1)),
      host.map((of) => dnsAnswer(queryOf(ednsQuery(of, 1)), RCODE.ok, Buffer.alloc(4))),
      fc.tuple(host, fc.uint8Array({ maxLength: 100 })).map(([of, tail]) => Buffer.concat([query(of, 1), tail])),
    );
    fc.assert(
      fc.property(built, fc.array(change, { maxLength: 6 }), fc.nat(400), (whole, changes, end) => {
        const bytes = Buffer.from(whole);
        for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
        const read = readDnsMessage(bytes.subarray(0, Math.max(12, end)));
        if (read.kind === 'bad') return;
        const { questions, answers, authorities, additionals } = read.message;
        // Printed, a byte is at most four characters.
        for (const { name: printed } of [...questions, ...answers, ...authorities, ...additionals])
          expect(printed.length).toBeLessThan(4 * 255);
      }),
      { numRuns: CASES },
    );
  });
});
