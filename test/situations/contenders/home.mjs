// Where this repository's contenders lie; install.mjs puts them there.
import { fileURLToPath } from 'node:url';
import { contendersBelow } from './find.mjs';

export { WANTED } from './find.mjs';

export function contenderHome() {
  return contendersBelow(fileURLToPath(new URL('../../..', import.meta.url)));
}
