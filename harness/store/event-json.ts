import type { BodyRef, Draft, Flow, FlowTimes, Moment } from '../model/event.js';
import type { Fields, RawBytes } from '../model/flow-parts.js';
import type { RawEvent } from './read-chain.js';

type FlowDraft = Omit<Flow, 'id'>;

/** JSON of parts that many flows share and nobody changes: frozen ones, and moments, are written once. */
const WRITTEN = new WeakMap<object, string>();

/**
 * The members of an event as JSON, without the braces around them: a line of the chain has one before them. Flows come by the thousand,
 * so theirs are put together here; they parse to the same as `JSON.stringify` would give.
 */
export function eventMembers(id: string, event: Draft): string {
  return event.kind === 'flow' ? flowMembers(id, event) : JSON.stringify({ id, ...event }).slice(1, -1);
}

/** Behind all other members of an imported event: its name in the evidence it came from, by which a reader knows it. */
export function nameMember(name: string): string {
  return `,"name":${quoted(name)}`;
}

/** The event as a reader knows it: by its name where it has one. Events name each other by what `write` gave back, which is the same. */
export function byName(event: RawEvent): RawEvent {
  if (typeof event['name'] !== 'string') return event;
  const { name, ...rest } = event;
  return { ...rest, id: name };
}

function flowMembers(id: string, flow: FlowDraft): string {
  const { at, n, engine, door, scheme, host, port, sni, state, reason, synthetic, websocket } = flow;
  return (
    `"id":"${id}","at":{"ms":${at.ms},"slackMs":${at.slackMs},"clock":${quoted(at.clock)},"seq":${at.seq}}` +
    `,"kind":"flow","witness":"${flow.witness}","n":${n},"engine":"${engine}","door":"${door}","scheme":"${scheme}"` +
    `,"host":${quoted(host)},"port":${port},"sni":${sni === null ? 'null' : quoted(sni)},"peer":${shared(flow.peer)},"owner":${shared(flow.owner)}` +
    `,"state":"${state}","reason":${reason === null ? 'null' : quoted(reason)},"request":${request(flow.request)},"response":${response(flow.response)}` +
    `,"bodies":[${flow.bodies.map(body).join(',')}],"tls":${shared(flow.tls)},"websocket":${websocket === null ? 'null' : JSON.stringify(websocket)}` +
    `,"synthetic":${list(synthetic)},"times":${times(flow.times)}`
  );
}

/** Text that JSON writes as it is, which is nearly all of it. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function list(all: readonly unknown[]): string {
  return all.length === 0 ? '[]' : JSON.stringify(all);
}

function shared(part: object | null): string {
  if (part === null || !Object.isFrozen(part)) return JSON.stringify(part);
  const written = WRITTEN.get(part) ?? JSON.stringify(part);
  WRITTEN.set(part, written);
  return written;
}

function fields(all: Fields): string {
  let json = '[';
  for (const [name, value] of all) json += `${json === '[' ? '' : ','}[${quoted(name)},${quoted(value)}]`;
  return `${json}]`;
}

function request(head: Flow['request']): string {
  if (head === null) return 'null';
  const { method, target, url, version, headers, trailers } = head;
  return (
    `{"method":${quoted(method)},"target":${quoted(target)},"url":${quoted(url)},"version":${quoted(version)}` +
    `,"headers":${fields(headers)},"trailers":${fields(trailers)},"raw":${raw(head.raw)}}`
  );
}

function response(head: Flow['response']): string {
  if (head === null) return 'null';
  const { status, reason, version, headers, trailers, interim } = head;
  return (
    `{"status":${status},"reason":${quoted(reason)},"version":${quoted(version)},"headers":${fields(headers)}` +
    `,"trailers":${fields(trailers)},"interim":${list(interim)},"raw":${raw(head.raw)}}`
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
  const { requestFirst, requestLast, responseFirst, responseLast } = all;
  const asked = moment(requestFirst);
  const answered = moment(responseFirst);
  return (
    `{"connect":${known(all.connect)},"clientHello":${known(all.clientHello)},"handshake":${known(all.handshake)}` +
    `,"requestFirst":${asked},"requestLast":${requestLast === requestFirst ? asked : moment(requestLast)}` +
    `,"responseFirst":${answered},"responseLast":${responseLast === responseFirst ? answered : moment(responseLast)}}`
  );
}

function moment(at: Moment | null): string {
  return at === null ? 'null' : `{"wallMs":${at.wallMs},"monoMs":${at.monoMs},"ms":${at.ms}}`;
}

/** A moment of the connection, the same for all its flows. */
function known(at: Moment | null): string {
  if (at === null) return 'null';
  const written = WRITTEN.get(at) ?? moment(at);
  WRITTEN.set(at, written);
  return written;
}
