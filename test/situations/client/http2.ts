import { createHash } from 'node:crypto';
import { connect } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { LIMIT_MS, since } from '../clock.js';
import type { Answer, Ended } from '../evidence.js';
import type { HeaderList } from '../record.js';

const listed = (headers: IncomingHttpHeaders): HeaderList =>
  Object.entries(headers).flatMap(([name, value]): [string, string][] => (name.startsWith(':') ? [] : [[name, String(value)]]));

/** One request over a fresh h2 session on a socket whose ALPN chose h2. */
export async function askHttp2(tls: TLSSocket, authority: string, headers: OutgoingHttpHeaders, body: Buffer | null): Promise<Answer> {
  const session = connect(`https://${authority}`, { createConnection: () => tls });
  let fault: string | null = null;
  session.on('error', (error) => (fault = error.message));
  const stream = session.request(headers, { endStream: body === null });
  if (body !== null) stream.end(body);
  const answer = await readStream(stream);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => session.destroy(), 150);
    session.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    session.close();
    if (session.destroyed) resolve();
  });
  return fault === null || answer.ended === 'whole' ? answer : { ...answer, ended: 'reset' };
}

function readStream(stream: ClientHttp2Stream): Promise<Answer> {
  const from = performance.now();
  const chunks: Buffer[] = [];
  const interim: { status: number; headers: HeaderList; ms: number }[] = [];
  let head: (IncomingHttpHeaders & IncomingHttpStatusHeader) | null = null;
  let trailers: HeaderList = [];
  return new Promise((resolve) => {
    const stop = (ended: Ended): void => {
      clearTimeout(timer);
      const bytes = Buffer.concat(chunks);
      resolve({
        version: '2',
        reason: '',
        interim,
        trailers,
        framing: 'h2',
        ended,
        late: 0,
        status: head?.[':status'] ?? null,
        headers: head === null ? [] : listed(head),
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        text: bytes.toString('latin1'),
        ms: since(from),
      });
    };
    const timer = setTimeout(() => stop('limit'), LIMIT_MS);
    stream
      .on('response', (headers) => (head = headers))
      .on('headers', (headers) => interim.push({ status: Number(headers[':status']), headers: listed(headers), ms: since(from) }))
      .on('trailers', (headers) => (trailers = listed(headers)))
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('error', () => stop('reset'))
      .on('close', () => stop(stream.rstCode === 0 && head !== null ? 'whole' : 'reset'));
  });
}
