// mockttp as it is published: one pass-through rule, every event subscribed to, and each written down.
import { authority, bodyOf, ready, resolveFromSettings, settings, tally, tell } from './tell.mjs';

resolveFromSettings();
const mockttp = await import(settings.entry);
const ca = await mockttp.generateCACertificate({ subject: { commonName: 'Capture', organizationName: 'Situations' } });
const server = mockttp.getLocal({ https: { cert: ca.cert, key: ca.key }, http2: true, passthrough: ['unknown-protocol'] });

/** What came of a request so far, by its id: what one event says is needed to translate another. */
const known = new Map();

function of(id) {
  const had = known.get(id) ?? { down: tally(), interim: [], answered: false, upstreamFault: null };
  known.set(id, had);
  return had;
}

const sniOf = (event) => event.tlsMetadata?.sniHostname ?? null;
const listed = (raw) => (raw ?? []).filter(([name]) => !name.startsWith(':'));

function target(event) {
  const { hostname, port = null } = event.destination ?? {};
  return { host: hostname ? authority(hostname.includes(':') ? `[${hostname}]` : hostname).host : null, port };
}

function request(event) {
  const headers = event.headers ?? {};
  return {
    ...target(event),
    hostHeader: headers[':authority'] ?? headers.host ?? null,
    method: event.method ?? null,
    path: event.path ?? event.url ?? null,
    requestHeaders: event.rawHeaders ? listed(event.rawHeaders) : null,
  };
}

function response(event) {
  return { status: event.statusCode, reason: event.statusMessage ?? null, responseHeaders: listed(event.rawHeaders) };
}

/** The code in the library's own mark for an answer that the upstream did not give, or null. */
function mark(tags) {
  return tags.map((tag) => /^passthrough-(?:tls-)?error:(.*)$/.exec(tag)?.[1]).find((code) => code !== undefined) ?? null;
}

await server.forAnyRequest().thenPassThrough();
await server.forAnyWebSocket().thenPassThrough();

const on = (event, said) => server.on(event, (it) => tell({ event, ...said(it) }));

await on('request-initiated', (it) => ({ id: it.id, ...request(it) }));
await server.on('request-body-data', () => undefined);
await on('request', (it) => ({ id: it.id, ...request(it), requestBody: bodyOf(it.body.buffer) }));
await on('response-initiated', (it) => ({ id: it.id, ...response(it), synthetic: mark(it.tags) !== null }));
await on('response-information', (it) => {
  const { interim } = of(it.id);
  interim.push({ status: it.statusCode, headers: listed(it.rawHeaders) });
  return { id: it.id, interim };
});
await server.on('response-body-data', (it) => of(it.id).down.add(Buffer.from(it.content)));
await on('response', (it) => {
  const { answered } = of(it.id);
  known.delete(it.id);
  const cause = mark(it.tags);
  const fault = cause === null ? { kind: 'exchange' } : { kind: answered ? 'cut' : 'upstream-failed', synthetic: true, cause };
  return { id: it.id, ...response(it), responseBody: bodyOf(it.body.buffer), responseTrailers: it.rawTrailers ?? [], ...fault };
});
await on('abort', (it) => {
  const { answered, upstreamFault, down } = of(it.id);
  known.delete(it.id);
  const told = { id: it.id, ...request(it), cause: upstreamFault ?? it.error?.code ?? it.error?.message ?? null };
  const responseBody = answered ? down.body() : null;
  if (upstreamFault !== null) return { ...told, responseBody, kind: answered ? 'cut' : 'upstream-failed' };
  const whole = it.timingEvents.bodyReceivedTimestamp !== undefined;
  return { ...told, responseBody, kind: whole ? 'client-left' : 'request-cut' };
});

await on('rule-event', (it) => {
  if (it.eventType === 'passthrough-response-head') of(it.requestId).answered = true;
  if (it.eventType === 'passthrough-abort' && !it.eventData.downstreamAborted)
    of(it.requestId).upstreamFault = it.eventData.error?.code ?? it.eventData.error?.message ?? 'unknown';
  return { event: `rule-event ${it.eventType}`, id: it.requestId };
});

await on('websocket-request', (it) => ({ id: it.id, ...request(it), requestBody: bodyOf(it.body.buffer) }));
await on('websocket-accepted', (it) => ({
  id: it.id,
  kind: 'exchange',
  ...response(it),
  responseBody: bodyOf(it.body?.buffer ?? Buffer.alloc(0)),
}));
const message = (it) => ({
  id: null,
  of: it.streamId,
  kind: 'websocket-message',
  direction: it.direction === 'received' ? 'up' : 'down',
  bytes: it.content.length,
});
await on('websocket-message-received', message);
await on('websocket-message-sent', message);
await on('websocket-close', (it) => ({ id: null, of: it.streamId, kind: 'websocket-close', code: it.closeCode ?? null }));

await on('tls-client-error', (it) => ({
  id: null,
  kind: 'refused-by-client',
  ...target(it),
  sni: sniOf(it),
  cause: it.failureCause,
  handshake: it.timingEvents.handshakeTimestamp === undefined ? 'broken' : 'done',
}));
const opened = (it) => ({ id: it.id, ...target(it), sni: sniOf(it) });
await on('tls-passthrough-opened', opened);
await on('tls-passthrough-closed', opened);

const tunnels = new Map();
const tunnel = (id) => {
  const had = tunnels.get(id) ?? { up: 0, down: 0 };
  tunnels.set(id, had);
  return had;
};
await on('raw-passthrough-opened', opened);
await on('raw-passthrough-data', (it) => {
  const so = tunnel(it.id);
  if (it.direction === 'received') so.up += it.content.length;
  else so.down += it.content.length;
  return { id: it.id };
});
await on('raw-passthrough-closed', (it) => {
  const cause = it.tags.map((tag) => /^raw-passthrough-error:(.*)$/.exec(tag)?.[1]).find((code) => code !== undefined) ?? null;
  return { ...opened(it), kind: 'opaque', cause, ...tunnel(it.id) };
});

await on('client-error', (it) => {
  const code = it.errorCode ?? 'unknown';
  const kind = code === 'HPE_INVALID_EOF_STATE' ? 'request-cut' : code.startsWith('HPE_') ? 'bad-request' : 'error';
  const answer =
    it.response === 'aborted' ? {} : { ...response(it.response), responseBody: bodyOf(it.response.body.buffer), synthetic: true };
  return { id: it.request.id, kind, ...request(it.request), cause: code, ...answer };
});

await server.start();
ready(server.port, ca.cert);
