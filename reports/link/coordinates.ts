import type { ManifestValue } from '../../harness/model/values.js';
import { axesOf } from './coordinate-axes.js';
import { frontsOf, seeNumbers } from './coordinate-numbers.js';
import { seeText, type AxisHit, type SeeAxis } from './coordinate-text.js';
import type { Kernel } from './kernel.js';
import type { Range } from './layer.js';
import type { Match, Matcher } from './matcher.js';

/** A latitude and a longitude of one value, near each other. `decimals` is the coarser of the two. */
interface Pair extends Range {
  readonly hit: AxisHit;
  readonly decimals: number;
  readonly loose: boolean;
}

/** Both numbers stand within so many bytes; a lone number proves nothing (measured: 188 chance hits at 3 decimals in 200 MB, as pairs none). */
const PAIR_WINDOW = 128;
/** Other numbers that may lie between the two: in a list of places, the latitude of one and the longitude of the next but one are no pair. */
const MAX_BETWEEN = 1;
const SURE_DECIMALS = 5;
/** Every four bytes of any binary are such a number: dense arrays of places near by met a pair by chance (3 in 20 MB, measured). */
const FLOAT = /^f32/;
const INTEGER = /^(i32|varint|zigzag)/;

/** Finds the locations of a run as pairs of numbers, in text and in binary, in three datums. Null: the run has none. */
export function coordinates(values: readonly ManifestValue[], kernel: Kernel): Matcher | null {
  const axes = axesOf(values);
  if (axes === null) return null;
  const fronts = frontsOf(axes);
  kernel.setPairs(fronts);
  kernel.setPlaces(axes.places);
  return {
    begin: (found) => ({
      look: (layer, { degrees, packed }) => {
        if (degrees.length === 0 && packed.length === 0) return;
        const { bytes } = layer;
        const best = new Map<ManifestValue, Pair>();
        seeText({ axes, see: pairing(best) }, { bytes, degrees });
        seeNumbers({ axes, see: pairing(best) }, fronts, { bytes, packed });
        for (const pair of best.values()) found(matchOf(pair), layer, { start: pair.start, end: pair.end });
      },
      end: () => undefined,
    }),
  };
}

function matchOf({ hit, decimals, loose }: Pair): Match {
  const { axis, form } = hit;
  const number = form === '' ? '' : `-${form}`;
  const cap = loose || decimals < minDecimals(hit) ? 'C2' : FLOAT.test(hit.form) ? 'C3' : null;
  return {
    kind: 'matched',
    value: axis.value,
    form: `pair${axis.datum}${number}-${decimals}`,
    bits: bitsOf(axis.value, decimals),
    cap,
  };
}

/** Plain decimals of the very datum are not met by chance from four on; what was shifted or packed had more ways to fit. */
function minDecimals({ axis, form }: AxisHit): number {
  if (INTEGER.test(form)) return SURE_DECIMALS + 1;
  return axis.datum === '' && form === '' ? SURE_DECIMALS - 1 : SURE_DECIMALS;
}

/** Half a turn and a whole one, in steps of the last decimal that agrees. */
function bitsOf(value: ManifestValue, decimals: number): number {
  return Math.min(value.bits, Math.log2(180) + Math.log2(360) + 2 * decimals * Math.log2(10));
}

/** Puts axes together as they come by, and keeps the finest pair of each value; of two as fine the plainer one. */
function pairing(best: Map<ManifestValue, Pair>): SeeAxis {
  let recent: AxisHit[] = [];
  return (hit) => {
    recent = recent.filter((other) => hit.start - other.end <= PAIR_WINDOW);
    for (const other of recent) {
      if (!together(hit, other)) continue;
      const pair: Pair = {
        hit,
        decimals: Math.min(hit.decimals, other.decimals),
        loose: hit.loose || other.loose,
        start: Math.min(hit.start, other.start),
        end: Math.max(hit.end, other.end),
      };
      const known = best.get(hit.axis.value);
      if (known === undefined || worth(pair) > worth(known)) best.set(hit.axis.value, pair);
    }
    recent.push(hit);
  };
}

function together({ axis, form, start, end, before }: AxisHit, other: AxisHit): boolean {
  return (
    other.axis.value === axis.value &&
    other.axis.side !== axis.side &&
    other.axis.datum === axis.datum &&
    other.form === form &&
    before - other.before <= MAX_BETWEEN + 1 &&
    (other.end <= start || end <= other.start)
  );
}

const worth = ({ hit, decimals, loose }: Pair): number =>
  decimals - (loose ? 3 : 0) + (hit.axis.datum === '' ? 0.5 : 0) + (hit.form === '' ? 0.25 : 0);
