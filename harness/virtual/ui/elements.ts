import { randomUUID } from 'node:crypto';
import type { Frame } from './desk.js';
import { findKey } from './desk.js';
import { DriverError } from './driver-error.js';
import type { UiNode } from './node.js';
import type { SourceNode } from './source.js';
import { attributesOf, sourceOf } from './source.js';
import { below } from './match.js';
import type { Screen } from './windows.js';

/** The key of an element reference in W3C answers. */
export const ELEMENT_KEY = 'element-6066-11e4-a52e-4f735466cecf';

/** What an element id stands for at the moment. */
export interface Found {
  readonly attributes: ReadonlyMap<string, string>;
  /** Null for a toast. */
  readonly node: UiNode | null;
  /** Null when it cannot be seen at the moment. */
  readonly source: SourceNode | null;
}

/** Element ids of one driver session. An id means a window and a path in it, so it outlives a rendering, not the window. */
export interface Elements {
  idOf(source: SourceNode): string;
  /** @throws DriverError no such element, stale element reference */
  resolve(id: string): Found;
}

/** The element ids of one session; none at first. */
export function createElements(screen: Screen): Elements {
  const keys = new Map<string, string>();
  const ids = new Map<string, string>();
  return {
    idOf: (source) => {
      const known = ids.get(source.key);
      if (known !== undefined) return known;
      const id = randomUUID();
      ids.set(source.key, id);
      keys.set(id, source.key);
      return id;
    },
    resolve: (id) => {
      const key = keys.get(id);
      if (key === undefined) throw new DriverError('no such element', `no element has the id ${id.slice(0, 80)}`);
      const found = find(screen.frame(), key);
      if (found === null) throw new DriverError('stale element reference', 'The element is not in the current view hierarchy any more');
      return found;
    },
  };
}

function find(frame: Frame, key: string): Found | null {
  for (const window of frame.windows) {
    const node = findKey(window, key);
    if (node === null) continue;
    const source = window === frame.active ? ([...below(sourceOf(frame))].find((one) => one.node === node) ?? null) : null;
    return { attributes: attributesOf(node, frame), node, source };
  }
  const toast = [...below(sourceOf(frame))].find((one) => one.key === key);
  return toast === undefined ? null : { attributes: toast.attributes, node: null, source: toast };
}
