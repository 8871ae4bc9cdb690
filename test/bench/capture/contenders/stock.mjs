// http-mitm-proxy 1.1.0 as shipped, with keepAlive (without it it is 13 times slower), capturing both bodies of every exchange.
// Arguments: path of its entry, port, folder. Prints one line of JSON when it listens.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DOWN, END, REQUEST, RESPONSE, UP, openLog } from './capture-log.mjs';

const [entry, port, folder] = process.argv.slice(2);
const {
  default: { Proxy },
} = await import(pathToFileURL(entry).href);
const log = openLog(join(folder, 'capture.log'));
const json = (value) => Buffer.from(JSON.stringify(value));
const ids = new WeakMap();
let next = 0;

const proxy = new Proxy();
proxy.onError(() => {});
proxy.onRequest((ctx, done) => {
  const { method, url, headers, httpVersion } = ctx.clientToProxyRequest;
  ids.set(ctx, next);
  log.put(next++, REQUEST, json({ method, url, headers, httpVersion }));
  done();
});
proxy.onRequestData((ctx, chunk, done) => {
  log.put(ids.get(ctx), UP, chunk);
  done(null, chunk);
});
proxy.onResponse((ctx, done) => {
  const { statusCode, headers } = ctx.serverToProxyResponse;
  log.put(ids.get(ctx), RESPONSE, json({ statusCode, headers }));
  done();
});
proxy.onResponseData((ctx, chunk, done) => {
  log.put(ids.get(ctx), DOWN, chunk);
  done(null, chunk);
});
proxy.onResponseEnd((ctx, done) => {
  log.put(ids.get(ctx), END, Buffer.alloc(0));
  done();
});
proxy.listen({ port: Number(port), host: '127.0.0.1', sslCaDir: join(folder, 'ca'), keepAlive: true }, (error) => {
  if (error) throw error;
  console.log(JSON.stringify({ port: Number(port), ca: join(folder, 'ca/certs/ca.pem') }));
});
process.once('SIGTERM', () => log.end().then(() => process.exit(0)));
