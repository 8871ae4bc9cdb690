import { alertOf } from './alerts.js';
import { number, object, performActions, touch, typeKey } from './actions.js';
import { DriverError } from './driver-error.js';
import type { Elements, Found } from './elements.js';
import { ELEMENT_KEY } from './elements.js';
import { locate } from './locate.js';
import type { Rect } from './node.js';
import { center, height, width } from './node.js';
import type { SourceNode } from './source.js';
import { sourceOf, toXml } from './source.js';
import { SIZES } from './style.js';
import type { Screen } from './windows.js';

/** What one command may use. */
export interface CommandParts {
  readonly screen: Screen;
  readonly elements: Elements;
  readonly settings: Map<string, unknown>;
  readonly info: Readonly<Record<string, string>>;
  readonly home: () => void;
  /** A PNG of the screen or of a part of it. */
  readonly picture: (part: Rect | null) => Promise<Uint8Array>;
}

/** Parameters out of the path, and the request's body. */
export interface Request {
  readonly path: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Carries out one command; gives the answer's `value`, or a promise of it. @throws DriverError */
export type Command = (parts: CommandParts, request: Request) => unknown;

/** Dots to the density-independent pixel: 420 dpi. */
const PIXEL_RATIO = 2.625;
const KEY_BACK = 4;
const KEY_HOME = 3;
const KEY_ENTER = 66;
const KEY_ESCAPE = 111;
const KEY_DELETE = 67;

/** Commands inside a session, by method and path after `/session/:sessionId`: the routes of the UiAutomator2 server (AppiumServlet.java). */
export const COMMANDS: Readonly<Record<string, Command>> = {
  'POST /element': (parts, request) => findOne(parts, request, request.body['context']),
  'POST /elements': (parts, request) => findAll(parts, request, request.body['context']),
  'POST /element/:id/element': (parts, request) => findOne(parts, request, request.path['id']),
  'POST /element/:id/elements': (parts, request) => findAll(parts, request, request.path['id']),
  'GET /element/active': ({ screen, elements }) => {
    const { focus } = screen.frame();
    const source = focus === null ? undefined : all(sourceOf(screen.frame())).find((one) => one.node === focus);
    if (source === undefined) throw new DriverError('no such element', 'no element has the focus');
    return reference(elements, source);
  },
  'POST /element/:id/click': (parts, request) => click(parts, element(parts, request)),
  'GET /element/:id/text': (parts, request) => element(parts, request).attributes.get('text') ?? '',
  'GET /element/:id/name': (parts, request) => element(parts, request).attributes.get('content-desc') ?? '',
  'GET /element/:id/attribute/:name': (parts, request) => attribute(element(parts, request), request.path['name'] ?? ''),
  'GET /element/:id/rect': (parts, request) => rect(element(parts, request)),
  'GET /element/:id/location': (parts, request) => rect(element(parts, request)),
  'GET /element/:id/size': (parts, request) => rect(element(parts, request)),
  'GET /element/:id/displayed': (parts, request) => attribute(element(parts, request), 'displayed') === 'true',
  'GET /element/:id/enabled': (parts, request) => attribute(element(parts, request), 'enabled') === 'true',
  'GET /element/:id/selected': (parts, request) => isSelected(element(parts, request)),
  'GET /element/:id/screenshot': async (parts, request) => base64(await parts.picture(bounds(element(parts, request)))),
  'POST /element/:id/value': (parts, request) => setValue(parts, request),
  'POST /appium/element/:id/value': (parts, request) => setValue(parts, request),
  'POST /appium/element/:id/replace_value': (parts, request) => setValue(parts, { ...request, body: { ...request.body, replace: true } }),
  'POST /element/:id/clear': (parts, request) => write(parts, element(parts, request), ''),
  'POST /keys': ({ screen }, { body }) => [...textOf(body)].forEach((key) => typeKey(screen, key)),
  'GET /source': ({ screen }) => toXml(sourceOf(screen.frame())),
  'GET /screenshot': async ({ picture }) => base64(await picture(null)),
  'GET /window/rect': ({ screen }) => ({ x: 0, y: 0, width: screen.width, height: screen.height }),
  'GET /window/:handle/size': ({ screen }) => ({ width: screen.width, height: screen.height }),
  'POST /actions': ({ screen, elements }, { body }) => performActions(body['actions'], screen, elements),
  'DELETE /actions': () => null,
  'POST /appium/tap': ({ screen }, { body }) => screen.tap(number(body['x'], 'x'), number(body['y'], 'y')),
  'POST /appium/gestures/click': (parts, { body }) => parts.screen.tap(...xy(gesturePoint(parts, body))),
  'POST /appium/gestures/long_click': (parts, { body }) => parts.screen.tap(...xy(gesturePoint(parts, body))),
  'POST /appium/gestures/drag': ({ screen }, { body }) => touch(screen, point(body['start']), point(body['end'])),
  'POST /appium/gestures/swipe': (parts, { body }) => gestureSwipe(parts, body, 1),
  'POST /appium/gestures/scroll': (parts, { body }) => gestureSwipe(parts, body, -1),
  'GET /alert/text': ({ screen }) => alertOf(screen.frame()).text,
  'POST /alert/accept': (parts, { body }) => answerAlert(parts, body['buttonLabel'], 'accept'),
  'POST /alert/dismiss': (parts, { body }) => answerAlert(parts, body['buttonLabel'], 'dismiss'),
  'POST /back': ({ screen }) => screen.back(),
  'POST /appium/device/back-key': ({ screen }) => screen.back(),
  'POST /appium/device/press_keycode': (parts, { body }) => pressKey(parts, number(body['keycode'], 'keycode')),
  'POST /appium/device/long_press_keycode': (parts, { body }) => pressKey(parts, number(body['keycode'], 'keycode')),
  'POST /appium/device/hide_keyboard': ({ screen }) => screen.hideKeyboard(),
  'GET /appium/device/is_keyboard_shown': ({ screen }) => screen.frame().keyboard,
  'GET /appium/device/current_activity': ({ screen }) => screen.current().activity,
  'GET /appium/device/current_package': ({ screen }) => screen.current().package,
  'GET /appium/device/info': ({ screen, info }) => ({
    ...info,
    realDisplaySize: `${screen.width}x${screen.height}`,
    displayDensity: PIXEL_RATIO * 160,
  }),
  'GET /appium/device/pixel_ratio': () => PIXEL_RATIO,
  'GET /appium/device/system_bars': () => ({ statusBar: SIZES.statusBar }),
  'GET /appium/settings': ({ settings }) => Object.fromEntries(settings),
  'POST /appium/settings': ({ settings }, { body }) =>
    Object.entries(object(body['settings'] ?? {})).forEach(([key, value]) => settings.set(key, value)),
  'GET /orientation': () => 'PORTRAIT',
  'GET /rotation': () => ({ x: 0, y: 0, z: 0 }),
  'POST /timeouts': () => null,
};

function all(node: SourceNode): readonly SourceNode[] {
  return [node, ...node.children.flatMap(all)];
}

function reference(elements: Elements, source: SourceNode): Readonly<Record<string, string>> {
  const id = elements.idOf(source);
  return { [ELEMENT_KEY]: id, ELEMENT: id };
}

function findAll({ screen, elements }: CommandParts, { body }: Request, context: unknown): readonly Readonly<Record<string, string>>[] {
  const strategy = body['strategy'] ?? body['using'];
  const selector = body['selector'] ?? body['value'];
  if (typeof strategy !== 'string' || typeof selector !== 'string' || selector === '')
    throw new DriverError('invalid argument', 'a locator has a strategy and a selector, both strings');
  const within = typeof context === 'string' && context !== '' ? elements.resolve(context) : null;
  if (within !== null && within.source === null) return [];
  return locate(screen, strategy, selector, within === null ? null : within.source).map((source) => reference(elements, source));
}

function findOne(parts: CommandParts, request: Request, context: unknown): Readonly<Record<string, string>> {
  const [first] = findAll(parts, request, context);
  if (first === undefined)
    throw new DriverError('no such element', 'An element could not be located on the page using the given search parameters');
  return first;
}

function element({ elements }: CommandParts, { path }: Request): Found {
  return elements.resolve(path['id'] ?? '');
}

function bounds(found: Found): Rect {
  return found.node === null ? { left: 0, top: 0, right: 0, bottom: 0 } : (found.node.visible ?? found.node.box);
}

function rect(found: Found): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  const box = bounds(found);
  return { x: Math.round(box.left), y: Math.round(box.top), width: Math.round(width(box)), height: Math.round(height(box)) };
}

/** Other names that the server accepts for attributes (Attribute.java). */
const ALIASES: Readonly<Record<string, string>> = {
  classname: 'class',
  contentdescription: 'content-desc',
  longclickable: 'long-clickable',
  resourceid: 'resource-id',
  name: 'text',
  inputtype: 'input-type',
  showinghinttext: 'showing-hint',
  maxtextlength: 'max-text-length',
  texthasclickablespan: 'text-has-clickable-span',
  windowid: 'window-id',
  drawingorder: 'drawing-order',
};
const NULLABLE = new Set([
  'content-desc',
  'resource-id',
  'hint',
  'input-type',
  'selection-start',
  'selection-end',
  'multiline',
  'max-text-length',
  'error',
  'pane-title',
  'tooltip-text',
]);

function attribute(found: Found, asked: string): string | null {
  const name = ALIASES[asked.toLowerCase()] ?? asked;
  if (asked === 'name' && found.attributes.has('content-desc')) return found.attributes.get('content-desc') ?? null;
  const value = found.attributes.get(name);
  if (value !== undefined) return value;
  if (name === 'text-has-clickable-span') return 'false';
  if (NULLABLE.has(name)) return null;
  throw new DriverError('unknown error', `'${asked.slice(0, 60)}' attribute is unknown for the element`);
}

function isSelected(found: Found): boolean {
  return attribute(found, 'selected') === 'true' || found.attributes.get('checked') === 'true';
}

function click({ screen }: CommandParts, found: Found): void {
  if (found.node === null || found.node.visible === null)
    throw new DriverError('element not interactable', 'the element cannot be seen, so it cannot be touched');
  screen.tap(...xy(center(found.node.visible)));
}

function answerAlert(parts: CommandParts, label: unknown, way: 'accept' | 'dismiss'): void {
  const alert = alertOf(parts.screen.frame());
  const button = typeof label === 'string' ? alert.buttons.find((one) => one.attributes.get('text') === label) : alert[way];
  if (button === null || button === undefined) throw new DriverError('no such alert', 'the alert has no such button');
  click(parts, { attributes: button.attributes, node: button.node, source: button });
}

function textOf(body: Readonly<Record<string, unknown>>): string {
  const { text, value } = body;
  if (typeof text === 'string') return text;
  if (Array.isArray(value)) return value.map(String).join('');
  throw new DriverError('invalid argument', 'text must be a string');
}

/** Appends to what stands there unless told to replace it; a line end at the end presses Enter (SendKeysToElement.java). */
function setValue(parts: CommandParts, request: Request): void {
  const found = element(parts, request);
  const given = textOf(request.body);
  const text = given.replace(/(\n|\\n)$/, '');
  const replace = request.body['replace'] === true || request.body['replace'] === 'true';
  write(parts, found, replace ? text : (found.node?.text ?? '') + text);
  if (text !== given) parts.screen.enter();
}

function write({ screen }: CommandParts, { node }: Found, text: string): void {
  if (node === null || !screen.putText(node, text))
    throw new DriverError('invalid element state', "Cannot set the element's text. Did you interact with the correct element?");
}

function pressKey({ screen, home }: CommandParts, code: number): void {
  if (code === KEY_BACK) return screen.back();
  if (code === KEY_HOME) return home();
  if (code === KEY_ENTER) return screen.enter();
  if (code === KEY_ESCAPE) return void screen.hideKeyboard();
  if (code === KEY_DELETE) return typeKey(screen, '\ue003');
  if (code >= 7 && code <= 16) return typeKey(screen, String(code - 7));
  if (code >= 29 && code <= 54) return typeKey(screen, String.fromCharCode(97 + code - 29));
}

function xy({ x, y }: { readonly x: number; readonly y: number }): [number, number] {
  return [x, y];
}

function point(value: unknown): { readonly x: number; readonly y: number } {
  const { x, y } = object(value);
  return { x: number(x, 'x'), y: number(y, 'y') };
}

/** A place on the screen, or from the upper left corner of `origin`; its centre when no offset is given. */
function gesturePoint({ elements }: CommandParts, body: Readonly<Record<string, unknown>>): { readonly x: number; readonly y: number } {
  if (body['origin'] === undefined || body['origin'] === null) return point(body['offset']);
  const box = bounds(elements.resolve(originId(body['origin'])));
  if (body['offset'] === undefined || body['offset'] === null) return center(box);
  const offset = point(body['offset']);
  return { x: box.left + offset.x, y: box.top + offset.y };
}

function originId(origin: unknown): string {
  const { [ELEMENT_KEY]: id, ELEMENT } = object(origin);
  return String(id ?? ELEMENT);
}

/** `sign` 1: the finger goes that way; -1: the content does. Answers whether more can be scrolled, for scroll. */
function gestureSwipe(parts: CommandParts, body: Readonly<Record<string, unknown>>, sign: 1 | -1): boolean {
  const area =
    body['area'] === undefined || body['area'] === null ? bounds(parts.elements.resolve(originId(body['origin']))) : areaOf(body['area']);
  const before = parts.screen.frame().number;
  const share = (typeof body['percent'] === 'number' ? body['percent'] : 0.5) * 0.5;
  const way = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] }[String(body['direction'])];
  if (way === undefined) throw new DriverError('invalid argument', 'direction is one of up, down, left, right');
  const middle = center(area);
  const dx = (way[0] ?? 0) * sign * width(area) * share;
  const dy = (way[1] ?? 0) * sign * height(area) * share;
  parts.screen.swipe({ x: middle.x - dx, y: middle.y - dy }, { x: middle.x + dx, y: middle.y + dy });
  return parts.screen.frame().number !== before;
}

function areaOf(value: unknown): Rect {
  const area = object(value);
  const [left, top] = [number(area['left'], 'left'), number(area['top'], 'top')];
  return { left, top, right: left + number(area['width'], 'width'), bottom: top + number(area['height'], 'height') };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
