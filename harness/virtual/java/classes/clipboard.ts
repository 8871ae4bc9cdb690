import { init, klass, method } from '../classes.js';
import type { World } from '../world.js';

const MANAGER = 'android.content.ClipboardManager';
const CLIP = 'android.content.ClipData';
const ITEM = 'android.content.ClipData$Item';
const CHARS = 'java.lang.CharSequence';

/** From Android 10 on only the app in front may read. */
function readable(world: World): string {
  return world.host.phone.sdk >= 29 && !world.host.foreground() ? '' : world.host.phone.contents().clipboard;
}

/** The clipboard. */
export const clipboard = [
  klass(MANAGER, 'java.lang.Object', [
    method('getPrimaryClip', [], CLIP, (world) => (readable(world) === '' ? null : world.make(CLIP, { text: readable(world) }))),
    method('getText', [], CHARS, (world, self) => {
      const clip = world.call(MANAGER, 'getPrimaryClip', [], self, []);
      return clip === null ? null : readable(world);
    }),
    method('hasPrimaryClip', [], 'boolean', (world) => readable(world) !== ''),
  ]),
  klass(CLIP, 'java.lang.Object', [
    method('getItemCount', [], 'int', () => 1),
    method('getItemAt', ['int'], ITEM, (world, self) => world.make(ITEM, { text: self.fields.text })),
  ]),
  klass(ITEM, 'java.lang.Object', [
    init([CHARS], (_, self, [text]) => void (self.fields.text = text)),
    method('getText', [], CHARS, (_, self) => self.fields.text),
  ]),
];
