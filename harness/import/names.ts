import { fault, quoted, type Place } from './fault.js';

/** Something of the evidence that becomes an event. */
export interface Nameable {
  /** The id that the evidence gives it; null: none. */
  readonly given: string | null;
  /** The one by its place: `o17`. */
  readonly counted: string;
  readonly place: Place;
}

/** What one file of the evidence holds. `prefix`: what is put before a name that is taken already. */
interface NamedFile {
  readonly prefix: string;
  readonly items: readonly Nameable[];
}

/** An id that had to be given another name. */
interface Renamed {
  readonly from: string;
  readonly to: string;
  readonly place: Place;
}

/** Names of all items, unique in the run. */
export interface Names {
  of(item: Nameable): string;
  /** A name for what was made of several items, or is one part of one; the same with a mark behind it where that is taken. */
  more(name: string): string;
  readonly renamed: readonly Renamed[];
}

/** Events that nobody named are called so. */
const OF_THE_RUN = /^e\d+$/;

/**
 * Gives each item its name: ids as given first, in the order of the files, then those by place.
 * @throws LabError IMPORT_SYNTAX when two items of one file have one id
 */
export function nameAll(files: readonly NamedFile[]): Names {
  const taken = new Set<string>();
  const names = new Map<Nameable, string>();
  const renamed: Renamed[] = [];
  const isFree = (name: string): boolean => !OF_THE_RUN.test(name) && !taken.has(name);
  const take = (item: Nameable, wanted: string, prefix: string): void => {
    let name = wanted;
    while (!isFree(name)) name = `${prefix}:${name}`;
    if (name !== wanted) renamed.push({ from: wanted, to: name, place: item.place });
    taken.add(name);
    names.set(item, name);
  };
  for (const { items } of files) refuseDoubles(items);
  for (const { items, prefix } of files) for (const item of items) if (item.given !== null) take(item, item.given, prefix);
  for (const { items, prefix } of files) for (const item of items) if (item.given === null) take(item, item.counted, prefix);
  return {
    of: (item) => names.get(item) ?? item.counted,
    more(name) {
      let free = name;
      while (!isFree(free)) free = `${free}'`;
      taken.add(free);
      return free;
    },
    renamed,
  };
}

function refuseDoubles(items: readonly Nameable[]): void {
  const first = new Map<string, Place>();
  for (const { given, place } of items) {
    if (given === null) continue;
    const other = first.get(given);
    if (other !== undefined)
      throw fault(place, {
        zh: `编号“${quoted(given)}”与${other.zh}重复`,
        en: `the id "${quoted(given)}" is given already at ${other.en}`,
      });
    first.set(given, place);
  }
}
