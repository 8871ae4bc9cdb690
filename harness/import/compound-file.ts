/** Sectors of a chain, at most; a chain that goes in a circle would never end. */
const MOST_SECTORS = 1 << 20;
const END_OF_CHAIN = 0xff_ff_ff_fe;
const MAGIC = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const ENTRY_BYTES = 128;
const DIFAT_IN_HEADER = 109;

/**
 * The bytes of a stream in a compound file (OLE2), by one of its names; null: it is no such file, or is broken, or has no such stream. Streams
 * of less than 4096 bytes, which lie elsewhere, are not read. Source: MS-CFB, 2.2 to 2.6.
 */
export function streamOf(file: Buffer, names: readonly string[]): Buffer | null {
  if (file.length < 512 || !file.subarray(0, 8).equals(MAGIC)) return null;
  try {
    const sectorBytes = 1 << file.readUInt16LE(30);
    if (sectorBytes !== 512 && sectorBytes !== 4096) return null;
    const sector = (n: number): Buffer => file.subarray((n + 1) * sectorBytes, (n + 2) * sectorBytes);
    const table = Buffer.concat(tableSectors(file, sector, sectorBytes).map(sector));
    const chain = (first: number): Buffer => Buffer.concat(chainOf(table, first).map(sector));
    const directory = chain(file.readUInt32LE(48));
    for (let at = 0; at + ENTRY_BYTES <= directory.length; at += ENTRY_BYTES) {
      const name = directory.toString('utf16le', at, at + Math.max(0, directory.readUInt16LE(at + 64) - 2));
      const bytes = directory.readUInt32LE(at + 120);
      if (!names.includes(name) || bytes < file.readUInt32LE(56)) continue;
      const stream = chain(directory.readUInt32LE(at + 116));
      return stream.length < bytes ? null : stream.subarray(0, bytes);
    }
    return null;
  } catch (error) {
    // A number in it leads out of the file.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Sectors that hold the table of chains: the first are named in the header, more in sectors of their own. */
function tableSectors(file: Buffer, sector: (n: number) => Buffer, sectorBytes: number): readonly number[] {
  const named: number[] = [];
  const count = file.readUInt32LE(44);
  for (let i = 0; i < DIFAT_IN_HEADER && named.length < count; i += 1) named.push(file.readUInt32LE(76 + i * 4));
  let more = file.readUInt32LE(68);
  for (let seen = 0; named.length < count && more < END_OF_CHAIN && seen < MOST_SECTORS; seen += 1) {
    const list = sector(more);
    for (let at = 0; at + 8 <= sectorBytes && named.length < count; at += 4) named.push(list.readUInt32LE(at));
    more = list.readUInt32LE(sectorBytes - 4);
  }
  return named;
}

function chainOf(table: Buffer, first: number): readonly number[] {
  const sectors: number[] = [];
  for (let at = first; at < END_OF_CHAIN; at = table.readUInt32LE(at * 4)) {
    if (sectors.length >= MOST_SECTORS) throw new RangeError('a chain without an end');
    sectors.push(at);
  }
  return sectors;
}
