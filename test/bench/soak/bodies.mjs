// What an exchange carries is told by its id, so that app, server and check agree without talking to each other.
import { createHash } from 'node:crypto';

export const fill = (id, bytes) => Buffer.alloc(bytes, `${id}.`);
export const upOf = (id, bytes) => fill(`up-${id}`, bytes);
export const downOf = (id, bytes) => fill(`down-${id}`, bytes);
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
