/** Messages of the WebSocket rows, in order; the last makes the origin close. */
export const MESSAGES: readonly (string | Buffer)[] = [`hello ${'x'.repeat(3000)}`, Buffer.from([1, 2, 3]), 'bye'];
/** One gRPC message: not compressed, five bytes, field 1 = `abc`. */
export const GRPC = Buffer.from('00000000050a03616263', 'hex');
/** Bytes that are no HTTP. */
export const RAW = Buffer.from('01020009fffe05', 'hex');
/** The same from a zero byte, as some frameworks begin. */
export const RAW_ZERO = Buffer.from('000000050102030405', 'hex');
/** MQTT CONNECT. */
export const MQTT = Buffer.from('100c00044d5154540402003c0000', 'hex');
/** What the server that speaks first says. */
export const GREETING = Buffer.from('220 hello from a server that speaks first\r\n');
/** What the server without TLS says. */
export const CLEAR = Buffer.from('HTTP/1.1 200 OK\r\n\r\n');
/** Fields of GET /dup, behind Host. */
export const DUP_FIELDS: readonly (readonly [string, string])[] = [
  ['X-App-Sign', '1'],
  ['x-lower', '2'],
  ['X-Dup', 'a'],
  ['X-Dup', 'b'],
];
