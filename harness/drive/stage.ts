import type { RunClock } from '../model/clock.js';
import { DATUM_ROWS } from '../model/datum.js';
import type { Picture } from '../model/event.js';
import type { GapWhat } from '../model/gap-codes.js';
import type { HandsetPort } from '../model/handset.js';
import type { Recorder } from '../model/recorder.js';
import type { PromptAnswer, PromptPolicy, Scenario } from '../model/scenario.js';
import type { Stamp } from '../model/stamp.js';
import type { Persona } from '../model/values.js';
import { noticeIn, viewOf } from './consent.js';
import type { NoticeReading } from './consent.js';
import { answerFor, buttonFor, promptIn } from './prompts.js';
import type { PromptReading } from './prompts.js';
import { mask } from './scenario-faults.js';
import type { ScenarioLines } from './scenario-file.js';
import type { Screen, ScreenElement } from './screen.js';
import { labelOf, readTree } from './tree.js';
import type { ScreenNode, ScreenTree } from './tree.js';

export interface StepNews {
  readonly path: string;
  readonly act: string;
  readonly state: 'begun' | 'done' | 'failed';
  readonly detail: string;
}

/** What a performance needs; all given, nothing made here. */
export interface Performance {
  readonly scenario: Scenario;
  readonly lines: ScenarioLines;
  readonly screen: Screen;
  readonly handset: HandsetPort;
  readonly recorder: Recorder;
  readonly persona: Persona;
  readonly signal: AbortSignal;
  readonly onStep: (step: StepNews) => void;
}

/** One look at the screen, after standing prompts were answered. */
export interface Sight {
  readonly xml: string;
  readonly tree: ScreenTree;
  readonly notice: NoticeReading | null;
}

/** A step that cannot go on; becomes LabError STEP_FAILED with file and line. */
export class Trouble extends Error {
  constructor(
    readonly zh: string,
    readonly en: string,
    options?: ErrorOptions,
  ) {
    super(en, options);
  }

  /** In both languages, for the record. */
  get both(): string {
    return `${this.zh} / ${this.en}`;
  }
}

/** How long an act waits for what it needs, in seconds of the run clock. */
export const PATIENCE_SECONDS = 10;
const POLL_MS = 250;
const PROMPTS_IN_A_ROW = 12;
const NO_POLICY: PromptPolicy = { default: 'deny' };

/** A tap of which nobody knows whether the app took it; `label` and `before` as they stood on the screen. */
export interface Unsettled {
  readonly from: Stamp;
  readonly label: string;
  readonly before: Picture;
}

/** The performance under way: what was seen and what was touched. */
export class Stage {
  policy: PromptPolicy = NO_POLICY;
  /** Labels of agreement boxes that we touched: their state says nothing about the app any more. */
  readonly touched = new Set<string>();
  /** True after `privacy: agree` met a page that only has a box: the log-in tap is then the consent. */
  agreesByLogIn = false;
  /** True while an agreement stands that we recorded. */
  agreed = false;
  /** The first tap that agrees and was not seen to be taken: from then on the app may hold it for consent. */
  unsettled: Unsettled | null = null;
  /** What notices said that asked for consent. */
  readonly asked = new Set<string>();
  private shown: string | null = null;
  /** Message of the prompt that is on the screen and not answered yet. */
  private prompted: string | null = null;
  private place = { path: '', act: '' };

  constructor(readonly play: Performance) {}

  get clock(): RunClock {
    return this.play.recorder.clock;
  }

  /** Which step is under way. */
  at(path: string, act: string): void {
    this.place = { path, act };
  }

  /** A marker of the step under way, or of something done beside it (`act` is another then). */
  note(act: string, detail: string, state: StepNews['state'] = 'done', picture: Picture | null = null): void {
    const { path } = this.place;
    const news: StepNews = { path, act, state, detail: mask(detail, this.play.persona) };
    this.play.recorder.write({ kind: 'step', at: this.clock.now(), ...news, picture });
    this.play.onStep(news);
  }

  /** A fresh start of the app forgets what was shown; cleared data also forgets our ticks. */
  restarted(clean: boolean): void {
    this.shown = null;
    this.agreesByLogIn = false;
    if (!clean) return;
    this.settle();
    this.agreed = false;
    this.touched.clear();
  }

  /** Says in the record that an agreement may have been given which nobody saw. */
  settle(): void {
    if (this.unsettled !== null) this.gap('agreement-unsettled', this.unsettled.label, this.unsettled.from);
    this.unsettled = null;
  }

  /** A gap at the moment it is about; the phase follows from that. `why`: a label as it stands on the screen, or a code of GAP_WHYS. */
  gap(what: GapWhat, why: string, at: Stamp, datum: string | null = null): void {
    this.play.recorder.write({ kind: 'gap', at, source: 'driver', what, why, scope: { datum, host: null, phase: null } });
  }

  /** Looks, answers prompts by the standing policy, and records a notice that was not there before. */
  async look(): Promise<Sight> {
    let xml = await this.source();
    let tree = readTree(xml);
    for (let i = 0; i < PROMPTS_IN_A_ROW; i += 1) {
      const prompt = promptIn(tree);
      if (prompt === null) this.prompted = null;
      if (prompt === null || !(await this.answer(prompt))) break;
      xml = await this.source();
      tree = readTree(xml);
    }
    const notice = noticeIn(tree);
    await this.noteNotice(notice, xml);
    return { xml, tree, notice };
  }

  async source(): Promise<string> {
    this.play.signal.throwIfAborted();
    return this.play.screen.source();
  }

  /** Lets run time pass; also how an act waits for the app. */
  async wait(ms: number, why: string): Promise<void> {
    await this.clock.wait(ms, why, this.play.signal);
  }

  /** Looks again and again until `attempt` finds something; null after so many seconds of the run clock. */
  async until<T>(seconds: number, why: string, attempt: (sight: Sight) => Promise<T | null> | T | null): Promise<T | null> {
    const end = this.clock.now().ms + seconds * 1000;
    for (;;) {
      const found = await attempt(await this.look());
      if (found !== null) return found;
      const left = end - this.clock.now().ms;
      if (left <= 0) return null;
      await this.wait(Math.min(POLL_MS, left), why);
    }
  }

  /** The element of a node that was just seen; null when the screen has changed since. */
  async handle(node: ScreenNode): Promise<ScreenElement | null> {
    this.play.signal.throwIfAborted();
    const element = await this.play.screen.find({ xpath: node.path });
    // The tree may have moved under us: never press a button that says something else.
    return element !== null && node.text !== '' && (await element.text()).trim() !== node.text.trim() ? null : element;
  }

  async picture(xml: string | null = null): Promise<Picture> {
    const { recorder, screen } = this.play;
    const tree = xml ?? (await screen.source());
    const png = await screen.screenshot();
    return { screen: recorder.file('screens', png, 'png'), tree: recorder.file('ui', new TextEncoder().encode(tree), 'xml') };
  }

  /** What is kept of a notice: a box that we touched before says nothing about how the app preset it. */
  view(notice: NoticeReading): ReturnType<typeof viewOf> {
    const view = viewOf(notice);
    return view.box !== null && this.touched.has(view.box.label) ? { ...view, box: { ...view.box, state: 'unknown' } } : view;
  }

  private async noteNotice(notice: NoticeReading | null, xml: string): Promise<void> {
    const key = notice === null ? null : `${notice.kind}\n${notice.title}\n${notice.text.slice(0, 400)}`;
    if (key === this.shown) return;
    this.shown = key;
    if (notice === null) return;
    this.asked.add(notice.text);
    const at = this.clock.now();
    const before = await this.picture(xml);
    this.play.recorder.write({
      kind: 'consent',
      at,
      act: 'shown',
      how: null,
      window: null,
      click: null,
      notice: this.view(notice),
      before,
      after: null,
    });
  }

  /** False when there is no button for the answer: the scenario has to deal with it. */
  private async answer(prompt: PromptReading): Promise<boolean> {
    const wanted: PromptAnswer = answerFor(this.policy, prompt.groups);
    const choice = buttonFor(prompt, wanted);
    if (this.prompted !== prompt.message) this.writePrompt('shown', prompt, null);
    const told = this.prompted === prompt.message;
    this.prompted = prompt.message;
    if (choice === null) {
      if (told) return false;
      for (const datum of dataBehind(prompt.groups))
        this.gap('permission-prompt', `no-button: ${wanted} · ${prompt.message}`, this.clock.now(), datum);
      return false;
    }
    const element = await this.handle(choice.node);
    if (element === null) return true;
    await element.click();
    this.prompted = null;
    this.writePrompt('answered', prompt, choice.answer);
    return true;
  }

  private writePrompt(act: 'shown' | 'answered', prompt: PromptReading, answer: PromptAnswer | null): void {
    this.play.recorder.write({
      kind: 'prompt',
      at: this.clock.now(),
      act,
      permissions: [],
      groups: prompt.groups,
      answer,
      caller: null,
      stack: [],
      process: null,
    });
  }
}

/** What the permission groups guard; a lone null where that is not known: then it may be anything. */
function dataBehind(groups: readonly string[]): readonly (string | null)[] {
  const data = DATUM_ROWS.filter((row) => row.permissionGroup !== null && groups.includes(row.permissionGroup)).map((row) => row.datum);
  return data.length > 0 ? data : [null];
}

/** What can be read and pressed on the screen, for messages. */
export function labelsOn(tree: ScreenTree): readonly string[] {
  return [...new Set(tree.nodes.map(labelOf))].filter((label) => label !== '' && label.length <= 40);
}
