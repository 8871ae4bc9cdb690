import { once } from 'node:events';
import type { Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ruleOf } from './pipeline-rig.js';
import { farServer, openRig, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

/** One exchange as bytes, and what of its bodies is recorded. */
interface Shape {
  readonly sent: string;
  readonly answered: string;
  readonly bodies: readonly [string, string];
}

const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ' ', 'HTTP/1.1 ', 'ÿ'), maxLength: 40 });
const framed = fc.oneof(
  fc.constant({ head: '', wire: '', body: '' }),
  text.map((body) => ({ head: `Content-Length: ${body.length}\r\n`, wire: body, body })),
  fc.tuple(fc.array(text, { maxLength: 3 }), fc.boolean()).map(([parts, trailer]) => {
    const chunks = parts.filter((part) => part !== '').map((part) => `${part.length.toString(16)};x=1\r\n${part}\r\n`);
    return {
      head: 'Transfer-Encoding: chunked\r\n',
      wire: `${chunks.join('')}0\r\n${trailer ? 'X-End: 1\r\n' : ''}\r\n`,
      body: parts.join(''),
    };
  }),
);
const framedAnswer = framed.filter(({ head }) => head !== '');
const answer = fc.oneof(
  framedAnswer.map(({ head, wire, body }) => ({ wire: `HTTP/1.1 200 OK\r\n${head}\r\n${wire}`, body })),
  framedAnswer.map(({ head, wire, body }) => ({
    wire: `HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\n${head}\r\n${wire}`,
    body,
  })),
  fc.constantFrom(204, 304).map((status) => ({ wire: `HTTP/1.1 ${status} None\r\n\r\n`, body: '' })),
);
const shape: fc.Arbitrary<Shape> = fc.tuple(fc.constantFrom('GET', 'POST', 'HEAD', 'X-odd'), framed, answer).map(([method, up, down]) => {
  const headOnly = { wire: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', body: '' };
  const { wire, body } = method === 'HEAD' ? headOnly : down;
  return { sent: `${method} / HTTP/1.1\r\n${up.head}\r\n${up.wire}`, answered: wire, bodies: [up.body, body] };
});
const plan = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 4 }),
  up: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
  down: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
});

/** Writes in pieces of those sizes, each of its own. */
async function inPieces(socket: Socket, bytes: string, sizes: readonly number[]): Promise<void> {
  let at = 0;
  for (let n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    socket.write(bytes.slice(at, at + size), 'latin1');
    at += size;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const ENGINES = [
  { name: 'relay', options: { engine: 'relay' } as const },
  { name: 'pipeline', options: { engine: 'pipeline' } as const },
  { name: 'pipeline with a rule that lets pass', options: { rules: [ruleOf('silent', {})] } },
];
const HOST = 'fuzz.example.com';
let rig: Rig;
afterEach(() => rig.dispose());

describe.each(ENGINES)('$name', ({ options }) => {
  const served: { got: string; ends: Socket[]; plan: { shapes: readonly Shape[]; down: readonly number[] } } = {
    got: '',
    ends: [],
    plan: { shapes: [], down: [1] },
  };
  beforeEach(async () => {
    rig = await openRig(options);
    const server = rig.keep(
      await farServer((socket) => {
        let answered = 0;
        let writing = Promise.resolve();
        socket.on('end', () => socket.end());
        socket.on('data', (chunk: Buffer) => {
          served.got += chunk.toString('latin1');
          const { shapes, down } = served.plan;
          for (;;) {
            const next = shapes[answered];
            const due = shapes.slice(0, answered + 1).reduce((sum, { sent }) => sum + sent.length, 0);
            if (next === undefined || served.got.length < due) return;
            answered += 1;
            writing = writing.then(() => inPieces(socket, next.answered, down));
          }
        });
      }, null),
    );
    rig.route(HOST, server.port);
  });

  test('whatever the pieces, both sides get what the other sent, and the record has the bodies', async () => {
    const wanted: (readonly [string, string])[] = [];
    await fc.assert(
      fc.asyncProperty(plan, async ({ shapes, up, down }) => {
        served.got = '';
        served.plan = { shapes, down };
        const { socket } = await tunnel(rig, `${HOST}:80`);
        const flows = rig.flows();
        let came = '';
        socket.on('data', (chunk: Buffer) => void (came += chunk.toString('latin1'))).resume();
        const [sent, answered] = [shapes.map((s) => s.sent).join(''), shapes.map((s) => s.answered).join('')];
        await inPieces(socket, sent, up);
        await until(() => came.length >= answered.length);
        expect(came).toBe(answered);
        expect(served.got).toBe(sent);
        await until(() => rig.flows() === flows + shapes.length);
        socket.end();
        await once(socket, 'close');
        wanted.push(...shapes.map(({ bodies }) => bodies));
      }),
      { numRuns: 60 },
    );
    const { flows, gaps, text: bodyOf } = await rig.caught();
    expect(gaps).toEqual([]);
    expect(flows.map((flow) => [bodyOf(flow, 'request'), bodyOf(flow, 'response')])).toEqual(wanted);
    expect(flows.every((flow) => flow.state === 'whole' && flow.synthetic.length === 0)).toBe(true);
  });
});
