import type { Fields } from '../model/flow-parts.js';

/** A request as a rule sees it, before it goes on. */
export interface AskedFor {
  readonly scheme: 'http' | 'https';
  /** The name in the URL of its flow; `sni` may say another. */
  readonly host: string;
  readonly sni: string | null;
  readonly port: number;
  readonly method: string;
  /** As sent: a path, or a whole URL where the app takes us for its proxy. */
  readonly target: string;
  readonly headers: Fields;
}

/** A response as a rule sees it. */
export interface AnsweredWith {
  readonly status: number;
  readonly headers: Fields;
}

/** What replaces a message. */
export interface Changed {
  /** All its headers. How long the body is, is said by us. */
  readonly headers: Fields;
  /** Null: the body that came. A response to HEAD, and one with status 204 or 304, has none in any case. */
  readonly body: Uint8Array | null;
}

/**
 * What becomes of a request. `block`: 403, and no byte of the request reaches its server, to which a connection stands all the same.
 * `answer`: likewise, with a response of the rule's own.
 */
export type RequestDecision =
  | { readonly kind: 'pass' }
  | { readonly kind: 'block' }
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Fields; readonly body: Uint8Array }
  | ({ readonly kind: 'change' } & Changed);

/** What becomes of a response. */
export type ResponseDecision = { readonly kind: 'pass' } | ({ readonly kind: 'change' } & Changed);

/**
 * Changes, blocks or answers some of the traffic; every flow that it touched names it. Both functions are pure and answer at once.
 * Rules see HTTP/1: while there are any, HTTP/2 is not agreed on, an app that takes nothing else is refused, and so is a request
 * that cannot be read. What is no HTTP at all passes, as opaque bytes.
 */
export interface TrafficRule {
  readonly name: string;
  request(asked: AskedFor): RequestDecision;
  /** Not asked for interim responses and for those that the lab gave itself. */
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
    const decision = blaming(rule.name, () => decide(rule));
    if (decision.kind !== 'pass') return { rule: rule.name, decision };
  }
  return PASSED;
}

/** A bug of a rule; it ends the exchange, and the run is told. */
export class RuleFailed extends Error {
  constructor(
    readonly rule: string,
    cause: unknown,
  ) {
    super(`the rule ${rule} failed`, { cause });
  }
}

/** Does something in the name of a rule. @throws RuleFailed */
export function blaming<T>(rule: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new RuleFailed(rule, cause);
  }
}

/** The reason of a flow that a bug ended. */
export function whyFailed(cause: unknown): string {
  return cause instanceof RuleFailed ? `rule-failed: ${cause.rule}` : 'the proxy failed';
}
