/** What must be undone, last first. One failure does not keep the rest from being undone. */
export class Undo {
  readonly #acts: ((fault: unknown) => Promise<void>)[] = [];

  /** `act` is told the first fault of those undone before it, or null. */
  later(act: (fault: unknown) => Promise<void>): void {
    this.#acts.push(act);
  }

  /** The first fault, or null. */
  async all(): Promise<unknown> {
    let first: unknown = null;
    for (const act of this.#acts.splice(0).toReversed()) await act(first).catch((fault: unknown) => (first ??= fault));
    return first;
  }
}

/** Runs `body` and then, in any case, `after`. What `body` threw goes first: a fault of `after` behind it is only told to `onLost`. */
export async function andThen(body: () => Promise<void>, after: () => Promise<void>, onLost: (fault: unknown) => void): Promise<void> {
  try {
    await body();
  } catch (error) {
    await after().catch(onLost);
    throw error;
  }
  await after();
}
