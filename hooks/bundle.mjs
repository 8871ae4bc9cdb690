// Writes the index of catalogue rows and bundles the agent: `npm run agent`. `--index` stops after the index; `--stdout-index` prints it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
/** Past this the agent takes noticeably longer to load on a phone; raise it knowingly. */
const MAX_BYTES = 600_000;

/** Name of a row file as a variable. */
function local(name) {
  return name.slice(0, -3).replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/** Text of catalogue/index.ts for the row files that are there. */
export function indexText(folder = join(here, 'catalogue')) {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
    .toSorted();
  const imports = files.map((name) => `import { rows as ${local(name)} } from './${name.slice(0, -3)}.js';`);
  return [
    '// Generated from the files of this folder by hooks/bundle.mjs; `node hooks/bundle.mjs --index` writes it anew.',
    "import type { HookRow } from '../wire.js';",
    ...imports,
    '',
    '/** All hook rows. */',
    'export const catalogue: readonly HookRow[] = [',
    ...files.map((name) => `  ...${local(name)},`),
    '];',
    '',
  ].join('\n');
}

/** The agent as one script. */
export async function bundleAgent() {
  const { build } = await import('esbuild');
  const made = await build({
    entryPoints: [join(here, 'agent', 'main.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['main'],
    target: 'es2022',
    alias: { buffer: '@frida/buffer' },
    legalComments: 'eof',
    logLevel: 'warning',
    // The bridge may be used in bundled form under the exception of its licence; the notice has to go with it.
    footer: { js: '/*! Contains frida-java-bridge, LGPL-2.0 WITH WxWindows-exception-3.1, and @frida/buffer, MIT. */' },
  });
  const text = made.outputFiles[0].text;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw new Error(`the agent has ${bytes} bytes, more than ${MAX_BYTES}`);
  return { text, bytes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(here, 'catalogue', 'index.ts'), indexText());
  if (!process.argv.includes('--index')) {
    const { text, bytes } = await bundleAgent();
    const out = join(here, '..', 'dist', 'hooks', 'agent.js');
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, text);
    console.log(`${out}: ${bytes} bytes, ${gzipSync(readFileSync(out)).length} gzipped`);
  }
}
