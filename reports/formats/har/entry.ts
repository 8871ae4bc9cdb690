import type { BodyRef, EventId, Flow } from '../../../harness/model/event.js';
import type { Bodies } from '../../../harness/model/finding.js';
import { harBody, lengthOf, type HarBody } from './body.js';
import { codingsOf, headersOf, hostUrl, legalUrl, queryOf, requestCookies, responseCookies, valuesOf } from './fields.js';
import type { LongText } from './json.js';
import { harTimes, startOf } from './times.js';
import { webSocketMessages, type MessageFlow } from './web-socket.js';

/** What entries are made from beside their flows. */
export interface EntryParts {
  readonly bodies: Bodies;
  /** Real wall time of the run's begin, ms since 1970. */
  readonly beganMs: number;
}

/** A flow with an entry; `id` is null for a channel of which only messages were recorded. */
export type EntryFlow = Omit<Flow, 'id'> & { readonly id: EventId | null };

const PACKED: Readonly<Record<NonNullable<HarBody['packed']>, string>> = {
  limit: '解压后过大，此处为压缩的原字节 / it would unpack to too many bytes: these are the packed ones',
  damaged: '与 Content-Encoding 不符，此处为原字节 / not what Content-Encoding says: these are the bytes as sent',
  'unknown-coding': '不认识的 Content-Encoding，此处为原字节 / an unknown Content-Encoding: these are the bytes as sent',
};

/** One entry; with `messages`, that of a WebSocket. Long parts of it are read when they are written. */
export function entryOf(flow: EntryFlow, messages: readonly MessageFlow[] | null, { bodies, beganMs }: EntryParts): object {
  const { request, response, peer } = flow;
  const of = (direction: BodyRef['of']): readonly BodyRef[] => flow.bodies.filter((ref) => ref.of === direction);
  const isChannel = messages !== null;
  const shownOf = (direction: BodyRef['of']): HarBody | null =>
    // Frames are shown as the messages that they carried, unless they could not be read.
    isChannel && flow.state !== 'opaque'
      ? null
      : harBody(of(direction), codingsOf((direction === 'request' ? request : response)?.headers ?? []), bodies);
  const [sent, received] = [shownOf('request'), shownOf('response')];
  const { kind: _, request: __, response: ___, bodies: ____, ...facts } = flow;
  return {
    ...harTimes(flow, beganMs),
    request: requestOf(flow, isChannel, of('request'), sent),
    response: responseOf(flow, of('response'), received, beganMs),
    cache: {},
    ...(peer === null ? {} : { serverIPAddress: peer.ip.replace(/%.*$/, ''), connection: String(peer.port) }),
    ...commentOf(flow, isChannel),
    ...(isChannel ? { _resourceType: 'websocket', _webSocketMessages: webSocketMessages(messages, bodies, beganMs) } : {}),
    _jiejing: {
      ...facts,
      request: request && { target: request.target, version: request.version, trailers: request.trailers, raw: headOf(request.raw) },
      response: response && {
        version: response.version,
        interim: response.interim,
        trailers: response.trailers,
        raw: headOf(response.raw),
      },
      bodies: [...of('request').map((ref) => bodyFacts(ref, sent)), ...of('response').map((ref) => bodyFacts(ref, received))],
      requestBodyBase64: sent?.encoding === 'base64' ? sent.text : undefined,
    },
  };
}

function headOf(raw: { readonly sha256: string; readonly length: number } | null): object | null {
  return raw && { sha256: raw.sha256, bytes: raw.length };
}

/** `unpacked`: what the HAR shows instead of the bytes as sent. */
function bodyFacts({ of, sha256, bytes, length, state }: BodyRef, shown: HarBody | null): object {
  const unpacked = shown?.sha256 ? { codings: shown.undone, sha256: shown.sha256, bytes: shown.bytes } : null;
  return { of, sha256, bytes, length, state, unpacked };
}

function requestOf(flow: EntryFlow, isChannel: boolean, refs: readonly BodyRef[], sent: HarBody | null): object {
  const { request, scheme, host, port } = flow;
  const url = request === null ? hostUrl(scheme, host, port) : legalUrl(request.url);
  const headers = request?.headers ?? [];
  return {
    // Where nothing was asked there is no method, and none is made up.
    method: request?.method ?? '',
    url: isChannel ? url.replace(/^http/i, 'ws') : url,
    httpVersion: versionOf(request?.version),
    cookies: requestCookies(headers),
    headers: headersOf(headers),
    queryString: request === null ? [] : queryOf(request.url),
    ...(sent === null ? {} : { postData: postDataOf(valuesOf(headers, 'content-type')[0] ?? '', refs, sent) }),
    headersSize: request?.raw?.length ?? -1,
    bodySize: refs.length > 0 ? wireBytes(refs) : request === null ? -1 : 0,
  };
}

/** `postData` has no way to say that its text is base64. */
function postDataOf(mimeType: string, refs: readonly BodyRef[], sent: HarBody): object {
  const isText = sent.encoding === 'utf8';
  const binary = isText ? [] : ['二进制正文见 _jiejing.requestBodyBase64 / not text: the bytes are in _jiejing.requestBodyBase64'];
  return { mimeType, text: isText ? sent.text : '', ...joined([...binary, ...bodyNotes(refs, sent)]) };
}

function responseOf(flow: EntryFlow, refs: readonly BodyRef[], received: HarBody | null, beganMs: number): object {
  const { response, state, reason, times } = flow;
  const headers = response?.headers ?? [];
  const failed = response === null || (state !== 'whole' && state !== 'cut');
  return {
    status: response?.status ?? 0,
    statusText: response?.reason ?? '',
    httpVersion: versionOf(response?.version),
    cookies: responseCookies(headers, times.responseFirst?.wallMs ?? startOf(flow, beganMs)),
    headers: headersOf(headers),
    content: contentOf(valuesOf(headers, 'content-type')[0] ?? 'x-unknown', refs, received),
    redirectURL: valuesOf(headers, 'location')[0] ?? '',
    headersSize: response?.raw?.length ?? -1,
    bodySize: refs.length > 0 ? wireBytes(refs) : response === null ? -1 : 0,
    ...(failed ? { _error: reason === null ? state : `${state}: ${reason}` } : {}),
  };
}

interface Content {
  readonly size: number;
  readonly mimeType: string;
  readonly compression?: number;
  readonly text?: string | LongText;
  readonly encoding?: 'base64';
  readonly comment?: string;
}

function contentOf(mimeType: string, refs: readonly BodyRef[], received: HarBody | null): Content {
  if (received === null) return { size: 0, mimeType };
  return {
    size: received.bytes,
    mimeType,
    ...(received.undone.length > 0 ? { compression: received.bytes - wireBytes(refs) } : {}),
    text: received.text,
    ...(received.encoding === 'base64' ? { encoding: 'base64' } : {}),
    ...joined(bodyNotes(refs, received)),
  };
}

function bodyNotes(refs: readonly BodyRef[], { packed, isWhole }: HarBody): readonly string[] {
  const notes = packed === null ? [] : [PACKED[packed]];
  if (!isWhole) notes.push('压缩流不完整，只解出了开头 / the packed stream is not whole: only its beginning could be unpacked');
  const [kept, came] = [lengthOf(refs), wireBytes(refs)];
  if (kept < came) notes.push(`共 ${came} 字节，只保留前 ${kept} 字节 / only the first ${kept} of ${came} bytes were kept`);
  if (refs.some(({ state }) => state === 'truncated')) notes.push('对方提前结束 / the peer stopped early');
  if (refs.some(({ state }) => state === 'aborted')) notes.push('未传完 / not passed to its end');
  return notes;
}

const SYNTHETIC: Readonly<Record<Flow['synthetic'][number], string>> = {
  'request-head': '请求头由代理重写 / the proxy wrote the request head anew',
  'response-head': '响应头由代理重写 / the proxy wrote the response head anew',
  response: '响应由代理生成，不来自服务器 / the response is the proxy’s own, no server sent it',
  answer: '代理告知应用无法连接 / the proxy told the app that there is no way',
  changed: '有规则改动了它 / a rule changed it on its way',
};

function commentOf({ state, synthetic }: EntryFlow, isChannel: boolean): object {
  const opaque = state === 'opaque' ? ['内容无法解读，只有字节 / these bytes could not be read'] : [];
  const frames =
    isChannel && state !== 'opaque'
      ? ['帧的原始字节不在此处，见 export --bodies / the bytes of the frames are not in here: export --bodies has them']
      : [];
  return joined([...opaque, ...frames, ...synthetic.map((what) => SYNTHETIC[what])]);
}

function joined(notes: readonly string[]): { readonly comment?: string } {
  return notes.length === 0 ? {} : { comment: notes.join('; ') };
}

/** Bytes that came, with those that were not kept. */
function wireBytes(refs: readonly BodyRef[]): number {
  return refs.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** As Chrome writes them. */
function versionOf(version: string | undefined): string {
  if (version === undefined) return '';
  const [, major = ''] = /^(?:HTTP\/|h)?([\d.]+)$/i.exec(version) ?? [];
  if (major === '') return version;
  return /^[23](\.0)?$/.test(major) ? `h${major[0]}` : `HTTP/${major}`;
}
