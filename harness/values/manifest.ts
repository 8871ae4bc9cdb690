import { createHash, createHmac } from 'node:crypto';
import type { Manifest, ManifestValue } from '../model/values.js';

/** The 16 bytes of a seed in hex. */
export function seedBytes(seed: string): Buffer {
  if (!/^[0-9a-f]{32}$/.test(seed)) throw new Error('a seed is 32 lower-case hex digits');
  return Buffer.from(seed, 'hex');
}

/** SHA-256 (hex) of the 16 bytes of the seed: goes into run.json, and binds us to the values without telling them. */
export function seedCommitment(seed: string): string {
  return createHash('sha256').update(seedBytes(seed)).digest('hex');
}

/** values/manifest.json: JSON with two spaces, members in the order of the type, a newline at the end. */
export function manifestBytes(manifest: Manifest): Buffer {
  const ordered: Manifest = { seed: manifest.seed, values: manifest.values.map(inOrder), placebos: manifest.placebos.map(inOrder) };
  return Buffer.from(`${JSON.stringify(ordered, null, 2)}\n`);
}

function inOrder({ id, type, datum, origin, text, group, bits }: ManifestValue): ManifestValue {
  return { id, type, datum, origin, text, group, bits };
}

/** SHA-256 (hex) of `manifestBytes`: stands in run.json. */
export function manifestSha256(manifest: Manifest): string {
  return createHash('sha256').update(manifestBytes(manifest)).digest('hex');
}

/** The run's secret for hashes of values that are not in the manifest; without values/ nobody can try out phone numbers against them. */
export function valueKey(manifest: Manifest): Buffer {
  return createHmac('sha256', seedBytes(manifest.seed)).update('jiejing value hashes 1').digest();
}
