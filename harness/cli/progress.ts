import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { Draft } from '../model/event.js';
import type { ScenarioStep } from '../model/scenario.js';
import { actWord, eventWords } from '../../reports/event-words.js';
import { FLOW_WORDS, datumWord, type Language } from '../../reports/words.js';
import { cell, oneLine, remark } from './say.js';
import { stepText } from './step-text.js';

/** The phases that an audit goes through, in order; a recording ends before the third. */
export const PHASES = ['prepare', 'drive', 'link', 'report'] as const;
export type PhaseName = (typeof PHASES)[number];

const WORDS: Readonly<Record<PhaseName, Readonly<Record<Language, string>>>> = {
  prepare: { zh: '准备手机、代理与驱动', en: 'prepare handset, proxy and driver' },
  drive: { zh: '按场景操作并录制', en: 'perform the scenario and record' },
  link: { zh: '关联与判定', en: 'link and judge' },
  report: { zh: '写出报告', en: 'write the report' },
};
/** Lines of what just happened that stand under the live list. */
const LIVE_LINES = 6;

/** What the operator sees while an audit runs: a live list on a terminal, plain lines elsewhere. Always on stderr. */
export interface Progress {
  begin(phase: PhaseName): void;
  event(event: Draft): void;
  /** Ends the list; a failed phase is marked. Only the first call counts. */
  end(failed: boolean): Promise<void>;
}

/** A silent one for `--json`. */
export const SILENT: Progress = { begin() {}, event() {}, async end() {} };

interface Shown {
  readonly language: Language;
  readonly live: boolean;
  readonly steps: readonly ScenarioStep[];
  /** False: the recording is all. */
  readonly judged: boolean;
}

/** Progress for this stderr. */
export function createProgress(shown: Shown): Progress {
  const count = counter(shown);
  return shown.live ? liveList(shown, count) : plainLines(shown.language, count);
}

interface Counter {
  /** A line about an event worth telling, or null. */
  take(event: Draft): string | null;
  total(): string;
}

function counter({ language, steps }: Shown): Counter {
  let reads = 0;
  let flows = 0;
  const zh = language === 'zh';
  return {
    take(event) {
      // A call inside another watched call is the same read, seen twice.
      if (event.kind === 'observation' && event.parent === null) reads += event.n;
      if (event.kind === 'flow') flows += 1;
      return lineOf(event, language, steps);
    },
    total: () =>
      zh ? `读取 ${reads} 次，外发 ${flows} 次` : `${reads} ${reads === 1 ? 'read' : 'reads'}, ${flows} ${flows === 1 ? 'flow' : 'flows'}`,
  };
}

function lineOf(event: Draft, language: Language, steps: readonly ScenarioStep[]): string | null {
  const zh = language === 'zh';
  switch (event.kind) {
    case 'step':
      return event.state === 'begun' ? `${event.path}. ${actWord(event.act)[language]} ${stepText(steps, event.path)}`.trimEnd() : null;
    case 'observation': {
      if (event.parent !== null) return null;
      const what = event.threw === null ? (zh ? '读取' : 'read') : zh ? '尝试读取' : 'tried to read';
      return `${what} ${datumWord(event.datum, language)} · ${event.caller}`;
    }
    case 'flow':
      return `${zh ? '外发' : 'flow'} ${event.host}${event.state === 'whole' ? '' : ` · ${FLOW_WORDS[event.state][language]}`}`;
    case 'prompt':
      return event.act === 'shown' ? null : eventWords({ id: 'e0', ...event })[language];
    case 'consent':
    case 'gap':
      return eventWords({ id: 'e0', ...event })[language];
    case 'lifecycle':
      return event.what === 'crashed' ? eventWords({ id: 'e0', ...event })[language] : null;
    default:
      return null;
  }
}

function plainLines(language: Language, count: Counter): Progress {
  let ended = false;
  return {
    begin: (phase) => remark(`[${WORDS[phase][language]}]`),
    event(event) {
      const line = count.take(event);
      if (line !== null) remark(`  ${oneLine(line)}`);
    },
    async end() {
      if (!ended) remark(`[${count.total()}]`);
      ended = true;
    },
  };
}

interface Slot {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (why: Error) => void;
}

function slot(): Slot {
  let resolve = (): void => {};
  let reject: (why: Error) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** What a task of the list lets us change. */
interface Row {
  title: string;
  output: string;
}

function liveList({ language, judged }: Shown, count: Counter): Progress {
  const phases = judged ? PHASES : (['prepare', 'drive'] as const);
  const slots = new Map<PhaseName, Slot>(phases.map((phase) => [phase, slot()]));
  const rows = new Map<PhaseName, Row>();
  let current: PhaseName | null = null;
  const list = new Listr(
    phases.map((phase) => ({
      title: WORDS[phase][language],
      task: async (_: unknown, task: Row) => {
        rows.set(phase, task);
        await slots.get(phase)?.promise;
      },
      rendererOptions: { outputBar: LIVE_LINES },
    })),
    {
      concurrent: false,
      exitOnError: true,
      registerSignalListeners: false,
      rendererOptions: {
        logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
        collapseErrors: true,
        showErrorMessage: false,
      },
    },
  );
  const ran = list.run().catch(() => {});
  const width = (process.stderr.columns ?? 80) - 6;
  return {
    begin(phase) {
      if (current !== null) slots.get(current)?.resolve();
      current = phase;
    },
    event(event) {
      const line = count.take(event);
      const row = current === null ? undefined : rows.get(current);
      if (line === null || row === undefined || current === null) return;
      row.title = `${WORDS[current][language]} · ${count.total()}`;
      row.output = cell(line, width).trimEnd();
    },
    async end(failed) {
      for (const [phase, { resolve, reject }] of slots) {
        if (failed && phase === current) reject(new Error(WORDS[phase][language]));
        else resolve();
      }
      await ran;
    },
  };
}
