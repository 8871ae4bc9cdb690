// Shifts of datum and geohash as public descriptions give them, written for these cases alone.

/** Degrees. */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

const AXIS = 6378245;
const FLAT = 0.006693421622965943;
const { PI, sin, cos, sqrt, abs, atan2 } = Math;

function waves(x: number): number {
  return ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
}

/** WGS-84 to GCJ-02. */
export function gcj02({ lat, lon }: Point): Point {
  const [x, y] = [lon - 105, lat - 35];
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * sqrt(abs(x)) +
    waves(x) +
    ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3 +
    ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * sqrt(abs(x)) +
    waves(x) +
    ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3 +
    ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const angle = (lat / 180) * PI;
  const magic = 1 - FLAT * sin(angle) ** 2;
  return {
    lat: lat + (north * 180) / (((AXIS * (1 - FLAT)) / (magic * sqrt(magic))) * PI),
    lon: lon + (east * 180) / ((AXIS / sqrt(magic)) * cos(angle) * PI),
  };
}

/** WGS-84 to BD-09. */
export function bd09(point: Point): Point {
  const { lat, lon } = gcj02(point);
  const turn = (PI * 3000) / 180;
  const far = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * turn);
  const angle = atan2(lat, lon) + 0.000003 * cos(lon * turn);
  return { lat: far * sin(angle) + 0.006, lon: far * cos(angle) + 0.0065 };
}

const LETTERS = '0123456789bcdefghjkmnpqrstuvwxyz';

/** The geohash of a point. */
export function geohash({ lat, lon }: Point, letters: number): string {
  const sides: [number, number][] = [
    [-180, 180],
    [-90, 90],
  ];
  let [out, letter] = ['', 0];
  for (let bit = 0; bit < letters * 5; bit += 1) {
    const side = sides[bit % 2] as [number, number];
    const middle = (side[0] + side[1]) / 2;
    const upper = (bit % 2 === 0 ? lon : lat) >= middle;
    side[upper ? 0 : 1] = middle;
    letter = letter * 2 + (upper ? 1 : 0);
    if (bit % 5 === 4) {
      out += LETTERS[letter] ?? '';
      letter = 0;
    }
  }
  return out;
}

/** A number cut, not rounded, to some decimals. */
export const cut = (n: number, places: number): string => {
  const text = n.toFixed(12);
  return text.slice(0, text.indexOf('.') + 1 + places);
};
