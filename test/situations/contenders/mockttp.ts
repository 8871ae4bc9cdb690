import { join } from 'node:path';
import type { Launcher } from '../record.js';
import { contendersBelow } from './find.mjs';
import { launch, recordFile, repository } from './launch.js';

/** mockttp with everything on that records more: HTTP/2 and the pass-through of unknown protocols. */
const mockttp: Launcher = (parts) => {
  const found = contendersBelow(repository(parts)).mockttp;
  if (found === null) throw new Error('mockttp 4.6.5 is not there: run node test/situations/contenders/install.mjs');
  const settings = { entry: found.entry, record: recordFile(parts), resolve: parts.resolve };
  return launch(
    {
      name: 'mockttp',
      options: `mockttp ${found.version}, http2: true, passthrough: ['unknown-protocol'], thenPassThrough() for all requests and WebSockets, every event subscribed to; Node ${process.version}, dns.lookup overridden, NODE_EXTRA_CA_CERTS`,
      command: process.execPath,
      args: [join(parts.folder, 'contenders/children/mockttp.mjs'), JSON.stringify(settings)],
      env: { NODE_EXTRA_CA_CERTS: parts.upstreamCaFile },
      caFile: null,
    },
    parts,
  );
};

export default mockttp;
