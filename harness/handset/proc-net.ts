import { ipText, withoutMapping } from '../capture/ip-text.js';

/** One row of `/proc/net/tcp`, `tcp6`, `udp` or `udp6`. Addresses as text; IPv4 inside IPv6 as IPv4. */
export interface SocketRow {
  readonly local: { readonly ip: string; readonly port: number };
  readonly remote: { readonly ip: string; readonly port: number };
  /** As the kernel numbers them (`include/net/tcp_states.h`); 10 listens. */
  readonly state: number;
  readonly uid: number;
  /** 0: no process holds it any more (TIME_WAIT and other left-overs), and its uid says nothing. */
  readonly inode: number;
}

const ADDRESS = '([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):([0-9A-Fa-f]{4})';
const ROW = new RegExp(`^\\s*\\d+: ${ADDRESS} ${ADDRESS} ([0-9A-Fa-f]{2}) \\S+ \\S+ \\S+ +(\\d+) +\\d+ +(\\d+)`);

/** Reads a whole table; null when the text is not one or was cut off: then it tells nothing of what is not in it. */
export function readSocketTable(text: string): readonly SocketRow[] | null {
  const [head = '', ...lines] = text.split(/\r?\n/);
  if (!/^\s*sl +local_address /.test(head) || lines.pop() !== '') return null;
  const rows: SocketRow[] = [];
  for (const line of lines) {
    const row = ROW.exec(line);
    if (row === null) return null;
    const [, localIp = '', localPort = '', remoteIp = '', remotePort = '', state = '', uid = '', inode = ''] = row;
    rows.push({
      local: { ip: address(localIp), port: parseInt(localPort, 16) },
      remote: { ip: address(remoteIp), port: parseInt(remotePort, 16) },
      state: parseInt(state, 16),
      uid: Number(uid),
      inode: Number(inode),
    });
  }
  return rows;
}

/** The kernel prints an address as words of four bytes, each as a number of the machine; all Android machines are little-endian. */
function address(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return withoutMapping(ipText(bytes));
}

/** Which process holds a socket, by inode, from `ls -l /proc/[0-9]*\/fd`; null: more than one does. */
export function readSocketHolders(listing: string): ReadonlyMap<number, number | null> {
  const holders = new Map<number, number | null>();
  let pid: number | null = null;
  for (const line of listing.split(/\r?\n/)) {
    const folder = /^\/proc\/(\d+)\/fd\/?:$/.exec(line);
    if (folder !== null) pid = Number(folder[1]);
    const inode = Number(/ -> socket:\[(\d+)\]$/.exec(line)?.[1] ?? 0);
    if (inode !== 0 && pid !== null) holders.set(inode, holders.has(inode) && holders.get(inode) !== pid ? null : pid);
  }
  return holders;
}

/** Packages by uid. */
export type PackageOf = (uid: number) => string | null;

/** Uids of one Android user; the same app has the same number in each (`UserHandle.PER_USER_RANGE`). */
const PER_USER = 100_000;

/** Reads `pm list packages -U`; a uid that several packages share belongs to none of them alone. */
export function readPackages(listing: string): PackageOf {
  const packages = new Map<number, string | null>();
  for (const line of listing.split(/\r?\n/)) {
    const [, name = '', uids = ''] = /^package:(\S+) +uid:([\d,]+)$/.exec(line.trim()) ?? [];
    const ids = new Set(uids === '' ? [] : uids.split(',').map((uid) => Number(uid) % PER_USER));
    for (const id of ids) packages.set(id, packages.has(id) && packages.get(id) !== name ? null : name);
  }
  return (uid) => packages.get(uid % PER_USER) ?? null;
}
