// One leaf certificate, made in process by the code that each Node proxy calls for it; a process of its own for each.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contenderHome } from '../../../situations/contenders/home.mjs';
import { run } from '../../processes.mjs';

const SCRIPT = fileURLToPath(new URL('../contenders/leaf.mjs', import.meta.url));
const COUNT = { relay: 300, stock: 30, mockttp: 300 };
const WARM = { relay: 30, stock: 3, mockttp: 30 };

export const leaf = {
  what: 'a leaf certificate for a new host, in process',
  runs: () => ['relay', 'stock', 'mockttp'],
  async one({ field }, id, name) {
    const dir = join(field.root, name);
    mkdirSync(dir, { recursive: true });
    const home = contenderHome();
    const entry = { relay: '', stock: home.stock?.folder, mockttp: home.mockttp?.folder }[id];
    const { code, stdout, stderr } = await run(process.execPath, [SCRIPT, id, entry, dir, WARM[id], COUNT[id]].map(String));
    if (code !== 0) throw new Error(`${id}: ${stderr}`);
    return { spans: [], check: null, figures: JSON.parse(stdout) };
  },
};
