import { getDomain } from 'tldts';
import type { Receiver } from '../../harness/model/finding.js';
import type { ReceiverRow } from '../../harness/model/provision.js';
import type { RunHead } from '../../harness/model/run.js';
import type { Aliases } from './aliases.js';
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
export function receiversFor(head: RunHead, aliases: Aliases): ReceiverTable {
  return receiverTable(head.handset.simulated ? [...table, ...simulated] : table, head.app.firstParty, aliases);
}

const NO_ONE = { sdk: null, landlord: null, alias: null, company: null } as const;
const MOST_ALIASES = 8;

/**
 * A table over any rows. `firstParty` goes before all rows: a self-hosted SDK's host belongs to the operator. Not so where DNS says that
 * the operator's name is only another name for a third party's host.
 */
export function receiverTable(rows: readonly ReceiverRow[], firstParty: RunHead['app']['firstParty'], aliases: Aliases): ReceiverTable {
  const byDomain = new Map(rows.flatMap((row) => row.domains.map((domain) => [domain, row] as const)));
  const byClass = new Map(rows.flatMap((row) => row.class_prefixes.map((prefix) => [prefix.replace(/\.$/, ''), row.id] as const)));
  const own = firstParty.domains.map((d) => d.toLowerCase());
  const isOwn = (host: string): boolean => own.some((domain) => host === domain || host.endsWith(`.${domain}`));
  const ownClasses = new Set(firstParty.classes.map((prefix) => prefix.replace(/\.$/, '')));
  const rowOf = (host: string): ReceiverRow | undefined =>
    parents(host, '.')
      .map((name) => byDomain.get(name))
      .find((r) => r !== undefined);
  return {
    receiverOf: (raw) => {
      const host = raw.toLowerCase().replace(/\.$/, '');
      const base = { host, registrable: getDomain(host, { allowPrivateDomains: false }) ?? host };
      const alias = namesOf(host, aliases).find((name) => !isOwn(name) && isThird(rowOf(name))) ?? null;
      const row = rowOf(alias ?? host);
      if (alias === null && isOwn(host)) return { ...base, ...NO_ONE, party: 'first' };
      if (row === undefined) return { ...base, ...NO_ONE, party: 'unknown' };
      if (!isThird(row)) return { ...base, ...NO_ONE, party: 'unknown', landlord: row.id };
      const company = row.company_zh === null ? null : { zh: row.company_zh, checked: false };
      return { ...base, party: 'third', sdk: row.id, landlord: null, alias, company };
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

const isThird = (row: ReceiverRow | undefined): boolean => row !== undefined && !LANDLORDS.has(row.category);

/** What DNS says that a host stands for, one after the other; none where it is nobody's alias. */
function namesOf(host: string, aliases: Aliases): readonly string[] {
  const names: string[] = [];
  for (let name = aliases.get(host); name !== undefined && names.length < MOST_ALIASES; name = aliases.get(name)) names.push(name);
  return names;
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
