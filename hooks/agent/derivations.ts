import type { Line, Station } from './engine.js';
import type { Known } from './known.js';
import { createLineage } from './lineage.js';
import type { Stacks } from './stacks.js';

/** Digests, MACs, ciphers, Base64 and gzip: what came out of a known value. */
export function createDerivations(line: Line, stacks: Stacks, known: Known): Station {
  const lineage = createLineage(line.platform.java, known, (hook, what) => line.cut(hook, null, what));
  return {
    open(call) {
      // encodeToString calls encode, digest(byte[]) calls update, a MAC calls a digest: the outermost tells it all.
      if (line.threads.inside(call, ({ row }) => row.kind === call.row.kind || (row.kind === 'mac' && call.row.kind === 'digest')))
        return false;
      call.input = lineage.before(call);
      return true;
    },
    close(call, returned, thrown) {
      if (thrown !== null || call.input === null) return;
      const derived = lineage.after(call, call.input, returned);
      if (derived !== null) line.emit({ type: 'derive', at: line.platform.stamp(), ...derived, stack: stacks.here().id }, call.on);
    },
  };
}
