import type { Finding, Level, Link, Timeline } from '../harness/model/finding.js';
import { formsOf, hostOf } from '../harness/model/timeline.js';

/** A judged run of an app. */
export interface Side {
  readonly timeline: Timeline;
  readonly findings: readonly Finding[];
}

/** A link of the first run that did not move with its value. `absent`: no such link in the second run. `stays`: its old value was sent again. */
export interface Unmoved {
  readonly link: Link['id'];
  readonly why: 'absent' | 'stays';
}

/** What a second run with another set of canaries says of the first. */
export interface Confirmation {
  /** Links of the first run that may accuse, and how many of them moved with their values. */
  readonly links: number;
  readonly moved: number;
  readonly unmoved: readonly Unmoved[];
  /** Violations of the first run: confirmed when the second has the same and none of its links failed to move. */
  readonly violations: readonly { readonly fingerprint: string; readonly rule: string; readonly confirmed: boolean }[];
}

const MAY_ACCUSE: Level = 'C4';

/**
 * Compares two runs of one app under one scenario. Both draw their values by one plan, so a value's id names its place on the handset;
 * the link of that place, to that host, in that form has to be there again, with the new value and without the old one. `foreign`: links found
 * in the second run's requests when the first run's values are looked for; there should be none.
 */
export function confirm(first: Side, second: Side, foreign: readonly Link[]): Confirmation {
  const again = new Set(accusing(second.timeline).map(keyOf(second.timeline)));
  const stale = new Set(foreign.filter(({ level }) => level >= MAY_ACCUSE).map((link) => link.value));
  const mine = accusing(first.timeline);
  const key = keyOf(first.timeline);
  const unmoved = mine.flatMap((link): Unmoved[] => {
    if (stale.has(link.value)) return [{ link: link.id, why: 'stays' }];
    return again.has(key(link)) ? [] : [{ link: link.id, why: 'absent' }];
  });
  const failed = new Set(unmoved.map(({ link }) => link));
  const there = new Set(violations(second.findings).map(({ fingerprint }) => fingerprint));
  return {
    links: mine.length,
    moved: mine.length - unmoved.length,
    unmoved,
    violations: violations(first.findings).map(({ fingerprint, rule, links }) => ({
      fingerprint,
      rule,
      confirmed: there.has(fingerprint) && !links.some((id) => failed.has(id)),
    })),
  };
}

const accusing = ({ links }: Timeline): readonly Link[] => links.filter(({ level }) => level >= MAY_ACCUSE);
const violations = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ verdict }) => verdict === 'violation');

/** Escapes come and go with the characters that a cipher or base64 happens to give. */
const LIGHT = /^(percent|json|html|quoted-printable)$/;

function keyOf(timeline: Timeline): (link: Link) => string {
  const whole = formsOf(timeline);
  const form = (link: Link): string => whole({ chain: link.chain.filter(({ op }) => !LIGHT.test(op)) });
  const hosts = new Map(timeline.events.flatMap((e) => (e.kind === 'flow' ? [[e.id, hostOf(e)] as const] : [])));
  return (link) => JSON.stringify([link.value, hosts.get(link.flow) ?? '', link.span.part, form(link)]);
}
