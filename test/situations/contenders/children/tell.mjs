// What the Node contenders' children share: their settings, the names they resolve, and how they write a line for each event.
import dns from 'node:dns';
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { isIP } from 'node:net';

/** Settings as the launcher gave them: one JSON argument. */
export const settings = JSON.parse(process.argv[2]);

const file = openSync(settings.record, 'a');

/** Writes one event; lines with the same id are about one thing. */
export function tell(line) {
  writeSync(file, `${JSON.stringify(line)}\n`);
}

/** Tells the launcher that the contender listens. */
export function ready(port, caPem) {
  writeSync(3, `${JSON.stringify({ port, caPem })}\n`);
  closeSync(3);
}

/**
 * Answers every name from the settings, and none from outside: `dns.lookup` is what Node's own sockets ask when they are given no other
 * way, so SNI and Host stay what they were.
 */
export function resolveFromSettings() {
  dns.lookup = (name, options, callback) => {
    const done = typeof options === 'function' ? options : callback;
    const all = typeof options === 'object' && options !== null && options.all === true;
    const ip = isIP(name) ? name : addressOf(name);
    if (ip === undefined) {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
        errno: -3008,
        code: 'ENOTFOUND',
        syscall: 'getaddrinfo',
        hostname: name,
      });
      setImmediate(done, error);
    } else if (all) setImmediate(done, null, [{ address: ip, family: isIP(ip) }]);
    else setImmediate(done, null, ip, isIP(ip));
  };
}

function addressOf(name) {
  const lower = name.toLowerCase();
  if (lower === 'localhost') return '127.0.0.1';
  const parent = lower.slice(lower.indexOf('.'));
  return settings.resolve.find(({ host }) => host === lower || host === `*${parent}`)?.ip;
}

/** Host and port of `host:port`, `[::1]:port` or a bare host; no brackets in what it returns. */
export function authority(text) {
  const parts = /^\[?(.*?)\]?(?::(\d+))?$/.exec(text ?? '');
  return { host: parts?.[1] || null, port: parts?.[2] === undefined ? null : Number(parts[2]) };
}

/** Node's flat list of names and values as pairs. */
export function pairs(flat) {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []));
}

/** Counts and hashes what is added to it. */
export function tally() {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add(chunk) {
      bytes += chunk.length;
      hash.update(chunk);
    },
    body: () => ({ bytes, sha256: hash.copy().digest('hex') }),
  };
}

/** The same of a body that is there as a whole. */
export function bodyOf(buffer) {
  const whole = tally();
  whole.add(buffer);
  return whole.body();
}
