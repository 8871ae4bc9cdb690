import type { Fields } from '../model/flow-parts.js';

/** What the server's answer agreed on. `unread`: something that may change what is in the frames, by its name. */
export type Agreed =
  | { readonly kind: 'none' }
  /** Context takeover (RFC 7692, 7.1.1) of what each side sends. Window bits need no word: the largest window reads them all. */
  | { readonly kind: 'deflate'; readonly takeover: { readonly client: boolean; readonly origin: boolean } }
  | { readonly kind: 'unread'; readonly name: string };

const DEFLATE = 'permessage-deflate';
const PARAMETER = /^(?:(server|client)_no_context_takeover|(?:server|client)_max_window_bits=(?:8|9|1[0-5]))$/;

/** Reads the Sec-WebSocket-Extensions of an answer. */
export function agreedExtensions(headers: Fields): Agreed {
  const value = headers
    .filter(([name]) => name.toLowerCase() === 'sec-websocket-extensions')
    .map(([, v]) => v)
    .join(',')
    .toLowerCase();
  const extensions = value.split(',').map((extension) => extension.split(';').map((part) => part.replace(/[\s"]/g, '')));
  const named = extensions.filter(([name]) => name !== '');
  const [first] = named;
  if (first === undefined) return { kind: 'none' };
  const other = named.find(([name]) => name !== DEFLATE) ?? named[1];
  if (other !== undefined) return { kind: 'unread', name: (other[0] ?? '').slice(0, 80) };
  const parameters = first.slice(1);
  if (!parameters.every((parameter) => PARAMETER.test(parameter))) return { kind: 'unread', name: first.join(';').slice(0, 80) };
  return {
    kind: 'deflate',
    takeover: {
      client: !parameters.includes('client_no_context_takeover'),
      origin: !parameters.includes('server_no_context_takeover'),
    },
  };
}
