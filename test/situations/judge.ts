import type { Evidence } from './evidence.js';
import * as channels from './judge/channels.js';
import type { Clause, Demands } from './judge/clause.js';
import * as failures from './judge/failures.js';
import * as plain from './judge/plain.js';
import { MQTT, RAW, RAW_ZERO } from './payloads.js';

/** What each situation demands, from 1. */
const DEMANDS: readonly Demands[] = [
  plain.baseline,
  channels.http2Only,
  channels.http2Preferred,
  channels.translated,
  channels.grpc,
  channels.webSocket('chat.v2'),
  channels.webSocket(''),
  channels.webSocketRefused,
  failures.pinnedAlert,
  failures.pinnedClose,
  failures.pinnedReset,
  failures.silence,
  failures.halfHead,
  channels.opaque(RAW, 'clear'),
  channels.opaque(RAW_ZERO, 'clear'),
  channels.opaque(Buffer.alloc(0), 'clear'),
  channels.opaque(MQTT, 'tls'),
  plain.address,
  plain.addressWithName,
  plain.address,
  plain.oddName,
  plain.oddName,
  failures.upstreamFails('tls'),
  failures.upstreamFails('tls'),
  failures.upstreamFails('clear'),
  failures.upstreamFails('tls'),
  failures.upstreamFails('tls'),
  failures.upstreamFails('tls'),
  plain.trailer,
  plain.coded('gzip', null),
  plain.coded('br', null),
  plain.coded('zstd', 49),
  plain.withoutBody,
  plain.hints,
  plain.fidelity,
  plain.otherHost,
  plain.http10,
  failures.malformed,
  plain.expectContinue,
  failures.cut('/abort-mid', 50_000),
  failures.cut('/abort-chunked', 5000),
  failures.clientLeaves,
  plain.plainToProxy,
  plain.plainInTunnel,
  plain.idle,
  failures.traversal,
  failures.storm,
];

/** The broken clauses of one situation; none is a pass. Pure, and blind to who was tried. */
export function judge(n: number, evidence: Evidence): readonly Clause[] {
  const demands = DEMANDS[n - 1];
  if (demands === undefined) throw new Error(`no situation ${n}`);
  return [...demands(evidence), ...failures.always(evidence)].filter(({ holds }) => !holds);
}

/** P: passes. F: breaks a clause as first judged. F+: breaks only clauses added or sharpened later. */
export function mark(broken: readonly Clause[]): 'P' | 'F' | 'F+' {
  if (broken.length === 0) return 'P';
  return broken.every((clause) => clause.plus) ? 'F+' : 'F';
}
