import type { Http2Stream } from 'node:http2';

/** Whether a stream's peer has said that it is whole: Node ends a stream as well that was reset with NO_ERROR. */
export class StreamEnd {
  said = false;
  #cut = false;

  constructor(readonly stream: Http2Stream) {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown): boolean => {
      if (chunk === null && !stream.closed && !this.#cut) this.said = true;
      return push(chunk);
    };
  }

  /** Ends it without that, behind what has come. */
  cut(): void {
    this.#cut = true;
    this.stream.push(null);
  }
}

/** Resets a stream once what was written on it is on its way. */
export function resetBehind(stream: Http2Stream, code: number): void {
  const reset = (): void => stream.close(code);
  if (stream.writableNeedDrain) stream.once('drain', reset);
  else setImmediate(reset);
}
