// http-mitm-proxy as it is published: every documented handler is registered, and each call is written down.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authority, pairs, ready, resolveFromSettings, settings, tally, tell } from './tell.mjs';

resolveFromSettings();
const { Proxy } = (await import(settings.entry)).default;
const proxy = new Proxy();
const bodies = new Map();

/** What the tunnel's own request names, else where the library sends the request. */
function target(ctx) {
  if (ctx.connectRequest) return authority(ctx.connectRequest.url);
  const { host = null, port = null } = ctx.proxyToServerRequestOptions ?? {};
  return { host, port: port === null ? null : Number(port) };
}

function request(ctx) {
  const { method, url, rawHeaders, headers, socket } = ctx.clientToProxyRequest;
  return {
    ...target(ctx),
    sni: socket?.servername || null,
    hostHeader: headers.host ?? null,
    method,
    path: url,
    requestHeaders: pairs(rawHeaders),
  };
}

function response(ctx) {
  const answer = ctx.serverToProxyResponse;
  if (!answer) return {};
  return { status: answer.statusCode, reason: answer.statusMessage, responseHeaders: pairs(answer.rawHeaders) };
}

function bodiesOf(ctx) {
  const had = bodies.get(ctx.uuid) ?? { up: tally(), down: tally() };
  bodies.set(ctx.uuid, had);
  return had;
}

function note(event, said) {
  return (ctx, next) => {
    tell({ event, id: ctx.uuid, ...said(ctx) });
    next();
  };
}

proxy.onConnect((req, _socket, _head, next) => {
  tell({ event: 'onConnect', id: null, ...authority(req.url) });
  next();
});
proxy.onRequest(note('onRequest', request));
proxy.onRequestHeaders(note('onRequestHeaders', request));
proxy.onRequestData((ctx, chunk, next) => {
  bodiesOf(ctx).up.add(chunk);
  next(null, chunk);
});
proxy.onRequestEnd(note('onRequestEnd', (ctx) => ({ requestBody: bodiesOf(ctx).up.body() })));
proxy.onResponse(note('onResponse', response));
proxy.onResponseHeaders(note('onResponseHeaders', response));
proxy.onResponseData((ctx, chunk, next) => {
  bodiesOf(ctx).down.add(chunk);
  next(null, chunk);
});
proxy.onResponseEnd(
  note('onResponseEnd', (ctx) => {
    const responseBody = bodiesOf(ctx).down.body();
    bodies.delete(ctx.uuid);
    return { kind: 'exchange', responseBody, responseTrailers: pairs(ctx.serverToProxyResponse.rawTrailers) };
  }),
);

proxy.onError((ctx, error, fault) => {
  const cause = error?.code ?? error?.message ?? String(error);
  if (ctx?.clientToProxyRequest) tell({ event: fault, id: ctx.uuid, ...exchangeFault(ctx, fault), cause });
  else tell({ event: fault, id: null, ...connectionFault(error, fault), cause });
});

function exchangeFault(ctx, fault) {
  const told = { ...request(ctx), ...response(ctx) };
  if (fault === 'CLIENT_TO_PROXY_REQUEST_ERROR')
    return { ...told, kind: ctx.clientToProxyRequest.complete ? 'client-left' : 'request-cut' };
  if (fault === 'PROXY_TO_CLIENT_RESPONSE_ERROR') return { ...told, kind: 'client-left' };
  if (ctx.serverToProxyResponse) return { ...told, kind: 'cut', responseBody: bodiesOf(ctx).down.body() };
  // The library reports an error and no response: the answer that the client gets is its own.
  return { ...told, kind: 'upstream-failed', synthetic: true };
}

/** Errors of no request: the library passes on what Node says of the connection, and no name. */
function connectionFault(error, fault) {
  const code = error?.code ?? '';
  if (fault !== 'HTTPS_CLIENT_ERROR') return { kind: 'error' };
  if (code === 'HPE_INVALID_EOF_STATE') return { kind: 'request-cut' };
  if (code.startsWith('HPE_')) return { kind: 'bad-request' };
  if (code.startsWith('ERR_SSL_') || /before secure TLS connection was established/.test(error.message))
    return { kind: 'refused-by-client', handshake: 'broken' };
  return { kind: 'error' };
}

function webSocketRequest(ctx) {
  const { method, url, rawHeaders, headers, socket } = ctx.clientToProxyWebSocket.upgradeReq;
  const at = authority(ctx.connectRequest?.url ?? headers.host);
  return { ...at, sni: socket?.servername || null, hostHeader: headers.host ?? null, method, path: url, requestHeaders: pairs(rawHeaders) };
}

proxy.onWebSocketConnection((ctx, next) => {
  tell({ event: 'onWebSocketConnection', id: ctx.uuid, kind: 'exchange', ...webSocketRequest(ctx) });
  next();
});
proxy.onWebSocketFrame((ctx, type, fromServer, ...message) => {
  const [data, flags, next] = message;
  const { host, port, sni } = webSocketRequest(ctx);
  const kind = type === 'message' ? 'websocket-message' : null;
  tell({ event: `onWebSocketFrame ${type}`, id: null, kind, host, port, sni, direction: fromServer ? 'down' : 'up', bytes: data.length });
  next(null, data, flags);
});
proxy.onWebSocketClose((ctx, code, _message, next) => {
  const { host, port, sni } = webSocketRequest(ctx);
  tell({ event: 'onWebSocketClose', id: null, kind: 'websocket-close', host, port, sni, code });
  next();
});
proxy.onWebSocketError((ctx, error) => {
  const { host, port, sni } = ctx?.clientToProxyWebSocket ? webSocketRequest(ctx) : {};
  tell({ event: 'onWebSocketError', id: null, kind: 'error', host, port, sni, cause: error?.code ?? error?.message ?? String(error) });
});

proxy.listen({ host: '127.0.0.1', port: 0, keepAlive: true, sslCaDir: settings.caDir }, (error) => {
  if (error) throw error;
  ready(proxy.httpPort, readFileSync(join(settings.caDir, 'certs/ca.pem'), 'utf8'));
});
