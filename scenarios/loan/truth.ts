import type { Truth } from '../../harness/model/finding.js';

/** A finding without its scenario. */
export type Found = Omit<Truth, 'scenario'>;

type Where = Pick<Found, 'datum' | 'receiver' | 'sdk'>;

/** One finding; what is not said is `-`. */
export function found(rule: Found['rule'], verdict: Found['verdict'], phase: string, where: Partial<Where>): Found {
  return { rule, verdict, datum: '-', receiver: '-', sdk: '-', ...where, phase };
}

/** These findings under each of these scenarios. Two that differ only in their API family or permission group stand there twice. */
export function under(scenarios: readonly string[], ...findings: readonly (Found | readonly Found[])[]): readonly Truth[] {
  return scenarios.flatMap((scenario) => findings.flat().map((one) => ({ scenario, ...one })));
}

/** The form asks for the location when the user wants the city filled in; whether lending needs it, the documents would tell. */
export const PLACE_IN_FORM: readonly Truth[] = under(['sign-up-deny', 'sign-up-allow'], found('LA-D01', 'not-tested', 'after-consent', {}));
