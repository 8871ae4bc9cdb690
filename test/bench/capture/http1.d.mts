export class MessageReader {
  constructor(on: { head(text: string): void; body(bytes: Buffer): void; end(): void });
  feed(chunk: Buffer): void;
}
