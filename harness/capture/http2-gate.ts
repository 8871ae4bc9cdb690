import type { Readable, Writable } from 'node:stream';

/** Lets a sender wait while the receiver or the disk is behind. */
export class Gate {
  #behind = false;
  #disk = 0;
  #open = true;

  constructor(
    readonly from: Readable,
    readonly into: Writable,
  ) {}

  /** After a chunk: `ready` is what `into.write` answered, `wait` what the store asked for. */
  passed(ready: boolean, wait: Promise<void> | null): void {
    if (ready && wait === null) return;
    this.from.pause();
    if (!ready && !this.#behind) {
      this.#behind = true;
      this.into.once('drain', () => {
        this.#behind = false;
        this.#go();
      });
    }
    if (wait === null) return;
    this.#disk += 1;
    void wait.then(() => {
      this.#disk -= 1;
      this.#go();
    });
  }

  /** No longer holds anyone back. */
  open(): void {
    this.#open = false;
    this.from.resume();
  }

  #go(): void {
    if (this.#open && !this.#behind && this.#disk === 0) this.from.resume();
  }
}
