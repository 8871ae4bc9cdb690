import { Exchange } from './exchange.js';
import type { Journal, Line } from './journal.js';

/** Writes a request whose head never came to its end, with the bytes that came of it. */
export function writeHalfRequest(journal: Journal, line: Line, bytes: Buffer): void {
  const exchange = new Exchange(journal, line, journal.now());
  if (bytes.length > 0) void exchange.body('request', bytes);
  exchange.finish('aborted', journal.closing ? 'the run ended' : 'the app went away');
}
