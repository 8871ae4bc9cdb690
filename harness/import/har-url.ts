import type { Fields } from '../model/flow-parts.js';
import type { Flow } from '../model/event.js';

/** Where a request went. */
export interface HarTarget {
  readonly scheme: Extract<Flow['scheme'], 'https' | 'http'>;
  readonly host: string;
  readonly port: number;
  /** Path and query as sent, as far as the HAR tells. */
  readonly target: string;
  readonly url: string;
}

const SCHEMES: Readonly<Record<string, 'https' | 'http'>> = { https: 'https', wss: 'https', http: 'http', ws: 'http' };
const PORTS = { https: 443, http: 80 } as const;

/**
 * Takes a URL apart without rewriting it; null: it does not lead over the network (`data:`, `blob:` …). `query`: for tools that leave it
 * out of the URL. `sentTarget`: the `:path` of HTTP/2, where the HAR has it.
 */
export function targetOf(url: string, query: Fields, sentTarget: string | null): HarTarget | null {
  const [, word = '', authority = '', rest = ''] = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([^#]*)/is.exec(url.trim()) ?? [];
  const scheme = SCHEMES[word.toLowerCase()];
  if (scheme === undefined || authority === '') return null;
  const place = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host = place, number] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(place) ?? [];
  const port = number === undefined || number === '' ? PORTS[scheme] : Math.min(65_535, Number(number));
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const target = sentTarget ?? (path.includes('?') || query.length === 0 ? path : `${path}?${queryText(query)}`);
  return { scheme, host: host.replace(/^\[|\]$/g, '').toLowerCase(), port, target, url: `${scheme}://${place}${target}` };
}

/** Pairs as a query or a form writes them. What is written with percent signs already stays. */
export function queryText(pairs: Fields): string {
  return pairs.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');
}

function percent(text: string): string {
  return text.replaceAll(/[^\w.~!*'():@/?,;$%-]/gu, (char) => {
    if (/[\ud800-\udfff]/.test(char) && char.length === 1) return '%EF%BF%BD';
    return encodeURIComponent(char);
  });
}
