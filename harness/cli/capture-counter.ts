import { nameOf } from '../capture/authority-form.js';
import type { Draft } from '../model/event.js';
import type { Language } from '../../reports/words.js';
import { cell } from './say.js';

/** Real time between two states of the line, at least. */
const EVERY_MS = 250;
const CLEAR_LINE = '\r\u001b[2K';

/** What went by so far. */
export interface Tally {
  readonly flows: number;
  /** Flows of which nothing could be read. */
  readonly unread: number;
  readonly gaps: number;
  /** Where the last flow went; null: there was none. */
  readonly last: string | null;
}

/** Counts what goes by in a capture. On a terminal one line, written over and over, shows the technician that something arrives. */
export class CaptureCounter {
  #tally: Tally = { flows: 0, unread: 0, gaps: 0, last: null };
  #timer: NodeJS.Timeout | null = null;
  #shown = false;

  constructor(
    readonly language: Language,
    /** Whether standard error is a terminal that may be written over. */
    readonly live: boolean,
  ) {}

  get tally(): Tally {
    return this.#tally;
  }

  event(event: Draft): void {
    const { flows, unread, gaps, last } = this.#tally;
    if (event.kind === 'gap') this.#tally = { ...this.#tally, gaps: gaps + 1 };
    else if (event.kind === 'flow') {
      const lost = event.state === 'refused' || event.state === 'opaque' ? 1 : 0;
      const host = nameOf(event);
      this.#tally = { flows: flows + 1, unread: unread + lost, gaps, last: host === 'unknown' ? last : host };
    } else return;
    if (this.live) this.#timer ??= setTimeout(() => this.show(), EVERY_MS);
  }

  /** Shows the line now. */
  show(): void {
    this.#stopTimer();
    if (!this.live) return;
    this.#shown = true;
    // A terminal without a size says 0. The last column stays free: some would begin a new line.
    const width = Math.max(20, process.stderr.columns || 80) - 1;
    process.stderr.write(`${CLEAR_LINE}${cell(this.#words(), width).trimEnd()}`);
  }

  /** Takes the line away, so that other words can stand there. */
  clear(): void {
    this.#stopTimer();
    if (this.#shown) process.stderr.write(CLEAR_LINE);
    this.#shown = false;
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #words(): string {
    const { flows, unread, gaps, last } = this.#tally;
    const zh = this.language === 'zh';
    if (flows === 0) return zh ? '等待流量……' : 'waiting for traffic …';
    const parts = zh
      ? [`流量 ${flows}`, `未能读取 ${unread}`, `缺口 ${gaps}`, `最近 ${last ?? '—'}`]
      : [`flows ${flows}`, `unread ${unread}`, `gaps ${gaps}`, `last ${last ?? '—'}`];
    return parts.join(' · ');
  }
}
