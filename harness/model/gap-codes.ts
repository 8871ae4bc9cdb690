/** What was not seen, by source; more may stand behind it. Its words are in reports/gap-words.ts. */
export const GAP_WHATS = [
  // hooks
  'other-package',
  'records-dropped',
  'records-lost',
  'hook-failed',
  'hook-fault',
  'hook-cut',
  // proxy
  'tls-refused',
  'upstream-failed',
  'h2-only',
  'bad-request',
  'opaque',
  'websocket',
  'body-cut',
  'udp',
  'not-taken',
  // driver
  'permission-prompt',
  'agreement-unsettled',
  'notice-gone',
  // handset
  'process-crashed',
  // store
  'not-written',
  // linker
  'request',
  // run
  'not-settled',
  // imported evidence
  'screens',
  'reads',
  'traffic',
  'canary',
  'har-entry',
  'consent-acts',
  'crypto-joins',
] as const;

/** Why it was not seen; more may stand behind it. */
export const GAP_WHYS = [
  // hooks
  'package',
  'too-many-calls',
  'lost-on-the-way',
  'install-error',
  'agent-error',
  'too-many-values',
  'value-too-long',
  'input-too-long',
  'too-many-objects',
  'too-many-known-values',
  // proxy: connections
  'too-many-connections',
  // proxy: TLS towards the app
  'tls-alert',
  'tls-error',
  'tls-reset',
  'tls-reset-after-handshake',
  'tls-close-in-handshake',
  'tls-close-after-handshake',
  'tls-silence',
  'h2-only',
  'no-byte',
  'no-byte-reset',
  // proxy: the server
  'upstream',
  'upstream-tls',
  'server-closed-first',
  'server-closed-before-request',
  // proxy: what came is no request
  'no-proxy-protocol',
  'no-server-name',
  'socks-off',
  'socks-version',
  'socks-method',
  'socks-command',
  'socks-target',
  'socks-malformed',
  'socks-cut-short',
  'socks-too-slow',
  'connect-target',
  'connect-malformed',
  'connect-cut-short',
  'request-cut-short',
  'not-for-a-proxy',
  'malformed',
  // proxy: bytes that are kept and not read
  'not-tls-nor-http',
  'server-speaks-first',
  'request-malformed',
  'response-malformed',
  'server-spoke-unasked',
  'answer-before-request',
  'second-answer',
  'tunnel-in-tunnel',
  'upgrade',
  'over-limit',
  // proxy: WebSocket frames that cannot be read
  'websocket-extension',
  'websocket-opcode',
  'websocket-reserved-bits',
  'websocket-fragments',
  'websocket-masking',
  'websocket-length',
  'websocket-inflate',
  'websocket-context-lost',
  // proxy: names
  'dns-malformed',
  'dns-refused',
  'dns-no-name',
  'dns-no-data',
  'dns-failed',
  'dns-overloaded',
  'dns-stopped',
  // proxy: datagrams that are not let through; a number behind it counts them
  'udp-dropped',
  'quic-dropped',
  'udp-others',
  'udp-malformed',
  'udp-stray',
  'udp-no-socket',
  // driver
  'no-button',
  // handset
  'crashed',
  // store
  'disk',
  // linker
  'certificate',
  'cut',
  'undecodable',
  'too deep',
  'too many streams',
  'unpacked size',
  'decoding budget',
  'content-encoding',
  // run
  'after-error',
  'run-ended',
  // imported evidence
  'too-short',
  'entry-too-long',
  'not-in-evidence',
  'too-much-to-join',
] as const;

export type GapWhat = (typeof GAP_WHATS)[number];
export type GapWhy = (typeof GAP_WHYS)[number];

/** A code, alone or with a detail behind a colon: `tls-alert: unknown_ca`. */
export type Coded<C extends string> = C | `${C}: ${string}`;
