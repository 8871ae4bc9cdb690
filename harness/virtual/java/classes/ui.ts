import { STRING, STRINGS, fixed, init, klass, levels, method } from '../classes.js';
import type { JavaObject } from '../objects.js';
import type { World } from '../world.js';

const VIEW = 'android.view.View';
const ACTIVITY = 'android.app.Activity';
const CONTEXT = 'android.content.Context';
const APPLICATION = 'android.app.Application';
const THREAD = 'android.app.ActivityThread';
const RESOURCES = 'android.content.res.Resources';
/** The app's package (0x7f), type id (0x08): where resource ids of an app's views begin. */
const FIRST_ID = 0x7f08_0000;

function ask(world: World, permissions: unknown, code: unknown): void {
  world.host.requestPermissions(permissions as readonly string[], Number(code));
}
function run(world: World, self: JavaObject, name: string): void {
  const body = self.fields[name];
  if (typeof body === 'function') (body as () => void)();
}
/** Number that stands for a resource name in this process, counted from the first one asked for. */
function idOf(world: World, name: unknown): number {
  if (typeof name !== 'string' || name === '') return -1;
  const names = resourceNames(world);
  const known = names.indexOf(name);
  return FIRST_ID + (known < 0 ? names.push(name) - 1 : known);
}
function resourceNames(world: World): string[] {
  return (world.systemService(RESOURCES).fields.names ??= []) as string[];
}
const view = (name: string, parent: string): ReturnType<typeof klass> => klass(name, parent, [init([CONTEXT], () => undefined)]);

/** Views, activities and what the framework calls them by. A view's `fields` are `id`, `text` and `listener`. */
export const ui = [
  klass(RESOURCES, 'java.lang.Object', [
    method('getResourceEntryName', ['int'], STRING, (world, _, [id]) => resourceNames(world)[Number(id) - FIRST_ID] ?? ''),
  ]),
  klass(VIEW, 'java.lang.Object', [
    init([CONTEXT], () => undefined),
    method('performClick', [], 'boolean', (world, self) => {
      run(world, self, 'listener');
      return typeof self.fields.listener === 'function';
    }),
    method('getId', [], 'int', (world, self) => idOf(world, self.fields.id)),
    method('getResources', [], RESOURCES, (world) => world.systemService(RESOURCES)),
  ]),
  klass('android.widget.TextView', VIEW, [
    init([CONTEXT], () => undefined),
    method('getText', [], 'java.lang.CharSequence', (_, self) => self.fields.text ?? ''),
  ]),
  view('android.widget.Button', 'android.widget.TextView'),
  view('android.widget.EditText', 'android.widget.TextView'),
  view('android.widget.CheckBox', 'android.widget.Button'),
  view('android.widget.ImageView', VIEW),
  view('android.widget.LinearLayout', VIEW),
  view('android.widget.FrameLayout', VIEW),
  view('android.widget.ScrollView', 'android.widget.FrameLayout'),
  klass('android.app.Fragment', 'java.lang.Object', []),
  klass(ACTIVITY, CONTEXT, [
    method('requestPermissions', [STRINGS, 'int'], 'void', (world, _, [permissions, code]) => ask(world, permissions, code)),
    ...levels(
      35,
      99,
      method('requestPermissions', [STRINGS, 'int', 'int'], 'void', (world, _, [permissions, code]) => ask(world, permissions, code)),
    ),
  ]),
  klass(`${ACTIVITY}$HostCallbacks`, 'java.lang.Object', [
    method('onRequestPermissionsFromFragment', ['android.app.Fragment', STRINGS, 'int'], 'void', (world, _, [, permissions, code]) =>
      ask(world, permissions, code),
    ),
  ]),
  klass(APPLICATION, CONTEXT, []),
  klass(THREAD, 'java.lang.Object', [
    fixed('currentActivityThread', [], THREAD, (world) => world.systemService(THREAD)),
    // Null in `application` stands for a process whose Application is not made yet.
    fixed('currentApplication', [], APPLICATION, (world) =>
      world.systemService(THREAD).fields.application === null ? null : world.systemService(APPLICATION),
    ),
    method('getSystemContext', [], 'android.app.ContextImpl', (world) => world.systemService(CONTEXT)),
  ]),
  klass('android.app.Instrumentation', 'java.lang.Object', [
    method('callActivityOnResume', [ACTIVITY], 'void', (world, _, [activity]) => run(world, activity as JavaObject, 'onResume')),
    method('callActivityOnPause', [ACTIVITY], 'void', (world, _, [activity]) => run(world, activity as JavaObject, 'onPause')),
  ]),
];
