"""Digests and ciphers that apps use: SM3 and GHASH by hand, block ciphers by the openssl command."""

import hmac as _hmac
import subprocess

M32 = 0xFFFFFFFF


def _rol(x, n):
    n %= 32
    return ((x << n) | (x >> (32 - n))) & M32 if n else x


def sm3(data):
    """GB/T 32905-2016."""
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "big")
    for at in range(0, len(padded), 64):
        w = [int.from_bytes(padded[at + 4 * i : at + 4 * i + 4], "big") for i in range(16)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ _rol(w[j - 3], 15)
            w.append(x ^ _rol(x, 15) ^ _rol(x, 23) ^ _rol(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = _rol((_rol(a, 12) + e + _rol(t, j)) & M32, 7)
            ss2 = ss1 ^ _rol(a, 12)
            ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if j < 16 else (e & f) | (~e & g & M32)
            tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & M32
            tt2 = (gg + h + ss1 + w[j]) & M32
            a, b, c, d = tt1, a, _rol(b, 9), c
            e, f, g, h = tt2 ^ _rol(tt2, 9) ^ _rol(tt2, 17), e, _rol(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


def openssl(cipher, key, iv, data, pad=True):
    """One message through `openssl enc`. `iv` None: the mode has none."""
    args = ["openssl", "enc", "-" + cipher, "-e", "-K", key.hex()]
    if iv is not None:
        args += ["-iv", iv.hex()]
    if not pad:
        args.append("-nopad")
    return subprocess.run(args, input=data, capture_output=True, check=True).stdout


def _gmul(x, y):
    z = 0
    for i in range(127, -1, -1):
        if (x >> i) & 1:
            z ^= y
        y = (y >> 1) ^ (0xE1 << 120) if y & 1 else y >> 1
    return z


def aes_gcm(key, iv, data):
    """Ciphertext and 16-byte tag of AES-GCM with a 12-byte nonce and no additional data. Source: NIST SP 800-38D."""
    name = f"aes-{8 * len(key)}"
    h = int.from_bytes(openssl(name + "-ecb", key, None, bytes(16), pad=False), "big")
    j0 = iv + (1).to_bytes(4, "big")
    out = openssl(name + "-ctr", key, iv + (2).to_bytes(4, "big"), data)
    blocks = out + bytes(-len(out) % 16) + (0).to_bytes(8, "big") + (8 * len(out)).to_bytes(8, "big")
    y = 0
    for at in range(0, len(blocks), 16):
        y = _gmul(y ^ int.from_bytes(blocks[at : at + 16], "big"), h)
    mask = openssl(name + "-ecb", key, None, j0, pad=False)
    return out, (y ^ int.from_bytes(mask, "big")).to_bytes(16, "big")


def hmac(name, key, data):
    return _hmac.new(key, data, name).digest()


def rsa_wrap(draw, secret):
    """PKCS#1 v1.5 under a 2048-bit modulus that nobody holds the factors of: all that matters here is that the block is opaque."""
    n = draw.getrandbits(2048) | (1 << 2047) | 1
    filler = bytes(draw.randrange(1, 256) for _ in range(256 - 3 - len(secret)))
    return pow(int.from_bytes(b"\0\2" + filler + b"\0" + secret, "big"), 65537, n).to_bytes(256, "big")
