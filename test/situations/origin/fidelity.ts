import type { HeaderList } from '../record.js';

/** Fields of the answers to /reason and /dup, as sent. */
export const FIDELITY: Readonly<Record<'/reason' | '/dup', { readonly reason: string; readonly headers: HeaderList }>> = {
  '/reason': {
    reason: 'Quite Unusual',
    headers: [
      ['X-CamelCase-Header', 'a'],
      ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
      ['Content-Length', '2'],
    ],
  },
  '/dup': {
    reason: 'OK',
    headers: [
      ['X-CamelCase', '1'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-Dup', 'p'],
      ['X-Dup', 'q'],
      ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
      ['Content-Length', '2'],
    ],
  },
};
