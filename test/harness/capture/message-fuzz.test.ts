import { test } from 'vitest';
import { MESSAGE_PROPERTIES } from './message-fuzz.js';

test.each(Object.entries(MESSAGE_PROPERTIES))('whatever comes, the reader of HTTP/1 messages holds: %s', (_name, hold) => {
  hold(10_000);
});
