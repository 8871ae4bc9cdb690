const A = 6378245;
const EE = 0.006693421622965943;

/** A place as map SDKs in China hand it out: GCJ-02, a few hundred metres off WGS-84. */
export function marsCoordinates({ lat, lon }: { readonly lat: number; readonly lon: number }): {
  readonly lat: number;
  readonly lon: number;
} {
  const [x, y] = [lon - 105, lat - 35];
  const waves = (step: number): number => (20 * Math.sin(6 * step * Math.PI) + 20 * Math.sin(2 * step * Math.PI)) * (2 / 3);
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    waves(x) +
    ((20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * 2) / 3 +
    ((160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3;
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    waves(x) +
    ((20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * 2) / 3 +
    ((150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3;
  const radians = (lat / 180) * Math.PI;
  const magic = 1 - EE * Math.sin(radians) ** 2;
  return {
    lat: lat + (north * 180) / (((A * (1 - EE)) / (magic * Math.sqrt(magic))) * Math.PI),
    lon: lon + (east * 180) / ((A / Math.sqrt(magic)) * Math.cos(radians) * Math.PI),
  };
}
