import { describe, expect, it } from 'vitest';
import { recordIn } from './join.js';

const lines = (...events: readonly object[]): string => events.map((one) => `${JSON.stringify(one)}\n`).join('');

describe('the record in a contender’s events', () => {
  it('joins events of one id into one line, and takes nothing back to null', () => {
    const record = recordIn(
      lines(
        { event: 'request', id: 'a', host: 'a.bench.test', port: 443, method: 'GET', requestBody: { bytes: 0, sha256: null } },
        { event: 'request', id: 'b', host: 'b.bench.test', method: 'POST' },
        { event: 'response', id: 'a', kind: 'exchange', status: 200, host: null, responseHeaders: [['X-A', '1']] },
      ),
    );
    expect(record).toHaveLength(1);
    expect(record[0]).toMatchObject({ event: 'response', kind: 'exchange', host: 'a.bench.test', port: 443, method: 'GET', status: 200 });
    expect(record[0]).toMatchObject({ responseHeaders: [['X-A', '1']], requestBody: { bytes: 0, sha256: null }, responseBody: null });
  });

  it('leaves out what only began', () => {
    expect(recordIn(lines({ event: 'client_connected', id: null }, { event: 'requestheaders', id: 'a', host: 'a.bench.test' }))).toEqual(
      [],
    );
  });

  it('keeps the name of the event that said what became of it', () => {
    const record = recordIn(lines({ event: 'error', id: 'a', kind: 'client-left' }, { event: 'later', id: 'a' }));
    expect(record.map(({ event }) => event)).toEqual(['error']);
  });

  it('gives a message of a WebSocket the target of its handshake', () => {
    const record = recordIn(
      lines(
        { event: 'accepted', id: 'w', kind: 'exchange', host: 'a.bench.test', port: 443 },
        { event: 'message', id: null, of: 'w', kind: 'websocket-message', direction: 'up', bytes: 3006 },
        { event: 'close', id: null, of: 'w', kind: 'websocket-close', code: 4001 },
      ),
    );
    expect(record[1]).toMatchObject({ kind: 'websocket-message', host: 'a.bench.test', port: 443, direction: 'up', bytes: 3006 });
    expect(record[2]).toMatchObject({ kind: 'websocket-close', host: 'a.bench.test', code: 4001 });
  });

  it('does not read a line that is still being written', () => {
    expect(recordIn(`${lines({ event: 'e', id: null, kind: 'error' })}{"event":"half`)).toHaveLength(1);
  });

  it('refuses a kind that the record does not have', () => {
    expect(() => recordIn(lines({ event: 'e', id: null, kind: 'guess' }))).toThrow(/no such kind: guess/);
  });
});
