import { DriverError } from './driver-error.js';
import { ELEMENT_KEY } from './elements.js';
import type { Elements } from './elements.js';
import { center } from './node.js';
import type { Screen } from './windows.js';

interface Point {
  readonly x: number;
  readonly y: number;
}
type Json = Readonly<Record<string, unknown>>;

/** A finger that moved less than this between down and up was a tap (ViewConfiguration's touch slop at 420 dpi), in pixels. */
const TOUCH_SLOP = 21;

/** Performs W3C actions: pointers one after another, then keys typed into the field that has the focus. @throws DriverError invalid argument */
export function performActions(actions: unknown, screen: Screen, elements: Elements): void {
  if (!Array.isArray(actions)) throw new DriverError('invalid argument', 'actions must be a list');
  for (const source of actions.map(object)) {
    const steps = Array.isArray(source['actions']) ? source['actions'].map(object) : [];
    if (source['type'] === 'pointer') performPointer(steps, screen, elements);
    else if (source['type'] === 'key') performKeys(steps, screen);
    else if (source['type'] !== 'none')
      throw new DriverError('invalid argument', `actions of type ${String(source['type'])} are not supported`);
  }
}

function performPointer(steps: readonly Json[], screen: Screen, elements: Elements): void {
  let at: Point = { x: 0, y: 0 };
  let down: Point | null = null;
  for (const step of steps) {
    switch (step['type']) {
      case 'pointerMove':
        at = moved(step, at, elements);
        break;
      case 'pointerDown':
        down = at;
        break;
      case 'pointerUp':
        if (down !== null) touch(screen, down, at);
        down = null;
        break;
      case 'pause':
      case 'pointerCancel':
        break;
      default:
        throw new DriverError('invalid argument', `a pointer cannot do ${String(step['type'])}`);
    }
  }
}

function moved(step: Json, at: Point, elements: Elements): Point {
  const [x, y] = [number(step['x'], 'x'), number(step['y'], 'y')];
  const origin = step['origin'] ?? 'viewport';
  if (origin === 'viewport') return { x, y };
  if (origin === 'pointer') return { x: at.x + x, y: at.y + y };
  const { node } = elements.resolve(String(object(origin)[ELEMENT_KEY]));
  const from = node === null ? { x: 0, y: 0 } : center(node.visible ?? node.box);
  return { x: from.x + x, y: from.y + y };
}

/** A finger put down at one place and lifted at another. */
export function touch(screen: Screen, from: Point, to: Point): void {
  if (Math.hypot(from.x - to.x, from.y - to.y) < TOUCH_SLOP) screen.tap(from.x, from.y);
  else screen.swipe(from, to);
}

function performKeys(steps: readonly Json[], screen: Screen): void {
  const typed = steps.filter((step) => step['type'] === 'keyDown').map((step) => String(step['value'] ?? ''));
  for (const key of typed) typeKey(screen, key);
}

/** One key of a keyboard, W3C's private codes for Backspace and Enter among them. */
export function typeKey(screen: Screen, key: string): void {
  const { focus } = screen.frame();
  if (key === '\n' || key === '\ue006' || key === '\ue007') return screen.enter();
  if (focus === null) return;
  if (key === '\ue003') screen.putText(focus, [...focus.text].slice(0, -1).join(''));
  else if (!/^[\ue000-\uf8ff]$/.test(key)) screen.putText(focus, focus.text + key);
}

/** @throws DriverError invalid argument */
export function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DriverError('invalid argument', 'an object was expected');
  return value as Json;
}

/** @throws DriverError invalid argument */
export function number(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new DriverError('invalid argument', `${name} must be a number`);
  return value;
}
