import { DriverError } from './driver-error.js';
import type { Frame } from './desk.js';
import { below } from './match.js';
import type { SourceNode } from './source.js';
import { sourceOf } from './source.js';

/** An alert on the screen, as the UiAutomator2 server recognises one (AlertHelpers.java): by resource ids. */
export interface Alert {
  readonly text: string;
  readonly buttons: readonly SourceNode[];
  readonly accept: SourceNode | null;
  readonly dismiss: SourceNode | null;
}

/** @throws DriverError no such alert */
export function alertOf(frame: Frame): Alert {
  const nodes = [...below(sourceOf(frame))];
  const byId = (pattern: RegExp): readonly SourceNode[] => nodes.filter((node) => pattern.test(node.attributes.get('resource-id') ?? ''));
  const [message] = byId(/^.+:id\/permission_message$/);
  if (message !== undefined) {
    const buttons = byId(/^.+:id\/permission_\w+_button$/);
    const named = (pattern: RegExp): SourceNode | null =>
      buttons.find((node) => pattern.test(node.attributes.get('resource-id') ?? '')) ?? null;
    return { text: message.attributes.get('text') ?? '', buttons, accept: named(/[^a-z]allow[^a-z]/), dismiss: named(/deny/) };
  }
  if (byId(/^.+:id\/(alertTitle|custom)$/).length === 0) throw new DriverError('no such alert', 'there is no alert on the screen');
  const buttons = byId(/^android:id\/button\d+$/).toSorted((a, b) => buttonNumber(a) - buttonNumber(b));
  const texts = nodes.filter((node) => node.className === 'android.widget.TextView').map((node) => node.attributes.get('text') ?? '');
  return {
    text: texts.filter((text) => text !== '').join('\n'),
    buttons,
    accept: buttons[0] ?? null,
    dismiss: buttons[1] ?? buttons[0] ?? null,
  };
}

function buttonNumber(node: SourceNode): number {
  return Number(/\d+$/.exec(node.attributes.get('resource-id') ?? '')?.[0] ?? 0);
}
