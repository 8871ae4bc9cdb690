import type { SocketOwner } from '../model/handset.js';
import { readSocketHolders, readSocketTable } from './proc-net.js';
import type { PackageOf, SocketRow } from './proc-net.js';

/** How long a connection may be under way before our side takes it: SYNs that were lost and the way from the handset. */
const SETUP_MS = 5000;
/** How long a socket that has gone is still known: a flow may be written late. */
const KEPT_MS = 60_000;
const LISTENING = 10;

/** What the poller needs. All times are real and monotonic, in ms. */
export interface ProcNetParts {
  /** The whole text of a file on the handset. Rejects when it could not be read, or not soon. */
  read(path: string): Promise<string>;
  /** `/proc/net/tcp` and `/proc/net/tcp6`, or the two of UDP: one port number means another socket in each pair. */
  readonly tables: readonly string[];
  /** `ls -l /proc/[0-9]*\/fd` on the handset; null: processes stay unknown. */
  readonly listFds: (() => Promise<string>) | null;
  readonly packageOf: PackageOf;
  /** Whether a socket may be one of ours by where it leads, as the handset sees that; null: redirected ones lead anywhere. */
  readonly leads: ((ip: string, port: number) => boolean) | null;
  readonly everyMs: number;
  nowMs(): number;
  /** A table could not be read; called once until it can be again. */
  onFault(path: string, cause: unknown): void;
}

/** Tells who owns a connection from what the handset's kernel lists, asked again and again. */
export interface ProcNetOwner extends SocketOwner {
  stop(): void;
}

/** Starts polling. */
export function createProcNetOwner(parts: ProcNetParts): ProcNetOwner {
  const poller = new Poller(parts);
  poller.begin();
  return poller;
}

/** A socket as the polls saw it. Of a poll that shows it we know that it was there at some time within the poll. */
interface Seen {
  readonly port: number;
  readonly uid: number;
  readonly inode: number;
  /** Begin of the last good poll of that table before the first that showed it. */
  readonly absentMs: number;
  /** End of the first poll that showed it. */
  readonly firstMs: number;
  /** Begin of the last poll that showed it. */
  lastMs: number;
  /** Undefined: not looked for yet. */
  pid: number | null | undefined;
}

class Poller implements ProcNetOwner {
  readonly #seen = new Map<string, Seen>();
  readonly #byPort = new Map<number, Set<Seen>>();
  /** Begin of the last good poll of each table. */
  readonly #polledMs = new Map<string, number>();
  readonly #failing = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #wanted = false;
  #listing = false;
  #stopped = false;

  constructor(readonly parts: ProcNetParts) {}

  begin(): void {
    this.#timer = null;
    this.#wanted = false;
    void this.#poll().then(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.begin(), this.#wanted ? this.#soonMs() : this.parts.everyMs).unref();
    });
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /**
   * A port is used again by other apps, so only the first poll that began after the connection was taken may tell whose it is: what is on
   * the port in that poll has been there since, or nothing is known.
   */
  owner(clientPort: number, sinceMs: number): ReturnType<SocketOwner['owner']> {
    const fits = [...(this.#byPort.get(clientPort) ?? [])].filter(
      (seen) => seen.absentMs < sinceMs && sinceMs <= seen.lastMs && seen.firstMs >= sinceMs - SETUP_MS,
    );
    const [first] = fits;
    if (first === undefined) {
      this.#soon();
      return null;
    }
    if (fits.some((seen) => seen.uid !== first.uid)) return null;
    const pid = fits.every((seen) => seen.pid === first.pid) ? (first.pid ?? null) : null;
    return { uid: first.uid, package: this.parts.packageOf(first.uid), pid, how: 'proc-net' };
  }

  #soonMs(): number {
    return this.parts.everyMs / 5;
  }

  /** Somebody waits: the next poll comes early. */
  #soon(): void {
    if (this.#wanted || this.#stopped) return;
    this.#wanted = true;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.begin(), this.#soonMs()).unref();
  }

  async #poll(): Promise<void> {
    for (const path of this.parts.tables) {
      const beganMs = this.parts.nowMs();
      try {
        const rows = readSocketTable(await this.parts.read(path));
        if (this.#stopped) return;
        if (rows === null) throw new Error(`${path} is no whole table`);
        this.#take(path, rows, beganMs);
        this.#failing.delete(path);
      } catch (cause) {
        if (!this.#stopped && !this.#failing.has(path)) this.parts.onFault(path, cause);
        this.#failing.add(path);
      }
    }
    this.#forget();
    void this.#lookForHolders();
  }

  #take(path: string, rows: readonly SocketRow[], beganMs: number): void {
    const { leads, nowMs } = this.parts;
    const absentMs = this.#polledMs.get(path) ?? -Infinity;
    for (const { local, remote, state, uid, inode } of rows) {
      if (inode === 0 || state === LISTENING || (leads !== null && !leads(remote.ip, remote.port))) continue;
      // The kernel may miss a socket in one reading; the inode tells that it is still the same one.
      const key = `${path} ${inode} ${local.port} ${uid}`;
      const known = this.#seen.get(key);
      if (known !== undefined) known.lastMs = beganMs;
      else this.#add(key, { port: local.port, uid, inode, absentMs, firstMs: nowMs(), lastMs: beganMs, pid: undefined });
    }
    this.#polledMs.set(path, beganMs);
  }

  #add(key: string, seen: Seen): void {
    this.#seen.set(key, seen);
    const here = this.#byPort.get(seen.port);
    if (here === undefined) this.#byPort.set(seen.port, new Set([seen]));
    else here.add(seen);
  }

  #forget(): void {
    const nowMs = this.parts.nowMs();
    for (const [key, seen] of this.#seen) {
      if (seen.lastMs >= nowMs - KEPT_MS) continue;
      this.#seen.delete(key);
      const here = this.#byPort.get(seen.port);
      here?.delete(seen);
      if (here?.size === 0) this.#byPort.delete(seen.port);
    }
  }

  /** The listing takes a handset its time: only for sockets that are new, and never twice at once. */
  async #lookForHolders(): Promise<void> {
    const fresh = [...this.#seen.values()].filter((seen) => seen.pid === undefined);
    if (this.parts.listFds === null || this.#listing || fresh.length === 0 || this.#stopped) return;
    this.#listing = true;
    const holders = await this.parts.listFds().then(readSocketHolders, () => new Map<number, number | null>());
    this.#listing = false;
    for (const seen of fresh) seen.pid = holders.get(seen.inode) ?? null;
  }
}
