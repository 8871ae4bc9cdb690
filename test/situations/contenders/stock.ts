import { join } from 'node:path';
import type { Launcher } from '../record.js';
import { contendersBelow } from './find.mjs';
import { launch, recordFile, repository } from './launch.js';

/** http-mitm-proxy without a change. */
const stock: Launcher = (parts) => {
  const found = contendersBelow(repository(parts)).stock;
  if (found === null) throw new Error('http-mitm-proxy 1.1.0 is not there: run node test/situations/contenders/install.mjs');
  const settings = { entry: found.entry, record: recordFile(parts), caDir: join(parts.dataDir, 'ca'), resolve: parts.resolve };
  return launch(
    {
      name: 'stock',
      options: `http-mitm-proxy ${found.version}, keepAlive: true, every handler registered; Node ${process.version}, dns.lookup overridden, NODE_EXTRA_CA_CERTS`,
      command: process.execPath,
      args: [join(parts.folder, 'contenders/children/stock.mjs'), JSON.stringify(settings)],
      env: { NODE_EXTRA_CA_CERTS: parts.upstreamCaFile },
      caFile: null,
    },
    parts,
  );
};

export default stock;
