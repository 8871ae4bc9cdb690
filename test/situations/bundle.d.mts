/** Bundles `entries` (paths from this folder) into a new temp folder; `file` has the bundle of each entry. The caller removes `dir`. */
export function bundle(entries: readonly string[]): Promise<{ readonly dir: string; readonly file: Readonly<Record<string, string>> }>;
