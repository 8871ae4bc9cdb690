import type { JavaThrowable } from '../model/app.js';

class Throwable extends Error implements JavaThrowable {
  readonly className: string;
  constructor(className: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = className;
    this.className = className;
  }
}

/** A Java exception as the handset's network and process throw it at an app. */
export function throwable(className: string, message: string, cause?: unknown): JavaThrowable {
  return new Throwable(className, message, cause === undefined ? undefined : { cause });
}

/** Java class of what app code threw; a JavaScript error stands for an unchecked Java one. */
export function classNameOf(thrown: unknown): string {
  return thrown instanceof Error && 'className' in thrown && typeof thrown.className === 'string'
    ? thrown.className
    : 'java.lang.RuntimeException';
}
