import { type JavaBacktrace, type JavaBridge, type JavaFrame, dispatcher, invoke, isWrapper } from './java.js';

/**
 * The stack by `new Throwable().getStackTrace()`, where `Java.backtrace` is not there (it walks ART only).
 * Dearer than a walk: one object for each frame.
 */
export function throwableStack(java: Pick<JavaBridge, 'use'>, limit: number): JavaBacktrace {
  const throwable = dispatcher(java.use('java.lang.Throwable'), '$new')?.call(java.use('java.lang.Throwable'));
  const elements = isWrapper(throwable) ? invoke(throwable, 'getStackTrace') : [];
  const frames: JavaFrame[] = [];
  for (const element of Array.isArray(elements) ? elements.slice(0, limit) : []) {
    if (!isWrapper(element)) continue;
    const file = invoke(element, 'getFileName');
    frames.push({
      className: String(invoke(element, 'getClassName')),
      methodName: String(invoke(element, 'getMethodName')),
      fileName: typeof file === 'string' ? file : null,
      lineNumber: Number(invoke(element, 'getLineNumber')),
    });
  }
  return { id: frames.map((f) => `${f.className}.${f.methodName}:${f.lineNumber}`).join('\n'), frames };
}
