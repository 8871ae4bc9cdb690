import type { Ui } from '../../model/app.js';
import type { RunClock } from '../../model/clock.js';
import type { ContactRow } from '../../model/values.js';
import { appUi, removeActivity } from './app-ui.js';
import type { Activity, Desk, Frame } from './desk.js';
import { changed, frameOf } from './desk.js';
import type { UiNode } from './node.js';
import type { PermissionAsk, PromptOutcome } from './system-windows.js';
import { CONTROLLER, LAUNCHER, launcherView, permissionView, PICKER, pickerView } from './system-windows.js';
import { enter, putText, scrollBy, swipe, tap } from './touch.js';
import type { Owner, Window, WindowHost } from './window.js';
import { windowRoot } from './window.js';

export type { PermissionAsk, PromptOutcome } from './system-windows.js';
export type { WindowHost } from './window.js';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Looking and touching: what a driver may do. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  /** What is on the screen now. */
  frame(): Frame;
  tap(x: number, y: number): void;
  swipe(from: Point, to: Point): void;
  /** Moves a ScrollView's content up by `dy` pixels; false when it could not move. */
  scrollBy(node: UiNode, dy: number): boolean;
  /** Replaces a field's text; false when the node is no field that can be written. */
  putText(node: UiNode, text: string): boolean;
  back(): void;
  enter(): void;
  /** False when no keyboard was shown. */
  hideKeyboard(): boolean;
  /** Package and class of the activity in front. */
  current(): { readonly package: string; readonly activity: string };
}

/** All windows of the handset. */
export interface Windows {
  readonly screen: Screen;
  attach(app: { readonly package: string; readonly label: string; readonly pid: number }, host: WindowHost): Ui;
  /** Shows the system's prompt once the app is in front, one at a time. */
  permissionPrompt(ask: PermissionAsk): Promise<PromptOutcome>;
  /** Null when the user turns back. */
  pickContact(rows: readonly ContactRow[]): Promise<ContactRow | null>;
  home(): void;
  /** Brings an app back; false when it has no window. */
  front(packageName: string): boolean;
  /** Takes away the windows of a process, or of all processes of the package. */
  close(packageName: string, pid: number | null): void;
  /** Package whose activity is resumed; prompts and pickers over it do not change that. */
  foreground(): string | null;
  onShown(listener: (what: { readonly kind: 'permission'; readonly group: string; readonly permissions: readonly string[] }) => void): void;
}

/** An empty screen: the launcher. */
export function createWindows(parts: { readonly clock: RunClock; readonly width: number; readonly height: number }): Windows {
  const desk: Desk = {
    ...parts,
    tasks: new Map(),
    owners: new Map(),
    labels: new Map(),
    prompts: [],
    toasts: [],
    shown: [],
    front: null,
    resumed: null,
    focus: null,
    keyboard: false,
    activeWindow: -1,
    version: 0,
    nextId: 1,
    frame: null,
    launcher: null,
  };
  return {
    screen: screenOf(desk),
    attach: (app, host) => attach(desk, { ...app, host, alive: true }),
    permissionPrompt: (ask) => prompt(desk, ask),
    pickContact: (rows) => pick(desk, rows),
    home: () => show(desk, null),
    front: (packageName) => show(desk, packageName),
    close: (packageName, pid) => close(desk, packageName, pid),
    foreground: () => (desk.resumed === null ? null : desk.resumed.package),
    onShown: (listener) => void desk.shown.push(listener),
  };
}

function screenOf(desk: Desk): Screen {
  const frame = (): Frame => frameOf(desk, () => launcherWindow(desk));
  const hideKeyboard = (): boolean => {
    if (!frame().keyboard) return false;
    desk.keyboard = false;
    changed(desk);
    return true;
  };
  return {
    width: desk.width,
    height: desk.height,
    frame,
    hideKeyboard,
    tap: (x, y) => tap(desk, frame(), x, y),
    swipe: (from, to) => swipe(desk, frame(), from, to),
    scrollBy: (node, dy) => scrollBy(desk, node, dy),
    putText: (node, text) => putText(desk, node, text),
    back: () => void (hideKeyboard() || frame().active.back()),
    enter: () => enter(desk, frame()),
    current: () => ({ package: frame().active.package, activity: frame().active.name }),
  };
}

function attach(desk: Desk, owner: Owner): Ui {
  desk.owners.set(`${owner.package}/${owner.pid}`, owner);
  desk.labels.set(owner.package, owner.label);
  desk.launcher = null;
  changed(desk);
  return appUi(desk, owner);
}

function launcherWindow(desk: Desk): Window {
  const id = desk.nextId++;
  const apps = [...desk.labels].map(([packageName, label]) => ({ package: packageName, label }));
  const root = windowRoot(
    launcherView(apps, (packageName) => void show(desk, packageName)),
    LAUNCHER,
    id,
  );
  return {
    id,
    kind: 'launcher',
    package: LAUNCHER,
    name: 'com.android.launcher3.Launcher',
    root,
    owner: null,
    back: () => {},
    outside: () => {},
  };
}

function show(desk: Desk, packageName: string | null): boolean {
  if (packageName !== null && (desk.tasks.get(packageName) ?? []).length === 0) return false;
  desk.front = packageName;
  changed(desk);
  return true;
}

function prompt(desk: Desk, ask: PermissionAsk): Promise<PromptOutcome> {
  const { promise, resolve } = pending<PromptOutcome>();
  const id = desk.nextId++;
  const answer = (given: PromptOutcome): void => {
    const at = desk.prompts.findIndex((one) => one.window.id === id);
    if (at < 0) return;
    desk.prompts.splice(at, 1);
    changed(desk);
    resolve(given);
  };
  const window: Window = {
    id,
    kind: 'permission',
    package: CONTROLLER,
    name: 'com.android.permissioncontroller.permission.ui.GrantPermissionsActivity',
    root: windowRoot(permissionView(ask, answer), CONTROLLER, id),
    owner: null,
    back: () => answer('deny'),
    outside: () => {},
  };
  desk.prompts.push({ ask, window, answer, announced: false });
  changed(desk);
  return promise;
}

function pick(desk: Desk, rows: readonly ContactRow[]): Promise<ContactRow | null> {
  const { promise, resolve } = pending<ContactRow | null>();
  const over = desk.front;
  if (over === null) return Promise.resolve(null);
  const id = desk.nextId++;
  const end = (row: ContactRow | null): void => {
    removeActivity(desk, over, activity);
    resolve(row);
  };
  const name = 'com.android.contacts.activities.ContactSelectionActivity';
  const root = windowRoot(pickerView(rows, end), PICKER, id);
  const activity: Activity = {
    name,
    window: { id, kind: 'picker', package: PICKER, name, root, owner: null, back: () => end(null), outside: () => {} },
    dialogs: [],
    gone: () => resolve(null),
  };
  desk.tasks.get(over)?.push(activity);
  changed(desk);
  return promise;
}

function close(desk: Desk, packageName: string, pid: number | null): void {
  for (const [key, owner] of desk.owners) {
    if (owner.package !== packageName || (pid !== null && owner.pid !== pid)) continue;
    owner.alive = false;
    desk.owners.delete(key);
  }
  const task = desk.tasks.get(packageName) ?? [];
  const left = task.filter((one) => one.window.owner?.alive === true);
  const rest = left.length === 0 ? [] : task.filter((one) => one.window.owner === null || one.window.owner.alive);
  desk.tasks.set(packageName, rest);
  for (const one of task) if (!rest.includes(one)) one.gone();
  if (rest.length === 0) for (const one of desk.prompts.filter((asked) => asked.ask.package === packageName)) one.answer('cancelled');
  changed(desk);
}

function pending<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const made: { resolve: ((value: T) => void) | null } = { resolve: null };
  const promise = new Promise<T>((done) => (made.resolve = done));
  return { promise, resolve: (value) => made.resolve?.(value) };
}
