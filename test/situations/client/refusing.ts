import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { LIMIT_MS } from '../clock.js';
import type { Scene } from '../scene.js';

/**
 * Has `openssl s_client` shake hands over `tunnel`, trusting the origin's CA alone: it sends the alert unknown_ca, which Node's own client
 * never does. Answers with what it said, or null when it took the certificate.
 */
export async function refuseByAlert(scene: Scene, tunnel: Socket, host: string): Promise<string | null> {
  const dir = mkdtempSync(join(tmpdir(), 'pin-'));
  const door = createServer((inner) => {
    scene.keep(inner);
    inner.pipe(tunnel).pipe(inner);
  });
  try {
    writeFileSync(join(dir, 'ca.pem'), scene.originCaPem);
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    const address = door.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const trust = ['-CAfile', join(dir, 'ca.pem'), '-verify_return_error', '-no-CApath', '-no-CAstore'];
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', host, '-tls1_3', ...trust];
    const child = spawn('openssl', args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: LIMIT_MS });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.on('error', () => {});
    // It stays on when it trusts; nobody here has anything to say.
    const bored = setTimeout(() => child.stdin.end('Q\n'), 1000);
    await once(child, 'close');
    clearTimeout(bored);
    return /verify error:num=(19|20|21)\D/.exec(said) === null || !said.includes('certificate verify failed') ? null : 'alert unknown_ca';
  } finally {
    door.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Sends a real ClientHello and resets at the first byte of the answer; false when none came within the limit. */
export async function resetInHandshake(scene: Scene, tunnel: Socket, host: string): Promise<boolean> {
  let answered = false;
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      tunnel.write(chunk);
      done();
    },
  });
  scene.keep(wire);
  const tls = connectTls({ socket: wire, servername: host, minVersion: 'TLSv1.3', ca: scene.caPem });
  scene.keep(tls);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LIMIT_MS);
    tunnel.once('data', () => {
      answered = true;
      tunnel.resetAndDestroy();
    });
    tunnel.resume().once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  tls.destroy();
  return answered;
}
