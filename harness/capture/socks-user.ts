import type { Flow } from '../model/event.js';

/** What a helper on the handset said of a connection by the name it signed in with. */
export interface SocksUser {
  readonly owner: Flow['owner'];
  /** The app's own port on the handset, for whoever can look it up there; null when not told. */
  readonly port: number | null;
}

const NOBODY: SocksUser = { owner: { uid: null, package: null, pid: null, how: 'unknown' }, port: null };
/** 2^32 - 1 is the kernel's word for "no uid". */
const HIGHEST_UID = 2 ** 32 - 2;
/** As Android takes them (`PackageParser.validateName`); `android` itself has no dot. */
const PACKAGE = /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$/;
const LONGEST_PACKAGE = 223;

/** Reads `uid:package:port`, of which each part may be empty; a name of any other form tells nothing. */
export function readSocksUser(user: string | null): SocksUser {
  const match = /^(\d{0,10}):([^:]*):(\d{0,5})$/.exec(user ?? '');
  if (match === null) return NOBODY;
  const [, uidText = '', packageText = '', portText = ''] = match;
  const uid = uidText === '' ? null : Number(uidText);
  const port = portText === '' ? null : Number(portText);
  const fits =
    (uid === null || uid <= HIGHEST_UID) &&
    (port === null || (port >= 1 && port <= 65_535)) &&
    (packageText === '' || (packageText.length <= LONGEST_PACKAGE && PACKAGE.test(packageText)));
  if (!fits) return NOBODY;
  if (uid === null && packageText === '') return { ...NOBODY, port };
  return { owner: { uid, package: packageText === '' ? null : packageText, pid: null, how: 'socks' }, port };
}
