import { fork } from 'node:child_process';
import { once } from 'node:events';
import { descriptorsOf, rssOf } from '../process-vitals.js';
import type { Launcher } from '../record.js';

/**
 * A tunnel that reads nothing and a forwarder that changes only the request target: no contender, but the measure of the suite. It must
 * meet every clause at the client and at the origin, but for those that only interception can meet. `program` is the bundle of main.ts.
 */
export const blindTunnel =
  (program: string): Launcher =>
  async (parts) => {
    const child = fork(program, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    const [told]: readonly unknown[] = await once(child, 'message');
    const port = typeof told === 'object' && told !== null && 'port' in told ? Number(told.port) : 0;
    return {
      name: 'blind',
      options: 'none',
      port,
      caPem: parts.upstreamCaPem,
      dataDir: parts.dataDir,
      alive: () => child.exitCode === null && child.signalCode === null,
      descriptors: () => descriptorsOf(child.pid),
      rssBytes: () => rssOf(child.pid),
      record: () => Promise.resolve([]),
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  };
