/** Milliseconds since `from`, a value of `performance.now()`. */
export const since = (from: number): number => Math.round(performance.now() - from);

/** Resolves after `ms`; the timer keeps no process alive that has nothing else to do. */
export const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Usual limit for CONNECT, handshake and answer each. */
export const LIMIT_MS = 8000;
