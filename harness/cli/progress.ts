import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { Draft } from '../model/event.js';
import { datumWord, type Language } from '../../reports/words.js';
import { remark } from './say.js';

/** The phases that an audit goes through, in order. */
export const PHASES = ['prepare', 'drive', 'link', 'report'] as const;
export type PhaseName = (typeof PHASES)[number];

const WORDS: Readonly<Record<PhaseName, Readonly<Record<Language, string>>>> = {
  prepare: { zh: '准备手机、代理与驱动', en: 'prepare handset, proxy and driver' },
  drive: { zh: '按场景操作并录制', en: 'perform the scenario and record' },
  link: { zh: '关联与判定', en: 'link and judge' },
  report: { zh: '写出报告', en: 'write the report' },
};

/** What the operator sees while an audit runs: a live list on a terminal, plain lines elsewhere. Always on stderr. */
export interface Progress {
  begin(phase: PhaseName): void;
  event(event: Draft): void;
  /** Ends the list; a failed phase is marked. */
  end(failed: boolean): Promise<void>;
}

/** A silent one for `--json`. */
export const SILENT: Progress = { begin() {}, event() {}, async end() {} };

/** Progress for this stderr. */
export function createProgress(language: Language, live: boolean): Progress {
  const count = counter(language);
  return live ? liveList(language, count) : plainLines(language, count);
}

interface Counter {
  /** A line about an event worth telling, or null. */
  take(event: Draft): string | null;
  total(): string;
}

function counter(language: Language): Counter {
  let reads = 0;
  let flows = 0;
  const zh = language === 'zh';
  return {
    take(event) {
      if (event.kind === 'observation') {
        reads += event.n;
        return `${zh ? '读取' : 'read'} ${datumWord(event.datum, language)} · ${event.caller}`;
      }
      if (event.kind === 'flow') {
        flows++;
        return `${zh ? '外发' : 'flow'} ${event.host} · ${event.state}`;
      }
      if (event.kind === 'consent') return `${zh ? '隐私提示' : 'notice'} · ${event.act}`;
      if (event.kind === 'step' && event.state === 'begun') return `${event.path}. ${event.act} ${event.detail}`;
      if (event.kind === 'gap') return `${zh ? '未能看到' : 'not seen'} · ${event.what}`;
      return null;
    },
    total: () => (zh ? `读取 ${reads} 次，外发 ${flows} 次` : `${reads} reads, ${flows} flows`),
  };
}

function plainLines(language: Language, count: Counter): Progress {
  return {
    begin: (phase) => remark(`[${WORDS[phase][language]}]`),
    event(event) {
      const line = count.take(event);
      if (line !== null) remark(`  ${line}`);
    },
    async end() {
      remark(`[${count.total()}]`);
    },
  };
}

interface Slot { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (why: Error) => void }

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

function liveList(language: Language, count: Counter): Progress {
  const slots = new Map(PHASES.map((phase) => [phase, slot()]));
  let current: PhaseName | null = null;
  let tell: (line: string) => void = () => {};
  const list = new Listr(
    PHASES.map((phase) => ({
      title: WORDS[phase][language],
      task: async (_: unknown, task: { output: string }) => {
        tell = (line) => {
          task.output = `${line}　${count.total()}`;
        };
        await slots.get(phase)?.promise;
      },
    })),
    {
      concurrent: false,
      exitOnError: true,
      registerSignalListeners: false,
      rendererOptions: { logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }) },
    },
  );
  const ran = list.run().catch(() => {});
  return {
    begin(phase) {
      if (current !== null) slots.get(current)?.resolve();
      current = phase;
    },
    event(event) {
      const line = count.take(event);
      if (line !== null) tell(line);
    },
    async end(failed) {
      for (const [phase, { resolve, reject }] of slots) failed && phase === current ? reject(new Error('')) : resolve();
      await ran;
    },
  };
}
