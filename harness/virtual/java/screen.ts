import type { JavaVm } from './vm.js';

/** A view as the screen knows it. */
export interface ClickedView {
  readonly id: string;
  readonly text: string;
  readonly className: string;
  readonly frame: string | null;
}

/** Runs a listener as Android does for a tap: on the main thread, from View.performClick, through whatever hooks sit on it. What the listener throws comes out. */
export function performClick(vm: JavaVm, view: ClickedView, listener: () => void): void {
  const { world } = vm;
  const { frame } = view;
  const className =
    world.load(view.className) !== null && world.isInstance(world.make(view.className, {}), 'android.view.View')
      ? view.className
      : 'android.view.View';
  const target = world.make(className, {
    id: view.id,
    text: view.text,
    listener: frame === null ? listener : () => vm.within(frame, listener),
  });
  vm.thread(
    'main',
    ['android.view.View$PerformClick.run', 'android.os.Handler.handleCallback'],
    () => void vm.call('android.view.View', 'performClick', [], target, []),
  );
}

/** Tells the process that its activity is resumed or paused, through Instrumentation; `run` is what the app does then. */
export function callActivity(vm: JavaVm, activity: string, what: 'resumed' | 'paused', run: () => void): void {
  const className = activity.includes('.') ? activity : `${vm.world.host.process.package}.${activity}`;
  vm.world.define({ name: className, parent: 'android.app.Activity', since: 23, until: 99, methods: [], fields: {} });
  const target = vm.world.make(className, what === 'resumed' ? { onResume: run } : { onPause: run });
  const method = what === 'resumed' ? 'callActivityOnResume' : 'callActivityOnPause';
  vm.thread('main', [], () => void vm.call('android.app.Instrumentation', method, ['android.app.Activity'], null, [target]));
}
