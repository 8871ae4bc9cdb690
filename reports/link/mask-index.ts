import type { CanaryType, ManifestValue } from '../../harness/model/values.js';

/** Values of one class, in the order of their texts from the front and from the back. */
interface Sorted {
  readonly forward: readonly ManifestValue[];
  readonly backward: readonly { readonly text: string; readonly value: ManifestValue }[];
}

/** Values of a run by class, to be found by how they begin and end. */
export interface MaskIndex {
  readonly classes: readonly Sorted[];
  /** The first one to EDGE characters of any value, and the last: most of what stands beside marks is none of them. */
  readonly heads: ReadonlySet<string>;
  readonly tails: ReadonlySet<string>;
}

const EDGE = 4;

const turned = (text: string): string => [...text].toReversed().join('');
const inOrder = (a: { readonly text: string }, b: { readonly text: string }): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);

export function maskIndex(values: readonly ManifestValue[], classOf: (type: CanaryType) => string): MaskIndex {
  const classes = new Map<string, ManifestValue[]>();
  for (const value of values) {
    const key = classOf(value.type);
    const others = classes.get(key);
    if (others === undefined) classes.set(key, [value]);
    else others.push(value);
  }
  const lengths = Array.from({ length: EDGE }, (_, i) => i + 1);
  return {
    classes: [...classes.values()].map((list) => ({
      forward: list.toSorted(inOrder),
      backward: list.map((value) => ({ text: turned(value.text), value })).toSorted(inOrder),
    })),
    heads: new Set(values.flatMap(({ text }) => lengths.map((n) => text.slice(0, n)))).add(''),
    tails: new Set(values.flatMap(({ text }) => lengths.map((n) => text.slice(-n)))).add(''),
  };
}

/** Characters that must be hidden at least. */
const LEAST_HIDDEN = 2;

/** What is visible. `most`: of a class with more fitting texts none is given. */
export interface Visible {
  readonly before: string;
  readonly after: string;
  readonly most: number;
}

/** The values that begin and end so, class by class; classes without any are left out. */
export function fitsOf({ classes, heads, tails }: MaskIndex, { before, after, most }: Visible): readonly (readonly ManifestValue[])[] {
  if (!heads.has(before.slice(0, EDGE)) || !tails.has(after.slice(-EDGE))) return [];
  const least = [...before].length + [...after].length + LEAST_HIDDEN;
  return classes.flatMap(({ forward, backward }) => {
    const byFront = stretch(forward, before);
    const byBack = stretch(backward, turned(after));
    const shorter = byFront.to - byFront.from < byBack.to - byBack.from;
    const fits: ManifestValue[] = [];
    const texts = new Set<string>();
    const { from, to } = shorter ? byFront : byBack;
    for (let i = from; i < to && texts.size <= most; i += 1) {
      const value = shorter ? (forward[i] as ManifestValue) : (backward[i] as (typeof backward)[number]).value;
      if (!value.text.startsWith(before) || !value.text.endsWith(after) || [...value.text].length < least) continue;
      fits.push(value);
      texts.add(value.text);
    }
    return texts.size === 0 || texts.size > most ? [] : [fits];
  });
}

/** The stretch of a sorted list that begins with a text. */
function stretch(list: readonly { readonly text: string }[], start: string): { readonly from: number; readonly to: number } {
  return { from: firstFrom(list, start), to: firstFrom(list, `${start}\uffff`) };
}

function firstFrom(list: readonly { readonly text: string }[], text: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as { readonly text: string }).text < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
