import { getDomain } from 'tldts';
import type { Receiver } from '../../harness/model/finding.js';
import type { ReceiverRow } from '../../harness/model/provision.js';
import type { RunHead } from '../../harness/model/run.js';
import simulated from './simulated.json' with { type: 'json' };
import table from './table.json' with { type: 'json' };

/** Look-ups in the sourced table of receivers. */
export interface ReceiverTable {
  /** Who is behind a host: the row with the longest matching domain. */
  receiverOf(host: string): Receiver;
  /** SDK id by whole segments of a caller's class name; null: the app's own code, or not in the table. */
  sdkOf(caller: string): string | null;
}

// The tenant of a cloud or CDN receives, not its landlord.
const LANDLORDS: ReadonlySet<string> = new Set(['cloud', 'cdn']);

/** The table for one run. Receivers of simulated apps are known only to simulated runs: their hosts exist nowhere else. */
export function receiversFor(head: RunHead): ReceiverTable {
  return receiverTable(head.handset.simulated ? [...table, ...simulated] : table, head.app.firstParty);
}

/** A table over any rows. `firstParty` goes before all rows: a self-hosted SDK's host belongs to the operator. */
export function receiverTable(rows: readonly ReceiverRow[], firstParty: RunHead['app']['firstParty']): ReceiverTable {
  const byDomain = new Map(rows.flatMap((row) => row.domains.map((domain) => [domain, row] as const)));
  const byClass = new Map(rows.flatMap((row) => row.class_prefixes.map((prefix) => [prefix.replace(/\.$/, ''), row.id] as const)));
  const own = firstParty.domains.map((d) => d.toLowerCase());
  const ownClasses = new Set(firstParty.classes.map((prefix) => prefix.replace(/\.$/, '')));
  return {
    receiverOf: (raw) => {
      const host = raw.toLowerCase().replace(/\.$/, '');
      const registrable = getDomain(host, { allowPrivateDomains: false }) ?? host;
      const base = { host, registrable, sdk: null, company: null };
      if (own.some((domain) => host === domain || host.endsWith(`.${domain}`))) return { ...base, party: 'first' };
      const row = parents(host, '.')
        .map((name) => byDomain.get(name))
        .find((r) => r !== undefined);
      if (row === undefined || LANDLORDS.has(row.category)) return { ...base, party: 'unknown' };
      const company = row.company_zh === null ? null : { zh: row.company_zh, checked: false };
      return { ...base, party: 'third', sdk: row.id, company };
    },
    sdkOf: remembered((caller) => {
      const segments = caller.split(/[.$]/);
      for (let n = segments.length; n > 0; n -= 1) {
        const prefix = segments.slice(0, n).join('.');
        // At equal length the app's own class goes first; a longer SDK prefix inside it still wins.
        if (ownClasses.has(prefix)) return null;
        const id = byClass.get(prefix);
        if (id !== undefined) return id;
      }
      return null;
    }),
  };
}

/** The same few classes call again and again. */
function remembered(look: (caller: string) => string | null): (caller: string) => string | null {
  const known = new Map<string, string | null>();
  return (caller) => {
    const before = known.get(caller);
    if (before !== undefined) return before;
    const found = look(caller);
    known.set(caller, found);
    return found;
  };
}

/** `a.b.c` → `a.b.c`, `b.c`, `c`. */
function parents(name: string, separator: string): readonly string[] {
  const labels = name.split(separator);
  return labels.map((_, i) => labels.slice(i).join(separator));
}
