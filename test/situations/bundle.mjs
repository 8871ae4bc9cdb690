// Bundles programs of this folder, so that plain node runs them: TypeScript in, one .cjs file each out.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/** Bundles `entries` (paths from this folder) into a new temp folder; answers with the folder and the file of each entry. */
export async function bundle(entries) {
  const dir = mkdtempSync(join(tmpdir(), 'situations-'));
  const out = (entry) => join(dir, `${entry.slice(0, -3).replaceAll('/', '-')}.cjs`);
  await Promise.all(
    entries.map((entry) =>
      build({
        entryPoints: [join(here, entry)],
        outfile: out(entry),
        bundle: true,
        platform: 'node',
        format: 'cjs',
        target: 'node20',
        // Optional speed-ups of ws, not installed here.
        external: ['bufferutil', 'utf-8-validate'],
        logLevel: 'warning',
      }),
    ),
  );
  return { dir, file: Object.fromEntries(entries.map((entry) => [entry, out(entry)])) };
}
