/** The names of `among` that are closest to `word`, nearest first, at most `most`. */
export function nearest(word: string, among: readonly string[], most: number): readonly string[] {
  const limit = Math.max(2, Math.ceil(word.length / 2));
  return [...new Set(among)]
    .map((name) => ({ name, far: name.includes(word) || word.includes(name) ? 0 : distance(word, name) }))
    .filter((candidate) => candidate.name !== '' && candidate.far <= limit)
    .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map((candidate) => candidate.name);
}

/** Levenshtein distance by code points. */
export function distance(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  let row = right.map((_, i) => i + 1);
  left.forEach((char, i) => {
    let corner = i;
    let before = i + 1;
    row = row.map((above, j) => {
      const here = Math.min(above + 1, before + 1, corner + (char === right[j] ? 0 : 1));
      corner = above;
      before = here;
      return here;
    });
  });
  return row.at(-1) ?? left.length;
}
