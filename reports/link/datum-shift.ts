/** A point on the map, in degrees. */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

/** What a coordinate is measured against, as it is written in a certificate's form: '' is WGS-84. */
export type Datum = '' | '-gcj02' | '-bd09';

/** The Krasovsky ellipsoid: semi-major axis in metres, and first eccentricity squared. */
const AXIS = 6378245;
const ECCENTRICITY = 0.006693421622965943;
const RADIAN = Math.PI / 180;

/**
 * The point as Chinese maps (GCJ-02) show it; the same point outside their range. The state's own formula is not published: this is the
 * reconstruction that all open implementations share. They differ by some 1e-7 degrees, and by up to 1e-5 where one of them goes back and forth.
 */
export function toGcj02(point: Point): Point {
  const { lat, lon } = point;
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return point;
  const x = lon - 105;
  const y = lat - 35;
  const flat = 1 - ECCENTRICITY * Math.sin(lat * RADIAN) ** 2;
  const metresPerRadian = AXIS / Math.sqrt(flat);
  return {
    lat: lat + shiftNorth(x, y) / (((metresPerRadian * (1 - ECCENTRICITY)) / flat) * RADIAN),
    lon: lon + shiftEast(x, y) / (metresPerRadian * Math.cos(lat * RADIAN) * RADIAN),
  };
}

const ripple = (at: number, first: number, second: number): number =>
  ((20 * Math.sin(first * at * Math.PI) + 20 * Math.sin(second * at * Math.PI)) * 2) / 3;
const swell = (at: number, terms: readonly (readonly [height: number, length: number])[]): number =>
  terms.reduce((sum, [height, length]) => sum + (height * Math.sin((at * Math.PI) / length) * 2) / 3, 0);

const NORTHERN = [
  [20, 1],
  [40, 3],
  [160, 12],
  [320, 30],
] as const;
const EASTERN = [
  [20, 1],
  [40, 3],
  [150, 12],
  [300, 30],
] as const;

function shiftNorth(x: number, y: number): number {
  return -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + ripple(x, 6, 2) + swell(y, NORTHERN);
}

function shiftEast(x: number, y: number): number {
  return 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + ripple(x, 6, 2) + swell(x, EASTERN);
}

const TURN = (Math.PI * 3000) / 180;

/** A GCJ-02 point as Baidu's maps (BD-09) show it. */
export function toBd09({ lat, lon }: Point): Point {
  const far = Math.sqrt(lon * lon + lat * lat) + 0.00002 * Math.sin(lat * TURN);
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * TURN);
  return { lat: far * Math.sin(angle) + 0.006, lon: far * Math.cos(angle) + 0.0065 };
}
