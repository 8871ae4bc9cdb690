import type { Clause } from './judge/clause.js';
import type { Outcome } from './perform.js';

/** What one contender came to. */
export interface Score {
  readonly name: string;
  readonly options: string;
  readonly outcomes: readonly Outcome[];
}

/** A broken clause in one line: side, `+` where it was added later, and what it demands. */
export const clauseText = ({ side, plus, text }: Clause): string => `${plus ? '+' : ''}${side} ${text.replace(/\s+/g, ' ').slice(0, 200)}`;

const count = (outcomes: readonly Outcome[], mark: Outcome['mark']): number => outcomes.filter((outcome) => outcome.mark === mark).length;

/** A row of one situation: the mark and the first broken clause of each contender, those as first judged before the later ones. */
function row(n: number, scores: readonly Score[]): readonly string[] {
  const title = scores.flatMap(({ outcomes }) => outcomes.filter((one) => one.n === n))[0]?.title ?? '';
  return scores.map(({ name, outcomes }, at) => {
    const outcome = outcomes.find((one) => one.n === n);
    const left = at === 0 ? `${String(n).padStart(2)}  ${title.padEnd(26)}` : ' '.repeat(30);
    if (outcome === undefined) return `${left}${name.padEnd(18)}-`;
    const { broken, mark, passed, tries } = outcome;
    const [worst] = broken.toSorted((a, b) => Number(a.plus) - Number(b.plus));
    const which = tries > 1 && mark !== 'P' && mark !== 'skipped' ? ` (try ${passed + 1} of ${tries})` : '';
    const more = broken.length > 1 ? `, and ${broken.length - 1} more` : '';
    return `${left}${name.padEnd(18)}${mark.padEnd(4)}${worst === undefined ? '' : clauseText(worst)}${more}${which}`.trimEnd();
  });
}

/** The table as lines: situations, then scores and options. */
export function table(scores: readonly Score[]): readonly string[] {
  const numbers = [...new Set(scores.flatMap(({ outcomes }) => outcomes.map(({ n }) => n)))].toSorted((a, b) => a - b);
  const totals = scores.map(({ name, outcomes }) => {
    const [pass, failed, later] = [count(outcomes, 'P'), count(outcomes, 'F'), count(outcomes, 'F+')];
    const skipped = count(outcomes, 'skipped');
    return `${name.padEnd(18)}${pass} of ${outcomes.length} pass, F ${failed}, F+ ${later}${skipped > 0 ? `, skipped ${skipped}` : ''}`;
  });
  return [...numbers.flatMap((n) => row(n, scores)), '', ...totals, '', ...scores.map(({ name, options }) => `${name}: ${options}`)];
}
