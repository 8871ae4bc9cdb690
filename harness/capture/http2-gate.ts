/** Whoever sends, and can wait. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}
/** Whoever receives, and tells when it is no longer behind. */
export interface Draining {
  once(event: 'drain', go: () => void): unknown;
}

/** Lets a sender wait while the receiver or the disk is behind. */
export class Gate {
  #behind = false;
  #disk = 0;
  #open = false;

  constructor(
    readonly from: Pausable,
    readonly into: Draining,
  ) {}

  /** After a chunk: `ready` is what the receiver answered to it, `wait` what the store asked for. */
  passed(ready: boolean, wait: Promise<void> | null): void {
    if (this.#open || (ready && wait === null)) return;
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
    this.#open = true;
    this.from.resume();
  }

  #go(): void {
    if (!this.#open && !this.#behind && this.#disk === 0) this.from.resume();
  }
}
