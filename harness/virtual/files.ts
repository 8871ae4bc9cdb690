import type { AppProcess } from '../model/app.js';
import { throwable } from './throwable.js';

/** What an app's data folder may hold; more is refused as a full disk. */
const LIMIT_CHARS = 64 * 1024 * 1024;

/** The data folder of one package, shared by its processes. */
export type Files = AppProcess['files'];

/** An app's files, with what only the handset may do. */
export interface DataFolder extends Files {
  clear(): void;
  all(): readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

/** An empty data folder. */
export function createDataFolder(): DataFolder {
  const files = new Map<string, string>();
  let used = 0;
  return {
    read: (path) => files.get(path) ?? null,
    write: (path, text) => {
      if (path.startsWith('/') || path.split('/').includes('..'))
        throw throwable('java.io.FileNotFoundException', `${path}: open failed: EACCES (Permission denied)`);
      const next = used - (files.get(path)?.length ?? 0) + text.length;
      if (next > LIMIT_CHARS) throw throwable('java.io.IOException', 'write failed: ENOSPC (No space left on device)');
      used = next;
      files.set(path, text);
    },
    clear: () => {
      files.clear();
      used = 0;
    },
    all: () => [...files].map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
  };
}
