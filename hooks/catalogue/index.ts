// Generated from the files of this folder by hooks/bundle.mjs; `node hooks/bundle.mjs --index` writes it anew.
import type { HookRow } from '../wire.js';
import { rows as apps } from './apps.js';
import { rows as clipboard } from './clipboard.js';
import { rows as content } from './content.js';
import { rows as crypto } from './crypto.js';
import { rows as deviceIds } from './device-ids.js';
import { rows as location } from './location.js';
import { rows as settingsIds } from './settings-ids.js';
import { rows as ui } from './ui.js';
import { rows as wifi } from './wifi.js';

/** All hook rows. */
export const catalogue: readonly HookRow[] = [
  ...apps,
  ...clipboard,
  ...content,
  ...crypto,
  ...deviceIds,
  ...location,
  ...settingsIds,
  ...ui,
  ...wifi,
];
