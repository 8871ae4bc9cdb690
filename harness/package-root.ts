import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: where package.json, the fonts and the scenario files lie, run from source or from dist. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'jiejing') return folder;
    const up = dirname(folder);
    if (up === folder) throw new Error('package.json of jiejing not found above this file');
    folder = up;
  }
}
