import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Flow } from '../../harness/model/event.js';
import { folderOf, run as cli } from '../cli/cli.js';
import { CHROMIUM, inDevTools } from '../reports/formats/devtools.js';
import { faultsOf } from '../reports/formats/har-capture.js';
import { CLIENTS, urlOf, type Client } from './clients.js';
import { answerOf, sha256 } from './origins.js';
import { hold, hostOf, type Session } from './session.js';
import { findTools, TOOLS, type Tool, type ToolName } from './tools.js';

/** Entries as parsed; what a test says of them is checked by it. */
type Entry = ReturnType<typeof JSON.parse>;

const folder = folderOf('clients');
let tools: Readonly<Record<ToolName, Tool>>;
beforeAll(async () => {
  tools = await findTools();
});
const here = (client: Client): boolean => !('missing' in tools[client.tool]);
const clientsHere = (): readonly Client[] => CLIENTS.filter(here);

describe.each(['relay', 'pipeline'] as const)('one capture with the %s engine, all clients at the same time', (engine) => {
  let session: Session;
  let flows: readonly Flow[];
  beforeAll(async () => {
    session = await hold({
      folder,
      name: engine,
      clients: CLIENTS,
      tools,
      options: ['--engine', engine],
      watch: async () => async () => {},
    });
    flows = session.run.events.filter((event) => event.kind === 'flow');
  });
  const flowsOf = (client: Client): readonly Flow[] => flows.filter(({ host }) => host === hostOf(client));

  it.for(CLIENTS)('holds the one exchange of $id as both ends had it', (client, context) => {
    const tool = tools[client.tool];
    if ('missing' in tool) return context.skip(tool.missing);
    const host = hostOf(client);
    const { body: answer } = answerOf(host);
    const got = session.got.get(client.id);
    if (got !== undefined && 'error' in got) throw got.error;
    expect(got?.body.equals(answer)).toBe(true);
    const arrived = { host, method: 'POST', path: '/marker', version: client.alpn[1] === 'h2' ? '2.0' : '1.1', alpn: client.alpn[1] };
    expect(session.arrivals.filter((one) => one.host === host)).toEqual([{ ...arrived, bodySha256: sha256(client.body) }]);
    expect(flowsOf(client)).toMatchObject([
      {
        state: 'whole',
        reason: null,
        door: client.door,
        scheme: 'https',
        port: 443,
        sni: host,
        peer: { ip: '127.0.0.1', port: session.originPorts[client.origin], certificateSha256: session.certificates.get(host) },
        owner: client.owner === null ? { uid: null, how: 'unknown' } : { uid: client.owner[0], package: client.owner[1], how: 'socks' },
        request: { method: 'POST', url: urlOf(host), version: client.alpn[0] === 'h2' ? 'HTTP/2' : 'HTTP/1.1' },
        response: { status: 200, version: client.alpn[1] === 'h2' ? 'HTTP/2' : 'HTTP/1.1' },
        bodies: [
          { of: 'request', state: 'whole', bytes: client.body.length, sha256: sha256(client.body) },
          { of: 'response', state: 'whole', bytes: answer.length, sha256: sha256(answer) },
        ],
        tls: {
          client: {
            ja3: expect.stringMatching(/^[0-9a-f]{32}$/),
            ja4: expect.stringMatching(ja4Of(client)),
            alpnOffered: client.offers,
            alpn: client.alpn[0],
            version: client.tls[0],
          },
          upstream: { alpn: client.alpn[1], version: client.tls[1], untrusted: null },
        },
      },
    ]);
  });

  it('knows of nothing else, and missed nothing', () => {
    expect(session.run).toMatchObject({ interrupted: false, tornTail: 0 });
    expect(flows.map(({ host }) => host).toSorted()).toEqual(clientsHere().map(hostOf).toSorted());
    expect(flows.map(({ n }) => n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(flows.map((_, i) => i + 1));
    expect(session.run.events.filter(({ kind }) => kind === 'gap')).toEqual([]);
  });

  it('tells TLS stacks apart by JA4, and none of them by what else it offers', () => {
    // The first part counts what a connection offers; the second is a hash of the ciphers.
    const ciphersOf = (client: Client): string | undefined => flowsOf(client)[0]?.tls?.client?.ja4?.split('_')[1];
    const modern = clientsHere().filter(({ tls }) => tls[0] === 'TLSv1.3');
    const stacks = TOOLS.filter((name) => !('missing' in tools[name]) && name !== 'openssl');
    const seen = stacks.map((name) => [...new Set(modern.filter(({ tool }) => tool === name).map(ciphersOf))]);
    expect(seen.map(({ length }) => length)).toEqual(stacks.map(() => 1));
    expect(new Set(seen.flat()).size).toBe(stacks.length);
  });

  it('is a HAR 1.2 with the same bodies, which the importer of DevTools shows', async (context) => {
    const file = join(folder, `${engine}.har`);
    expect(await cli(folder, ['export', engine, '--har', '--out', file])).toMatchObject({ code: 0, stderr: '' });
    const text = readFileSync(file, 'utf8');
    expect(faultsOf(text)).toEqual([]);
    const entries: readonly Entry[] = JSON.parse(text).log.entries;
    expect(entries).toHaveLength(clientsHere().length);
    for (const client of clientsHere()) {
      const [entry, another] = entries.filter(({ request }) => request.url === urlOf(hostOf(client)));
      expect(another).toBeUndefined();
      const { request, response, _jiejing: ours } = entry;
      const sent =
        ours.requestBodyBase64 === undefined ? Buffer.from(request.postData.text) : Buffer.from(ours.requestBodyBase64, 'base64');
      expect(sha256(sent), client.id).toBe(sha256(client.body));
      expect(sha256(Buffer.from(response.content.text, response.content.encoding ?? 'utf8'))).toBe(sha256(answerOf(hostOf(client)).body));
    }
    if (CHROMIUM === undefined) return context.skip('no Chromium to import it');
    const shown = await inDevTools(text);
    expect(shown.map(({ url }) => url).toSorted()).toEqual(
      clientsHere()
        .map((client) => urlOf(hostOf(client)))
        .toSorted(),
    );
    for (const client of clientsHere()) {
      const one = shown.find(({ url }) => url === urlOf(hostOf(client)));
      expect(one).toMatchObject({ method: 'POST', status: 200, remote: `127.0.0.1:${session.originPorts[client.origin]}` });
      expect(sha256(Buffer.from(one?.body ?? '', one?.isBase64 ? 'base64' : 'utf8'))).toBe(sha256(answerOf(hostOf(client)).body));
    }
  });
});

/** What JA4 says in clear: TLS, that a name was asked for, and the first protocol offered (FoxIO's specification of JA4). */
function ja4Of({ tls, offers }: Client): RegExp {
  const [first] = offers;
  const alpn = first === undefined ? '00' : `${first.at(0)}${first.at(-1)}`;
  return new RegExp(`^t${tls[0] === 'TLSv1.3' ? '13' : '12'}d\\d{4}${alpn}_[0-9a-f]{12}_[0-9a-f]{12}$`);
}
