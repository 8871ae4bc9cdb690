import { STRING, fixed, init, klass, method, open } from '../classes.js';
import { type JavaObject, isJavaObject } from '../objects.js';
import { classNameOf } from '../world.js';

const items = (self: JavaObject): unknown[] => self.fields.items as unknown[];
const bytesOf = (self: JavaObject): number[] => (self.fields.bytes ??= []) as number[];

/** java.lang, java.util and java.io, as far as the other classes need them. */
export const language = [
  klass('java.lang.Object', null, [
    init([], () => undefined),
    method('toString', [], STRING, (_, self) => `${classNameOf(self)}@${(isJavaObject(self) ? self.hash : 0).toString(16)}`),
    method('hashCode', [], 'int', (_, self) => (isJavaObject(self) ? self.hash : 0)),
  ]),
  klass('java.lang.CharSequence', 'java.lang.Object', [
    // A String is its own receiver here.
    method('toString', [], STRING, (_, self) => String(self)),
    method('length', [], 'int', (_, self) => String(self).length),
  ]),
  klass(STRING, 'java.lang.CharSequence', []),
  klass('java.lang.System', 'java.lang.Object', [
    fixed('identityHashCode', ['java.lang.Object'], 'int', (_, __, [of]) => (isJavaObject(of) ? of.hash : 0)),
  ]),
  klass('java.lang.Thread', 'java.lang.Object', [
    fixed('currentThread', [], 'java.lang.Thread', (world) => world.make('java.lang.Thread', { name: world.threads.current.name })),
    method('getName', [], STRING, (_, self) => self.fields.name),
  ]),
  klass('java.lang.StackTraceElement', 'java.lang.Object', [
    method('getClassName', [], STRING, (_, self) => String(self.fields.frame).slice(0, String(self.fields.frame).lastIndexOf('.'))),
    method('getMethodName', [], STRING, (_, self) => String(self.fields.frame).slice(String(self.fields.frame).lastIndexOf('.') + 1)),
    method('getFileName', [], STRING, () => null),
    method('getLineNumber', [], 'int', () => -1),
  ]),
  klass('java.lang.Throwable', 'java.lang.Object', [
    init([], (world, self) => {
      const frames: JavaObject[] = [];
      // The constructor's own frame is not part of the trace.
      for (let at = world.threads.top().below; at !== null && at.below !== null; at = at.below)
        frames.push(world.make('java.lang.StackTraceElement', { frame: at.name }));
      self.fields.frames = frames;
    }),
    method('getStackTrace', [], '[Ljava.lang.StackTraceElement;', (_, self) => self.fields.frames),
  ]),
  klass('java.util.List', 'java.lang.Object', [open('size', [], 'int'), open('get', ['int'], 'java.lang.Object')]),
  klass('java.util.ArrayList', 'java.util.List', [
    init([], (_, self) => void (self.fields.items = [])),
    method('size', [], 'int', (_, self) => items(self).length),
    method('get', ['int'], 'java.lang.Object', (_, self, [index]) => items(self)[Number(index)] ?? null),
    method('add', ['java.lang.Object'], 'boolean', (_, self, [item]) => items(self).push(item) > 0),
  ]),
  klass('java.util.concurrent.Executor', 'java.lang.Object', []),
  klass('java.util.function.Consumer', 'java.lang.Object', [open('accept', ['java.lang.Object'], 'void')]),
  klass('java.io.OutputStream', 'java.lang.Object', [
    open('write', ['[B', 'int', 'int'], 'void'),
    method('close', [], 'void', () => undefined),
  ]),
  klass('java.io.ByteArrayOutputStream', 'java.io.OutputStream', [
    init([], (_, self) => void (self.fields.bytes = [])),
    method('write', ['[B', 'int', 'int'], 'void', (_, self, [from, offset, length]) => {
      const source = from as Int8Array;
      for (let i = 0; i < Number(length); i++) bytesOf(self).push(source[Number(offset) + i] ?? 0);
    }),
    method('toByteArray', [], '[B', (_, self) => Int8Array.from(bytesOf(self))),
    method('size', [], 'int', (_, self) => bytesOf(self).length),
  ]),
];
