import { join } from 'node:path';
import type { Launcher } from '../record.js';
import { contendersBelow } from './find.mjs';
import { launch, recordFile, repository } from './launch.js';

/** mitmdump with its defaults. */
const mitmproxy: Launcher = (parts) => {
  const found = contendersBelow(repository(parts)).mitmproxy;
  if (found === null) throw new Error('mitmproxy 11.0.2 is not there: run node test/situations/contenders/install.mjs');
  const confDir = join(parts.dataDir, 'conf');
  const settings = { record: recordFile(parts), resolve: parts.resolve };
  const set = [`confdir=${confDir}`, `ssl_verify_upstream_trusted_ca=${parts.upstreamCaFile}`];
  const run = ['-c', 'from mitmproxy.tools.main import mitmdump; mitmdump()', '--listen-host', '127.0.0.1', '--listen-port', '0'];
  return launch(
    {
      name: 'mitmproxy',
      options: `mitmproxy ${found.version}, mitmdump with its defaults, ssl_verify_upstream_trusted_ca, an addon with every hook; ${found.build}, socket.getaddrinfo overridden`,
      command: found.python,
      args: [...run, '-s', join(parts.folder, 'contenders/children/mitmproxy_addon.py'), ...set.flatMap((one) => ['--set', one])],
      env: {
        PYTHONDONTWRITEBYTECODE: '1',
        SITUATION_SETTINGS: JSON.stringify(settings),
        ...(found.pythonPath === null ? {} : { PYTHONPATH: found.pythonPath }),
      },
      caFile: join(confDir, 'mitmproxy-ca-cert.pem'),
    },
    parts,
  );
};

export default mitmproxy;
