import { test } from 'vitest';
import { WEBSOCKET_PROPERTIES } from './websocket-fuzz.js';

test.each(Object.entries(WEBSOCKET_PROPERTIES))('whatever comes, the reader of frames holds: %s', (_name, hold) => {
  hold(10_000);
});
