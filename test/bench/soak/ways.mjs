// The ways in which apps come to the proxy.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const PATIENCE_MS = 20_000;

function toProxy({ proxyPort }) {
  const socket = connect({ host: '127.0.0.1', port: proxyPort, noDelay: true });
  socket.on('error', () => {});
  return settled(socket, 'connect');
}

export function settled(socket, event) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => failed(new Error(`no ${event} in time`)), PATIENCE_MS);
    const ready = () => (done(), resolve(socket));
    const failed = (error) => (done(), socket.destroy(), reject(error ?? new Error(`closed before ${event}`)));
    const closed = () => failed(new Error(`closed before ${event}`));
    const done = () => (clearTimeout(late), socket.off(event, ready).off('error', failed).off('close', closed));
    socket.on(event, ready).on('error', failed).on('close', closed);
  });
}

/** The next bytes of a socket up to what `enough` says, which gets all so far. */
function read(socket, enough) {
  return new Promise((resolve, reject) => {
    let have = Buffer.alloc(0);
    const take = () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) have = Buffer.concat([have, chunk]);
      if (!enough(have)) return;
      done();
      resolve(have);
    };
    const gone = () => (done(), reject(new Error(`the proxy closed after ${JSON.stringify(have.toString('latin1').slice(0, 60))}`)));
    const done = () => socket.off('readable', take).off('end', gone).off('close', gone);
    socket.on('readable', take).on('end', gone).on('close', gone);
  });
}

/** Asks for a tunnel; resolves to the socket and the status line. */
export async function connectTo(to, authority) {
  const socket = await toProxy(to);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const answer = await read(socket, (have) => have.includes('\r\n\r\n'));
  return { socket, answer: answer.toString('latin1').split('\r\n')[0] };
}

async function connectTunnel(to, host) {
  const { socket, answer } = await connectTo(to, `${host}:443`);
  if (!answer.includes(' 200 ')) throw new Error(`${host}: ${answer}`);
  return socket;
}

const SOCKS_USER = '10123:com.example.soak:';
async function socksTunnel(to, host) {
  const socket = await toProxy(to);
  socket.write(Buffer.from([5, 1, 2]));
  await read(socket, (have) => have.length >= 2);
  socket.write(Buffer.concat([Buffer.from([1, SOCKS_USER.length]), Buffer.from(SOCKS_USER), Buffer.from([1, 0x78])]));
  await read(socket, (have) => have.length >= 2);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, host.length]), Buffer.from(host), Buffer.from([443 >> 8, 443 & 0xff])]));
  const reply = await read(socket, (have) => have.length >= 10);
  if (reply[1] !== 0) throw new Error(`SOCKS said ${reply[1]}`);
  return socket;
}

const TUNNEL = { 'http-proxy': connectTunnel, socks5: socksTunnel, tls: toProxy };

/** TLS to `host` by that door, as an app that trusts the lab's CA. */
export async function tlsTo(to, host, { door = 'http-proxy', alpn = null, trusting = true } = {}) {
  const socket = await TUNNEL[door](to, host);
  const tls = connectTls({
    socket,
    servername: host,
    ...(trusting ? { ca: to.labCaPem } : {}),
    ...(alpn === null ? {} : { ALPNProtocols: [alpn] }),
  });
  tls.on('error', () => {});
  return await settled(tls, 'secureConnect');
}
