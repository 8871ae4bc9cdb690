// Bundles the page's script and style into a module, so that a report is one file and reports read no disk.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { outputFiles } = await build({
  entryPoints: [here('main.ts')],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  write: false,
  charset: 'utf8',
  legalComments: 'none',
});
const style = readFileSync(here('style.css'), 'utf8').replace(/\n\s*/g, '\n').trim();
const module = `// Written by reports/formats/page/bundle.mjs; change the files beside it and run it again.\nexport const PAGE_SCRIPT: string = ${JSON.stringify(outputFiles[0].text.trim())};\nexport const PAGE_STYLE: string = ${JSON.stringify(style)};\n`;
const target = here('../page.generated.ts');
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== module) {
    console.error('reports/formats/page.generated.ts is stale: run node reports/formats/page/bundle.mjs');
    process.exit(1);
  }
} else writeFileSync(target, module);
