import type { JavaThrowable, Ui, View } from '../../model/app.js';
import type { Activity, Desk } from './desk.js';
import { changed } from './desk.js';
import type { UiNode } from './node.js';
import { walk } from './node.js';
import type { Owner, Window } from './window.js';
import { windowRoot } from './window.js';

/** How long a toast stays, in ms of the run clock (Toast.LENGTH_LONG). */
const TOAST_MS = 3500;
/** Toasts of one package that may wait at a time (NotificationManagerService.MAX_PACKAGE_TOASTS is 5 since Android 11, 50 before). */
const MOST_TOASTS = 50;

/**
 * The Ui of one process. An activity opened under the name of the one on top renders it anew.
 * After the process is closed every call does nothing.
 */
export function appUi(desk: Desk, owner: Owner): Ui {
  const own = (): readonly Activity[] => (desk.tasks.get(owner.package) ?? []).filter((one) => one.window.owner === owner);
  return {
    activity: (name, content) => void (owner.alive && openActivity(desk, owner, name, content)),
    dialog: (content, options) =>
      owner.alive ? openDialog(desk, own().at(-1), content, options?.cancelable ?? false) : { dismiss: () => {} },
    toast: (text) => void (owner.alive && showToast(desk, owner.package, text)),
    textOf: (id) => (owner.alive ? byId(own(), owner, id).text : ''),
    checkedOf: (id) => owner.alive && byId(own(), owner, id).checked,
    setText: (id, text) => {
      if (!owner.alive) return;
      byId(own(), owner, id).text = text;
      changed(desk);
    },
    finish: () => {
      const top = own().at(-1);
      if (owner.alive && top !== undefined) removeActivity(desk, owner.package, top);
    },
  };
}

function openActivity(desk: Desk, owner: Owner, name: string, content: View): void {
  const task = desk.tasks.get(owner.package) ?? [];
  const top = task.at(-1);
  if (top !== undefined && top.window.owner === owner && top.name === name) {
    top.window.root = windowRoot(content, owner.package, top.window.id);
  } else {
    const id = desk.nextId++;
    const back = (): void => {
      const mine = desk.tasks.get(owner.package)?.find((one) => one.window.id === id);
      if (mine !== undefined) removeActivity(desk, owner.package, mine);
    };
    const window: Window = {
      id,
      kind: 'activity',
      package: owner.package,
      name,
      root: windowRoot(content, owner.package, id),
      owner,
      back,
      outside: () => {},
    };
    task.push({ name, window, dialogs: [], gone: () => {} });
    desk.tasks.set(owner.package, task);
  }
  desk.front = owner.package;
  changed(desk);
}

/** Takes an activity, and the dialogs over it, out of its task. */
export function removeActivity(desk: Desk, packageName: string, activity: Activity): void {
  const task = desk.tasks.get(packageName);
  const at = task?.indexOf(activity) ?? -1;
  if (at >= 0) task?.splice(at, 1);
  changed(desk);
}

function openDialog(desk: Desk, over: Activity | undefined, content: View, cancelable: boolean): { dismiss(): void } {
  if (over === undefined)
    throw javaThrowable('android.view.WindowManager$BadTokenException', 'Unable to add window -- is your activity running?');
  const id = desk.nextId++;
  const dismiss = (): void => {
    const at = over.dialogs.findIndex((one) => one.id === id);
    if (at < 0) return;
    over.dialogs.splice(at, 1);
    changed(desk);
  };
  const { owner, package: packageName } = over.window;
  const leave = cancelable ? dismiss : (): void => {};
  over.dialogs.push({
    id,
    kind: 'dialog',
    package: packageName,
    name: over.name,
    root: windowRoot(content, packageName, id),
    owner,
    back: leave,
    outside: leave,
  });
  changed(desk);
  return { dismiss };
}

function showToast(desk: Desk, packageName: string, text: string): void {
  if (desk.toasts.filter((one) => one.package === packageName).length >= MOST_TOASTS) return;
  const id = desk.nextId++;
  const timer = desk.clock.setTimer(() => {
    const at = desk.toasts.findIndex((one) => one.id === id);
    if (at >= 0) desk.toasts.splice(at, 1);
    changed(desk);
  }, TOAST_MS);
  desk.toasts.push({ id, text, package: packageName, timer });
  changed(desk);
}

/** Looks from the topmost window of the process downwards. */
function byId(activities: readonly Activity[], owner: Owner, id: string): UiNode {
  const resourceId = id.includes(':') ? id : `${owner.package}:id/${id}`;
  for (const activity of activities.toReversed()) {
    for (const window of [activity.window, ...activity.dialogs].toReversed()) {
      for (const node of walk(window.root)) if (node.resourceId === resourceId) return node;
    }
  }
  throw javaThrowable('java.lang.NullPointerException', `no view with id ${id} is on the screen`);
}

function javaThrowable(className: string, message: string): JavaThrowable {
  return Object.assign(new Error(message), { className });
}
