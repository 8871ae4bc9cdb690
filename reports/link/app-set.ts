import type { ManifestValue } from '../../harness/model/values.js';
import type { Find } from './walk.js';

/** Bits of its drawing from which one package proves itself. Below them the app exists elsewhere too, and only a set of apps tells a handset. */
const OWN_BITS = 40;
const LEAST_PACKAGES = 5;
const LEAST_SHARE = 0.6;

/** Whether a value is the name of an app that others have too. */
export function isPublicPackage({ type, bits }: ManifestValue): boolean {
  return type === 'app_package' && bits < OWN_BITS;
}

/** How many apps the run's handset has; the same for its placebos. */
export interface AppSet {
  readonly own: number;
  readonly placebos: number;
}

export function appSetOf(values: readonly ManifestValue[]): AppSet {
  const packages = values.filter(({ type }) => type === 'app_package');
  const placebos = packages.filter(isPlacebo).length;
  return { own: packages.length - placebos, placebos };
}

const isPlacebo = ({ origin }: ManifestValue): boolean => origin === 'placebo';

/**
 * Takes out of one flow's finds those of public packages that make no set: fewer than five; or fewer than six in ten of the handset's, where
 * not half of them are names that were drawn. (A list of five that everybody has may be what an SDK asks after.)
 */
export function dropLonePackages(finds: Find[], { own, placebos }: AppSet): void {
  const met = [...new Set(finds.flatMap(({ needle }) => ('value' in needle && needle.value.type === 'app_package' ? [needle.value] : [])))];
  if (!met.some(isPublicPackage)) return;
  const isSet = (placebo: boolean, all: number): boolean => {
    const mine = met.filter((value) => isPlacebo(value) === placebo);
    // Names that only this handset can have speak for those beside them.
    const drawn = mine.filter((value) => !isPublicPackage(value)).length;
    return mine.length >= LEAST_PACKAGES && (mine.length >= LEAST_SHARE * all || 2 * drawn >= mine.length);
  };
  const stays = { own: isSet(false, own), placebos: isSet(true, placebos) };
  const kept = finds.filter(
    ({ needle }) => !('value' in needle) || !isPublicPackage(needle.value) || (isPlacebo(needle.value) ? stays.placebos : stays.own),
  );
  finds.splice(0, finds.length, ...kept);
}
