// mockttp 4.6.5 passing everything through, capturing both bodies of every exchange by its own `request` and `response` events.
// Arguments: path of its entry, port, folder. Prints one line of JSON when it listens.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DOWN, END, REQUEST, RESPONSE, UP, openLog } from './capture-log.mjs';

const [entry, port, folder] = process.argv.slice(2);
const { default: mockttp } = await import(pathToFileURL(entry).href);
const log = openLog(join(folder, 'capture.log'));
const json = (value) => Buffer.from(JSON.stringify(value));
const ids = new Map();
let next = 0;

const https = await mockttp.generateCACertificate();
writeFileSync(join(folder, 'ca.pem'), https.cert);
// All that is off costs time and is not needed: keeping traffic in memory, CORS, suggestions of mock rules.
const server = mockttp.getLocal({ https, http2: true, recordTraffic: false, cors: false, suggestChanges: false });
await server.forUnmatchedRequest().thenPassThrough();
await server.on('request', ({ id, method, url, rawHeaders, httpVersion, body }) => {
  ids.set(id, next);
  log.put(next, REQUEST, json({ method, url, headers: rawHeaders, httpVersion }));
  if (body.buffer.length > 0) log.put(next, UP, body.buffer);
  next += 1;
});
await server.on('response', ({ id, statusCode, rawHeaders, body }) => {
  const number = ids.get(id);
  ids.delete(id);
  log.put(number, RESPONSE, json({ statusCode, headers: rawHeaders }));
  if (body.buffer.length > 0) log.put(number, DOWN, body.buffer);
  log.put(number, END, Buffer.alloc(0));
});
await server.on('abort', ({ id }) => ids.delete(id));
await server.start(Number(port));
console.log(JSON.stringify({ port: server.port, ca: join(folder, 'ca.pem') }));
process.once('SIGTERM', () => log.end().then(() => process.exit(0)));
