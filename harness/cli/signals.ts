import { letGo } from './early-stop.js';
import { leave } from './say.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives `act` a signal that aborts when the operator stops us. Whoever asks twice is not kept waiting: children end when we do. */
export async function untilStopped<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) leave(130);
    stop.abort(new Error('stopped by the operator'));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  letGo();
  try {
    return await act(stop.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** Lets a signal that came meanwhile be delivered; long work without waiting keeps it back. */
export function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
