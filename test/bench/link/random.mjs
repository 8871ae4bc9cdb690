// Numbers that are the same in every run of the bench.
const CHARS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const HAN =
  '安白彬冰博晨成丹东凡飞菲芳峰刚光国海涵航浩和宏欢慧佳嘉健江杰洁娟军凯可兰乐雷莉林玲龙鹿曼梅萌敏明娜楠宁鹏平奇琪强青庆然蓉锐瑞珊诗硕思涛婷彤伟文翔潇晓欣星旭雪雅岩妍燕洋瑶怡莹颖永宇雨玉媛云泽哲臻志智卓子紫谌蔺璟翀骁芷菡';
/** Some 3,000 characters, as many as are in use; those of names among them. */
const PROSE = HAN + Array.from({ length: 2900 }, (_, i) => String.fromCharCode(0x4e00 + 7 * i)).join('');

/** A generator of numbers below 2^32 (xorshift128), and what the corpus needs of it. */
export function createRandom(seed) {
  let [a, b, c, d] = [seed | 0 || 1, 0x9e3779b9, 0x243f6a88, 0xb7e15162];
  const next = () => {
    const t = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    return d >>> 0;
  };
  for (let i = 0; i < 32; i++) next();
  const below = (n) => next() % n;
  const text = (alphabet, n) => {
    let out = '';
    for (let i = 0; i < n; i++) out += alphabet[below(alphabet.length)];
    return out;
  };
  return {
    below,
    between: (low, high) => low + below(high - low),
    pick: (list) => list[below(list.length)],
    digits: (n) => text('0123456789', n),
    hex: (n) => text('0123456789abcdef', n),
    letters: (n) => text(CHARS, n),
    han: (n) => text(HAN, n),
    prose: (n) => text(PROSE, n),
    bytes: (n) => {
      const out = Buffer.allocUnsafe(n);
      let i = 0;
      for (; i + 4 <= n; i += 4) out.writeUInt32LE(next(), i);
      for (; i < n; i++) out[i] = next() & 255;
      return out;
    },
  };
}
