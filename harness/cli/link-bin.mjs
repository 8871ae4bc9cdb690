// npm links the commands of dependencies, not a package's own: without this, `npx jiejing` in a clone would ask the registry for one.
import { chmodSync, existsSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bins = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url));
chmodSync(fileURLToPath(new URL('../../dist/harness/cli/main.js', import.meta.url)), 0o755);
if (existsSync(bins)) {
  rmSync(`${bins}jiejing`, { force: true });
  symlinkSync('../../dist/harness/cli/main.js', `${bins}jiejing`);
}
