import type { Socket } from 'node:net';
import type { Flow } from '../model/event.js';
import { answer } from './lab.js';
import { answerSocks, socksReplyFor } from './socks5.js';

/** How an app came to the proxy, and how it is told what became of its wish. */
export interface Door {
  readonly kind: Flow['door'];
  /** The way is open: from here on the bytes are the app's own. */
  ready(): void;
  /** There is no way (`code`: why, as of the system); ends the connection. Returns true when bytes of our own were sent. */
  refuse(code: string): boolean;
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** An app that asked by CONNECT. */
export function connectDoor(client: Socket): Door {
  return {
    kind: 'http-proxy',
    ready: () => void client.write(ESTABLISHED),
    refuse() {
      const told = client.writable;
      answer(client, '502 Bad Gateway');
      return told;
    },
  };
}

/** An app that was led here and believes to speak to its server: a refusal can only be a close. */
export function bareDoor(client: Socket): Door {
  return {
    kind: 'tls',
    ready: () => {},
    refuse() {
      client.destroy();
      return false;
    },
  };
}

/** An app that asked by SOCKS5. */
export function socksDoor(client: Socket): Door {
  return {
    kind: 'socks5',
    ready: () => answerSocks(client, 0, null),
    refuse(code) {
      answerSocks(client, socksReplyFor(code), null);
      client.destroySoon();
      return true;
    },
  };
}
