const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends with 130, as every other stop by the operator does: there is nothing to close yet. */
function stop(): void {
  process.exit(130);
}

/** From here on a stop ends with 130, until `letGo`. */
export function catchEarlyStop(): void {
  for (const signal of SIGNALS) process.on(signal, stop);
}

/** Leaves stops to whoever takes over, or to the system: it ends at once what computes without ever waiting. */
export function letGo(): void {
  for (const signal of SIGNALS) process.off(signal, stop);
}
