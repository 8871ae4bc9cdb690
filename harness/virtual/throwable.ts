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
