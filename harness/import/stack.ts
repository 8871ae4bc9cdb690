import type { Frame } from '../model/event.js';

/** Packages whose frames are the system's, the language's or the hooking tool's, never the app's or an SDK's. */
const FRAMEWORK = (
  'java. javax. jdk. sun. android. androidx. dalvik. libcore. kotlin. kotlinx. com.android. org.apache.harmony. org.apache.http. ' +
  'org.json. org.xmlpull. org.xml.sax. org.w3c.dom. de.robv.android.xposed.'
).split(' ');

/** `at java.base/com.example.A.b(A.java:12)`, with or without what stands before and behind the method. Names may be of any letters: obfuscators use them. */
const FRAME = /^(?:at\s+)?(?:[\w.@-]+\/)*([^\s()/]+)\.([^\s().]+)\s*(?:\(([^()]*)\))?\s*(?:~?\[[^\]]*\])?$/;

/** A run's stacks are made of few frames: each is taken apart once. */
const KNOWN = new Map<string, Frame>();
const MOST_KNOWN = 50_000;

/** A frame as a Java stack trace prints it; text that is none becomes a frame of that name without a method. */
export function frameOf(text: string): Frame {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  const frame = parsed(text);
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(text, frame);
  return frame;
}

function parsed(text: string): Frame {
  const line = text.trim();
  const [, owner, method, at = ''] = FRAME.exec(line) ?? [];
  if (owner === undefined || method === undefined) return { class: line, method: '', file: null, line: null };
  const [, file, number] = /^([^:]+?)(?::(\d+))?$/.exec(at.trim()) ?? [];
  const isKnown = file !== undefined && !/^(Native Method|Unknown Source|<native>)$/i.test(file);
  return { class: owner, method, file: isKnown ? file : null, line: isKnown && number !== undefined ? Number(number) : null };
}

/** `class.method` of the innermost frame that is neither the framework's nor the language's; `unknown` when there is none. */
export function callerIn(stack: readonly Frame[]): string {
  const frame = stack.find(({ class: owner, method }) => method !== '' && !FRAMEWORK.some((prefix) => owner.startsWith(prefix)));
  return frame === undefined ? 'unknown' : `${frame.class}.${frame.method}`;
}

/** API family of a call that no row of ours tells of: its class without the package and its method, the same for all overloads. */
export function familyOf(api: string): string {
  const plain = api.replace(/\(.*$/s, '').trim();
  return plain.split('.').slice(-2).join('.') || plain;
}
