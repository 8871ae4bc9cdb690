// Where the contenders lie below a repository. Knows no place of its own, so that a bundle can take it in.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The versions that the published results name. */
export const WANTED = { stock: '1.1.0', mockttp: '4.6.5', mitmproxy: '11.0.2' };

export function contendersBelow(root) {
  const folder = join(root, '.contenders');
  return {
    folder,
    stock: nodePackage([join(root, 'node_modules'), join(folder, 'stock/node_modules')], 'http-mitm-proxy', WANTED.stock),
    mockttp: nodePackage([join(folder, 'mockttp/node_modules')], 'mockttp', WANTED.mockttp),
    mitmproxy: python(join(folder, 'mitmproxy/installed.json')),
  };
}

function nodePackage(folders, name, wanted) {
  for (const folder of folders) {
    const file = join(folder, name, 'package.json');
    if (!existsSync(file)) continue;
    const { version, main } = JSON.parse(readFileSync(file, 'utf8'));
    if (version === wanted) return { version, folder: join(folder, name), entry: join(folder, name, main) };
  }
  return null;
}

function python(file) {
  if (!existsSync(file)) return null;
  const found = JSON.parse(readFileSync(file, 'utf8'));
  return found.version === WANTED.mitmproxy && existsSync(found.python) ? found : null;
}
