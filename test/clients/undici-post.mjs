// node undici-post.mjs PROXY-PORT CA.pem URL UNDICI h1|h2: posts standard input, writes what came back. UNDICI is the package's folder.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [port, ca, url, folder, protocol] = process.argv.slice(2);
const { ProxyAgent, request } = createRequire(import.meta.url)(folder);
const dispatcher = new ProxyAgent({
  uri: `http://127.0.0.1:${port}`,
  allowH2: protocol === 'h2',
  requestTls: { ca: readFileSync(ca), allowH2: protocol === 'h2' },
});
const answer = await request(url, { dispatcher, method: 'POST', body: readFileSync(0) });
if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
process.stdout.write(Buffer.from(await answer.body.arrayBuffer()));
await dispatcher.close();
