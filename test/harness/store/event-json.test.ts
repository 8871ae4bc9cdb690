import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Draft } from '../../../harness/model/event.js';
import { eventMembers } from '../../../harness/store/event-json.js';

const text = fc.string({ unit: 'binary' });
const moment = fc.option(
  fc.record({ wallMs: fc.nat(), monoMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), ms: fc.nat() }),
);
const fields = fc.array(fc.tuple(text, text), { maxLength: 3 });
const raw = fc.option(
  fc.record({ sha256: fc.constant('a'.repeat(64)), file: fc.constant('bodies/s0001.seg'), offset: fc.nat(), length: fc.nat() }),
);
const tls = fc.option(
  fc.record({ client: fc.constant(null), upstream: fc.option(fc.record({ version: text, cipher: text, alpn: text, untrusted: text })) }),
);
const flow = fc.record({
  kind: fc.constant('flow'),
  at: fc.record({ ms: fc.nat(), slackMs: fc.constant(0), clock: text, seq: fc.nat() }),
  witness: fc.constant('proxy'),
  n: fc.option(fc.nat()),
  engine: fc.constantFrom('relay', 'none'),
  door: fc.constantFrom('http-proxy', 'dns'),
  scheme: fc.constantFrom('https', 'udp'),
  host: text,
  port: fc.nat(65_535),
  sni: fc.option(text),
  peer: fc.option(fc.record({ ip: text, port: fc.nat(), certificateSha256: fc.option(text) }).map((peer) => Object.freeze(peer))),
  owner: fc.record({ uid: fc.option(fc.nat()), package: fc.option(text), pid: fc.option(fc.nat()), how: fc.constant('unknown') }),
  state: fc.constantFrom('whole', 'refused'),
  reason: fc.option(text),
  request: fc.option(fc.record({ method: text, target: text, url: text, version: text, headers: fields, trailers: fields, raw })),
  response: fc.option(
    fc.record({ status: fc.nat(), reason: text, version: text, headers: fields, trailers: fields, interim: fc.constant([]), raw }),
  ),
  bodies: fc.array(
    fc.record({
      of: fc.constantFrom('request', 'response'),
      sha256: fc.constant('b'.repeat(64)),
      bytes: fc.nat(),
      file: fc.constant('bodies/b0001.body'),
      offset: fc.nat(),
      length: fc.nat(),
      state: fc.constantFrom('whole', 'cut'),
    }),
    { maxLength: 2 },
  ),
  tls: tls.map((all) => (all === null ? null : Object.freeze(all))),
  websocket: fc.option(
    fc.record({ kind: fc.constant('message'), channel: fc.nat(), number: fc.nat(), opcode: fc.constant('text'), compressed: fc.boolean() }),
  ),
  synthetic: fc.subarray(['answer', 'changed']),
  times: fc.record({
    connect: moment,
    clientHello: moment,
    handshake: moment,
    requestFirst: moment,
    requestLast: moment,
    responseFirst: moment,
    responseLast: moment,
  }),
});

it('a flow is written as JSON.stringify would write it, whatever an app or a server sends', () => {
  fc.assert(
    fc.property(flow, (event) => {
      expect(JSON.parse(`{${eventMembers('e7', event as unknown as Draft)}}`)).toEqual(JSON.parse(JSON.stringify({ id: 'e7', ...event })));
    }),
    { numRuns: 500 },
  );
});
