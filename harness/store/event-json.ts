import type { BodyRef, Draft, Flow, FlowTimes, Moment } from '../model/event.js';
import type { RawBytes } from '../model/flow-parts.js';

type FlowDraft = Omit<Flow, 'id'>;

/** JSON of parts that many flows share and nobody changes: frozen ones are written once. */
const WRITTEN = new WeakMap<object, string>();

/** An event as JSON. Flows come by the thousand, so theirs is put together here; it parses to the same as `JSON.stringify` would give. */
export function eventJson(id: string, event: Draft): string {
  return event.kind === 'flow' ? flowJson(id, event) : JSON.stringify({ id, ...event });
}

function flowJson(id: string, flow: FlowDraft): string {
  const { n, engine, door, scheme, port, state } = flow;
  return (
    `{"id":"${id}","at":{"ms":${flow.at.ms},"slackMs":${flow.at.slackMs},"clock":${JSON.stringify(flow.at.clock)},"seq":${flow.at.seq}}` +
    `,"kind":"flow","witness":"${flow.witness}","n":${n},"engine":"${engine}","door":"${door}","scheme":"${scheme}"` +
    `,"host":${JSON.stringify(flow.host)},"port":${port},"sni":${JSON.stringify(flow.sni)},"peer":${shared(flow.peer)},"owner":${shared(flow.owner)}` +
    `,"state":"${state}","reason":${JSON.stringify(flow.reason)},"request":${request(flow.request)},"response":${response(flow.response)}` +
    `,"bodies":[${flow.bodies.map(body).join(',')}],"tls":${shared(flow.tls)},"websocket":${JSON.stringify(flow.websocket)}` +
    `,"synthetic":${JSON.stringify(flow.synthetic)},"times":${times(flow.times)}}`
  );
}

function shared(part: object | null): string {
  if (part === null || !Object.isFrozen(part)) return JSON.stringify(part);
  const written = WRITTEN.get(part) ?? JSON.stringify(part);
  WRITTEN.set(part, written);
  return written;
}

function request(head: Flow['request']): string {
  if (head === null) return 'null';
  const { method, target, url, version, headers, trailers } = head;
  return (
    `{"method":${JSON.stringify(method)},"target":${JSON.stringify(target)},"url":${JSON.stringify(url)},"version":${JSON.stringify(version)}` +
    `,"headers":${JSON.stringify(headers)},"trailers":${JSON.stringify(trailers)},"raw":${raw(head.raw)}}`
  );
}

function response(head: Flow['response']): string {
  if (head === null) return 'null';
  const { status, reason, version, headers, trailers, interim } = head;
  return (
    `{"status":${status},"reason":${JSON.stringify(reason)},"version":${JSON.stringify(version)},"headers":${JSON.stringify(headers)}` +
    `,"trailers":${JSON.stringify(trailers)},"interim":${JSON.stringify(interim)},"raw":${raw(head.raw)}}`
  );
}

/** Hashes and file names of the store hold nothing that JSON would escape. */
function raw(bytes: RawBytes | null): string {
  if (bytes === null) return 'null';
  return `{"sha256":"${bytes.sha256}","file":"${bytes.file}","offset":${bytes.offset},"length":${bytes.length}}`;
}

function body({ of, sha256, bytes, file, offset, length, state }: BodyRef): string {
  return `{"of":"${of}","sha256":"${sha256}","bytes":${bytes},"file":"${file}","offset":${offset},"length":${length},"state":"${state}"}`;
}

function times(all: FlowTimes): string {
  return (
    `{"connect":${moment(all.connect)},"clientHello":${moment(all.clientHello)},"handshake":${moment(all.handshake)}` +
    `,"requestFirst":${moment(all.requestFirst)},"requestLast":${moment(all.requestLast)}` +
    `,"responseFirst":${moment(all.responseFirst)},"responseLast":${moment(all.responseLast)}}`
  );
}

function moment(at: Moment | null): string {
  return at === null ? 'null' : `{"wallMs":${at.wallMs},"monoMs":${at.monoMs},"ms":${at.ms}}`;
}
