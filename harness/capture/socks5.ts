import type { Socket } from 'node:net';
import type { Target } from './authority-form.js';
import type { ProxyWhy } from './journal.js';
import type { Address } from './lab.js';
import { readSocksAddress, targetOf, writeSocksAddress } from './socks-address.js';

/** Real time in which a client must have said what it wants. */
const HANDSHAKE_MS = 10_000;

const VERSION_4 = 4;
const VERSION_5 = 5;
const NO_SIGN_IN = 0x00;
const USER_AND_PASSWORD = 0x02;
const NO_METHOD = 0xff;
const SIGN_IN_VERSION = 1;
const CONNECT = 1;
const UDP_ASSOCIATE = 3;
/** SOCKS4, "request rejected or failed", with an address that is not used. */
const REFUSAL_4 = Buffer.of(0, 0x5b, 0, 0, 0, 0, 0, 0);

/** What a SOCKS reply says (RFC 1928, 6): the way is open, a general failure, network or host unreachable, refused, command or address type unknown. */
export type SocksReply = 0 | 1 | 3 | 4 | 5 | 7 | 8;

/** What a client asks for. `user`: the name it signed in with; null when it did not. */
export type SocksAsk =
  | { readonly kind: 'connect'; readonly target: Target; readonly user: string | null }
  | { readonly kind: 'udp'; readonly user: string | null }
  | { readonly kind: 'refused'; readonly why: ProxyWhy; readonly user: string | null };

/**
 * Reads a SOCKS5 handshake up to the request (RFC 1928, 1929); bytes behind it are put back. A user name is asked of every client
 * that has one, and any password will do. A client that is refused has been told so as far as the protocol has words; the caller ends
 * the connection. Never rejects.
 */
export function readSocks(client: Socket): Promise<SocksAsk> {
  return new Promise((resolve) => {
    let have: Buffer = Buffer.alloc(0);
    let stage: Stage = { at: 'greeting', user: null };
    const done = (ask: SocksAsk): void => {
      clearTimeout(timer);
      client.off('readable', take).off('end', ended).off('close', ended);
      if (have.length > 0 && ask.kind !== 'refused') client.unshift(have);
      resolve(ask);
    };
    const take = (): void => {
      for (let chunk: unknown = client.read(); Buffer.isBuffer(chunk); chunk = client.read()) have = Buffer.concat([have, chunk]);
      for (let step = advance(stage, have); step.kind !== 'more'; step = advance(stage, have)) {
        have = have.subarray(step.used);
        if (step.say !== null && client.writable) client.write(step.say);
        if (step.kind === 'ask') return done(step.ask);
        stage = step.stage;
      }
    };
    const refused = (why: ProxyWhy): void => done({ kind: 'refused', why, user: stage.user });
    const ended = (): void => refused('socks-cut-short');
    const timer = setTimeout(() => refused('socks-too-slow'), HANDSHAKE_MS);
    client.on('readable', take).on('end', ended).on('close', ended);
    if (client.destroyed) ended();
  });
}

/** Answers a request. `bound`: where the proxy takes the client's datagrams; null where that has no meaning. */
export function answerSocks(client: Socket, reply: SocksReply, bound: Address | null): void {
  if (client.writable) client.write(replyBytes(reply, bound));
}

/** The reply that says that a server could not be reached, from the code of that failure. */
export function socksReplyFor(code: string): SocksReply {
  return REPLIES[code] ?? 1;
}

const REPLIES: Readonly<Record<string, SocksReply>> = {
  ENETUNREACH: 3,
  ENETDOWN: 3,
  ENOTFOUND: 4,
  EHOSTUNREACH: 4,
  EHOSTDOWN: 4,
  ETIMEDOUT: 4,
  ECONNREFUSED: 5,
};

interface Stage {
  readonly at: 'greeting' | 'sign-in' | 'request';
  readonly user: string | null;
}

type Step =
  | { readonly kind: 'more' }
  | { readonly kind: 'next'; readonly used: number; readonly say: Buffer | null; readonly stage: Stage }
  | { readonly kind: 'ask'; readonly used: number; readonly say: Buffer | null; readonly ask: SocksAsk };

const MORE: Step = { kind: 'more' };

function advance(stage: Stage, have: Buffer): Step {
  if (have.length === 0) return MORE;
  if (stage.at === 'greeting') return greeting(have);
  return stage.at === 'sign-in' ? signIn(have) : request(have, stage.user);
}

function greeting(have: Buffer): Step {
  if (have[0] === VERSION_4) return refusal(have, null, 'socks-version: SOCKS4', REFUSAL_4);
  if (have[0] !== VERSION_5) return refusal(have, null, 'socks-malformed: no greeting', null);
  const count = have[1];
  if (count === undefined || have.length < 2 + count) return MORE;
  const methods = have.subarray(2, 2 + count);
  const method = [USER_AND_PASSWORD, NO_SIGN_IN].find((one) => methods.includes(one));
  if (method === undefined) return refusal(have, null, `socks-method: ${[...methods].join(' ') || '0'}`, Buffer.of(VERSION_5, NO_METHOD));
  return {
    kind: 'next',
    used: 2 + count,
    say: Buffer.of(VERSION_5, method),
    stage: { at: method === USER_AND_PASSWORD ? 'sign-in' : 'request', user: null },
  };
}

/** The password is never looked at: whoever reaches this port may use it. */
function signIn(have: Buffer): Step {
  if (have[0] !== SIGN_IN_VERSION) return refusal(have, null, 'socks-malformed: no sign-in', Buffer.of(SIGN_IN_VERSION, 1));
  const nameEnd = 2 + (have[1] ?? Infinity);
  const used = nameEnd + 1 + (have[nameEnd] ?? Infinity);
  if (have.length < used) return MORE;
  const user = have.subarray(2, nameEnd).toString('utf8');
  return { kind: 'next', used, say: Buffer.of(SIGN_IN_VERSION, 0), stage: { at: 'request', user } };
}

function request(have: Buffer, user: string | null): Step {
  if (have[0] !== VERSION_5) return refusal(have, user, 'socks-malformed: no request', replyBytes(1, null));
  const address = readSocksAddress(have, 3);
  if (address.kind === 'more') return MORE;
  if (address.kind === 'bad') return refusal(have, user, `socks-malformed: address type ${address.type}`, replyBytes(8, null));
  const asked = (ask: SocksAsk): Step => ({ kind: 'ask', used: address.end, say: null, ask });
  const command = have[1] ?? 0;
  // Its address is where the client means to send from, which few know and none must.
  if (command === UDP_ASSOCIATE) return asked({ kind: 'udp', user });
  if (command !== CONNECT) return refusal(have, user, `socks-command: ${COMMANDS[command] ?? command}`, replyBytes(7, null));
  const target = targetOf(address.host, address.port);
  if (target !== null) return asked({ kind: 'connect', target, user });
  return refusal(have, user, `socks-target: ${printable(address.host)}:${address.port}`, replyBytes(1, null));
}

const COMMANDS: Readonly<Record<number, string>> = { 2: 'BIND' };

function refusal(have: Buffer, user: string | null, why: ProxyWhy, say: Buffer | null): Step {
  return { kind: 'ask', used: have.length, say, ask: { kind: 'refused', why, user } };
}

function replyBytes(reply: SocksReply, bound: Address | null): Buffer {
  return Buffer.concat([Buffer.of(VERSION_5, reply, 0), writeSocksAddress(bound)]);
}

const printable = (host: string): string => host.replace(/[^\x21-\x7e]/g, '?');
