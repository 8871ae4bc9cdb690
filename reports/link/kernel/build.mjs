// Assembles the kernel into a module, so that reports read no disk: node reports/link/kernel/build.mjs [--check]
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const PARTS = ['kernel.wat', 'survey.wat', 'glance.wat', 'decode.wat', 'probe.wat'];
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The text of `kernel.generated.ts`, from the sources beside this file. */
export async function generated() {
  const source = `(module\n${PARTS.map((name) => readFileSync(here(name), 'utf8')).join('\n')})\n`;
  const assembler = await wabt();
  const parsed = assembler.parseWat('kernel.wat', source, { simd: true, bulk_memory: true });
  try {
    parsed.validate();
    const { buffer } = parsed.toBinary({ write_debug_names: false });
    const sha256 = createHash('sha256').update(source).digest('hex');
    return [
      `// Written by reports/link/kernel/build.mjs from ${PARTS.join(', ')}; change those and run it again.`,
      '/** SHA-256 of the source. */',
      `export const KERNEL_SOURCE_SHA256: string = '${sha256}';`,
      '/** The assembled module, as base64. */',
      `export const KERNEL_WASM: string =\n  '${Buffer.from(buffer).toString('base64')}';`,
      '',
    ].join('\n');
  } finally {
    parsed.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = here('kernel.generated.ts');
  const module = await generated();
  if (!process.argv.includes('--check')) writeFileSync(target, module);
  else if (readFileSync(target, 'utf8') !== module) {
    console.error('reports/link/kernel/kernel.generated.ts is stale: run node reports/link/kernel/build.mjs');
    process.exit(1);
  }
}
