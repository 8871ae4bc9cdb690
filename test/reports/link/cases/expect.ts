import { expect, test } from 'vitest';
import type { Flow } from '../../../../harness/model/event.js';
import type { Level, Link } from '../../../../harness/model/finding.js';
import type { ManifestValue } from '../../../../harness/model/values.js';
import { drawManifest } from '../../../../harness/values/draw.js';
import type { Linked } from '../../../../reports/link/link.js';
import { replayRun } from '../../../../reports/link/replay-run.js';
import { CANARIES, Story, value } from '../story.js';

/** What one request is made of. */
export type Request = Parameters<Story['flow']>[0];

export const CARD = value('bank_card', '7220198364517203', { origin: 'typed' });
export const IMSI = value('imsi', '460991730582946');
export const MAIL = value('email', 'kq7w2m@mail.example');
export const ADDRESS = value('address', '云屿省荏莼市路号', { bits: 60 });
export const APPS = ['com.qzkwhvtp.mxbsrwjd', 'net.vrbwkzqf.hjtxpcsm', 'org.pjxgdtnw.qkvzbrlf'].map((text) =>
  value('app_package', text, { bits: 75 }),
);
/** Apps that others have too: their names prove nothing. */
export const PUBLIC_APPS = [
  'com.tencent.mm',
  'com.taobao.taobao',
  'com.sankuai.meituan',
  'com.autonavi.minimap',
  'tv.danmaku.bili',
  'com.zhihu.android',
].map((text) => value('app_package', text, { bits: 0 }));

const DRAWN = drawManifest('9b1c0f3e5a7d2468ace013579bdf2468', 1772416800000);
/** The values of a whole run besides those that a case sends: none of them may be found. */
const OTHERS: readonly ManifestValue[] = DRAWN.values.map((v) => ({
  ...v,
  id: `v9${v.id.slice(1).padStart(4, '0')}`,
  group: v.group === null ? null : `other ${v.group}`,
}));
/** Values drawn by the same rules and never planted: as many as the run has, and ten times as many. */
const FEW_PLACEBOS = DRAWN.placebos.slice(0, DRAWN.values.length);
const PLACEBOS = DRAWN.placebos;
/** All values of a run. */
export const VALUES: readonly ManifestValue[] = [...CANARIES, CARD, IMSI, MAIL, ADDRESS, ...APPS, ...PUBLIC_APPS, ...OTHERS];

/** A value that must be found in a flow (null: the only one of the story), how sure, and the chain's steps from the wire to the value. */
export interface Found {
  readonly value: ManifestValue;
  readonly level: Level;
  readonly chain: string;
  readonly flow: Flow | null;
}

/** One value in the only request of a story. */
export const found = (of: ManifestValue, level: Level, chain: string): Found => ({ value: of, level, chain, flow: null });

const shown = (text: string, flow: string, level: string, chain: string): string => `${text} in ${flow}: ${level}, ${chain}`;
const textOf = (id: string, values: readonly ManifestValue[]): string => values.find((v) => v.id === id)?.text ?? id;
/** The steps of a link's chain as words. */
export const stepsOf = ({ chain }: Pick<Link, 'chain'>): string => chain.map(({ op }) => op).join(' ') || 'plain';

/** Links a story. No placebo may be hit, and the separate verifier must show every link again. */
function linkWith(story: Story, values: readonly ManifestValue[], placebos: readonly ManifestValue[]): Linked {
  const made = story.link(values, placebos);
  expect(made.placebo.byType.filter(({ hits }) => hits > 0)).toEqual([]);
  const { events, manifest, bodies } = story.parts(values, placebos);
  expect(replayRun({ links: made.links, events, manifest, bodies })).toEqual({ replayed: made.links.length, broken: null });
  return made;
}

/** Links a story over a whole run with as many placebos. */
export const linked = (story: Story, values: readonly ManifestValue[] = VALUES): Linked => linkWith(story, values, FEW_PLACEBOS);

const wantedIn = (wanted: readonly Found[], only: string): readonly string[] =>
  wanted.map((w) => shown(w.value.text, w.flow?.id ?? only, w.level, w.chain)).toSorted();
/** Links as `wantedIn` writes what is wanted. */
export const shownLinks = (links: readonly Link[], values: readonly ManifestValue[] = VALUES): readonly string[] =>
  links.map((l) => shown(textOf(l.value, values), l.flow, l.level, stepsOf(l))).toSorted();

/** That these values are linked, each at its level by its chain, and that no other value of the run is, in any flow, at any level. */
export function expectLinked(story: Story, wanted: readonly Found[], values: readonly ManifestValue[] = VALUES): Linked {
  const made = linked(story, values);
  const only = story.events.find((e) => e.kind === 'flow')?.id ?? '';
  expect(shownLinks(made.links, values)).toEqual(wantedIn(wanted, only));
  expect(made.gaps.map(({ why }) => why)).toEqual([]);
  return made;
}

/** That one request holds these values and no other. */
export function expectIn(request: Request, ...wanted: readonly Found[]): void {
  const story = new Story();
  story.flow(request);
  expectLinked(story, wanted);
}

/** That nothing of the run is linked above `most` (null: at all). */
export function expectNone(request: Request, most: Level | null): void {
  const story = new Story();
  story.flow(request);
  expect(shownLinks(linked(story).links.filter((l) => most === null || l.level > most))).toEqual([]);
}

/** A case of which the links are all that may be found, and no gap. */
export interface Case {
  readonly title: string;
  readonly request: Request;
  readonly found: readonly Found[];
}
/** A case of which one value is all that is found. */
export const one = (title: string, request: Request, ...is: readonly [of: ManifestValue, chain: string, level?: Level]): Case => ({
  title,
  request,
  found: [found(is[0], is[2] ?? 'C4', is[1])],
});

/**
 * A test for each case. All requests are those of one run, each to a host of its own, with ten times as many placebos as values: what one
 * request holds must not be seen in another.
 */
export function testCases(cases: readonly Case[]): void {
  let run: { readonly flows: readonly Flow[]; readonly made: Linked } | null = null;
  const linkAll = (): NonNullable<typeof run> => {
    const story = new Story();
    const flows = cases.map(({ request }, i) => story.flow({ host: `case${i}.example`, ...request }));
    run ??= { flows, made: linkWith(story, VALUES, PLACEBOS) };
    return run;
  };
  test.each(cases.map((c, i) => [c.title, c, i] as const))('%s', (_title, { found: wanted }, i) => {
    const { flows, made } = run ?? linkAll();
    const flow = flows[i] as Flow;
    expect(shownLinks(made.links.filter((l) => l.flow === flow.id))).toEqual(wantedIn(wanted, flow.id));
    expect(made.gaps.filter(({ scope }) => scope.host === flow.host).map(({ why }) => why)).toEqual([]);
  });
}
