import { join } from 'node:path';
import { visit } from './browser.js';
import type { OriginKind } from './origins.js';
import { marked } from './origins.js';
import { outputOf, type Command, type Tool, type ToolName } from './tools.js';

/** What one client is to do. */
export interface Task {
  readonly tool: Extract<Tool, { readonly path: string }>;
  readonly folder: string;
  readonly proxyPort: number;
  readonly caFile: string;
  readonly host: string;
  readonly body: Buffer;
}

type Version = 'TLSv1.2' | 'TLSv1.3';
type Alpn = 'h2' | 'http/1.1' | null;

/** One client, and what must be known of its exchange when all went well. */
export interface Client {
  readonly id: string;
  readonly tool: ToolName;
  readonly origin: OriginKind;
  readonly door: 'http-proxy' | 'socks5' | 'tls';
  readonly offers: readonly string[];
  /** App to proxy, proxy to server. */
  readonly alpn: readonly [Alpn, Alpn];
  readonly tls: readonly [Version, Version];
  /** Uid and package, where the door tells. */
  readonly owner: readonly [number, string] | null;
  /** What it sends, its name in it. */
  readonly body: Buffer;
  /** Posts `body` and gives back what came. */
  post(task: Task): Promise<Buffer>;
}

const MODERN = { origin: 'new', door: 'http-proxy', tls: ['TLSv1.3', 'TLSv1.3'], owner: null } as const;
const H1 = { offers: ['http/1.1'], alpn: ['http/1.1', 'http/1.1'] } as const;
const H2 = { offers: ['h2', 'http/1.1'], alpn: ['h2', 'h2'] } as const;
const SILENT = { offers: [], alpn: [null, null] } as const;
const OLD = { origin: 'old', tls: ['TLSv1.2', 'TLSv1.2'] } as const;
const BODY_BYTES = 40_000;
const FORM_NAME = 'marker';

export const urlOf = (host: string): string => `https://${host}/marker`;
const loopback = (port: number): string => `127.0.0.1:${port}`;
const noise = (id: string): { readonly id: string; readonly body: Buffer } => ({ id, body: marked(`from ${id}`, BODY_BYTES) });
/** Forms carry text, and `text/plain` ends each field with a line. */
const form = (id: string): { readonly id: string; readonly body: Buffer } => ({
  id,
  body: Buffer.from(`${FORM_NAME}=${marked(`from ${id}`, BODY_BYTES).toString('base64')}\r\n`),
});

const curl =
  (...options: readonly string[]): Client['post'] =>
  ({ tool, proxyPort, caFile, host, body }) => {
    const through = options.map((option) => option.replace('PROXY', loopback(proxyPort)));
    const post = ['--silent', '--show-error', '--fail', '--cacert', caFile, '--data-binary', '@-', urlOf(host)];
    return outputOf({ file: tool.path, args: ['--disable', ...through, ...post], stdin: body });
  };

/** A request by hand; the server closes, and with it the client ends. */
const openssl =
  (...options: readonly string[]): Client['post'] =>
  async ({ tool, proxyPort, caFile, host, body }) => {
    const connect = ['-proxy', loopback(proxyPort), '-connect', `${host}:443`, '-servername', host];
    const args = ['s_client', ...connect, ...options, '-CAfile', caFile, '-verify_return_error', '-quiet'];
    const head = `POST /marker HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    const answer = await outputOf({ file: tool.path, args, stdin: Buffer.concat([Buffer.from(head), body]) });
    const end = answer.indexOf('\r\n\r\n');
    const status = answer.toString('latin1', 0, answer.indexOf('\r\n'));
    if (status !== 'HTTP/1.1 200 OK') throw new Error(`answered with ${JSON.stringify(status)}`);
    return answer.subarray(end + 4);
  };

/** A program of this folder or of a runtime, told the port, the CA and the URL. */
const program =
  (command: (told: readonly string[], path: string) => Command): Client['post'] =>
  ({ tool, proxyPort, caFile, host, body }) =>
    outputOf({ ...command([String(proxyPort), caFile, urlOf(host)], tool.path), stdin: body });
const here = (name: string): string => join(import.meta.dirname, name);
const undici = (protocol: 'h1' | 'h2'): Client['post'] =>
  program((told, path) => ({ file: process.execPath, args: [here('undici-post.mjs'), ...told, path, protocol] }));

const chromium: Client['post'] = ({ tool, folder, proxyPort, caFile, host, body }) => {
  const [name = '', value = ''] = body.toString().trimEnd().split(/=(.*)/s);
  return visit({ executable: tool.path, folder, proxyPort, caFile, url: urlOf(host), field: { name, value } });
};

/** All clients of one session. Their ids are names of hosts. */
export const CLIENTS: readonly Client[] = [
  { ...MODERN, ...H1, ...noise('curl-h1'), tool: 'curl', post: curl('--proxy', 'http://PROXY', '--http1.1') },
  { ...MODERN, ...H2, ...noise('curl-h2'), tool: 'curl', post: curl('--proxy', 'http://PROXY', '--http2') },
  {
    ...MODERN,
    ...OLD,
    ...H1,
    ...noise('curl-h1-tls12'),
    tool: 'curl',
    post: curl('--proxy', 'http://PROXY', '--http1.1', '--tls-max', '1.2'),
  },
  {
    ...MODERN,
    ...OLD,
    ...H2,
    ...noise('curl-h2-tls12'),
    tool: 'curl',
    post: curl('--proxy', 'http://PROXY', '--http2', '--tls-max', '1.2'),
  },
  {
    ...MODERN,
    ...H1,
    ...noise('curl-socks'),
    tool: 'curl',
    door: 'socks5',
    owner: [10_077, 'com.example.curl'],
    post: curl('--proxy', 'socks5h://10077%3Acom.example.curl%3A40001:x@PROXY', '--http1.1'),
  },
  { ...MODERN, ...H2, ...noise('curl-bare-tls'), tool: 'curl', door: 'tls', post: curl('--connect-to', '::PROXY', '--http2') },
  { ...MODERN, ...SILENT, ...noise('openssl'), tool: 'openssl', post: openssl() },
  { ...MODERN, ...H1, ...noise('openssl-alpn'), tool: 'openssl', post: openssl('-alpn', 'http/1.1') },
  {
    ...MODERN,
    ...SILENT,
    ...noise('openssl-tls12'),
    tool: 'openssl',
    // Each side has its own TLS: what the app has is not what the server gets.
    tls: ['TLSv1.2', 'TLSv1.3'],
    post: openssl('-tls1_2'),
  },
  {
    ...MODERN,
    ...H1,
    ...noise('requests'),
    tool: 'python',
    post: program((told, file) => ({ file, args: ['-I', here('requests-post.py'), ...told] })),
  },
  { ...MODERN, ...H1, ...noise('undici-h1'), tool: 'undici', post: undici('h1') },
  { ...MODERN, ...H2, ...noise('undici-h2'), tool: 'undici', offers: ['http/1.1', 'h2'], post: undici('h2') },
  {
    ...MODERN,
    ...SILENT,
    ...noise('java'),
    tool: 'java',
    post: program((told, file) => ({ file, args: ['-XX:TieredStopAtLevel=1', here('HttpsGet.java'), ...told] })),
  },
  { ...MODERN, ...H2, ...form('chromium-h2'), tool: 'chromium', post: chromium },
  { ...MODERN, ...H2, ...form('chromium-h1'), tool: 'chromium', origin: 'one', alpn: ['http/1.1', 'http/1.1'], post: chromium },
];
