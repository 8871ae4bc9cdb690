import type { Fields } from '../model/flow-parts.js';

/** A request as a rule sees it, before it goes on. */
export interface AskedFor {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly target: string;
  readonly headers: Fields;
}

/** A response as a rule sees it. */
export interface AnsweredWith {
  readonly status: number;
  readonly headers: Fields;
}

/** What replaces a message: all its headers, and its body; a null body: the one that came. */
export interface Changed {
  readonly headers: Fields;
  readonly body: Uint8Array | null;
}

/** What becomes of a request. `block`: 403, and the server never hears of it. `answer`: likewise, with a response of the rule's own. */
export type RequestDecision =
  | { readonly kind: 'pass' }
  | { readonly kind: 'block' }
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Fields; readonly body: Uint8Array }
  | ({ readonly kind: 'change' } & Changed);

/** What becomes of a response. */
export type ResponseDecision = { readonly kind: 'pass' } | ({ readonly kind: 'change' } & Changed);

/** Changes, blocks or answers some of the traffic; every flow that it touched names it. Both functions are pure and answer at once. */
export interface TrafficRule {
  readonly name: string;
  request(asked: AskedFor): RequestDecision;
  response(asked: AskedFor, answered: AnsweredWith): ResponseDecision;
}

/** What was decided, and the name of the rule that did; empty where none had a say. */
export interface Decided<D> {
  readonly rule: string;
  readonly decision: D;
}

/** Nobody had a say. */
export const PASSED: Decided<{ readonly kind: 'pass' }> = { rule: '', decision: { kind: 'pass' } };

/** What the first rule that does not let it pass says of a request. */
export function decideRequest(rules: readonly TrafficRule[], asked: AskedFor): Decided<RequestDecision> {
  return first(rules, (rule) => rule.request(asked));
}

/** The same of a response. */
export function decideResponse(rules: readonly TrafficRule[], asked: AskedFor, answered: AnsweredWith): Decided<ResponseDecision> {
  return first(rules, (rule) => rule.response(asked, answered));
}

function first<D extends { readonly kind: string }>(
  rules: readonly TrafficRule[],
  decide: (rule: TrafficRule) => D,
): Decided<D | { readonly kind: 'pass' }> {
  for (const rule of rules) {
    const decision = decide(rule);
    if (decision.kind !== 'pass') return { rule: rule.name, decision };
  }
  return PASSED;
}
