"""Encoders that turn a document into what is sent: each takes and returns bytes. Independent of the project's decoders on purpose."""

import base64
import gzip as _gzip
import json
import shutil
import struct
import subprocess
import zlib as _zlib
from collections import namedtuple

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def percent(data, lower=False, every=False, plus=False):
    form = "%{:02x}" if lower else "%{:02X}"
    out = []
    for byte in data:
        if plus and byte == 0x20:
            out.append("+")
        elif byte in UNRESERVED and not every:
            out.append(chr(byte))
        else:
            out.append(form.format(byte))
    return "".join(out).encode()


def json_text(text, ascii_only=False, upper=False, slash=False):
    """A JSON string literal."""
    out = json.dumps(text, ensure_ascii=ascii_only)
    if upper:
        parts = out.split("\\u")
        out = parts[0] + "".join("\\u" + part[:4].upper() + part[4:] for part in parts[1:])
    return out.replace("/", "\\/") if slash else out


def nest_json(data, times):
    text = data.decode()
    for at in range(times):
        text = json.dumps({("payload", "data", "ext")[at % 3]: text}, ensure_ascii=False)
    return text.encode()


def html(data, form="&#{};", every=False):
    out = []
    for char in data.decode():
        if every and char.isalnum() or ord(char) > 126 or char in "<>&\"'":
            out.append(form.format(ord(char)))
        else:
            out.append(char)
    return "".join(out).encode()


def html_named(data):
    names = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    return "".join(names.get(char, char) for char in data.decode()).encode()


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def b64mime(data):
    flat = base64.b64encode(data)
    return b"\r\n".join(flat[at : at + 76] for at in range(0, len(flat), 76))


def hex_mixed(data):
    return "".join(c.upper() if at % 3 == 0 else c for at, c in enumerate(data.hex())).encode()


def gzip(data):
    return _gzip.compress(data, 6, mtime=0)


def deflate_raw(data):
    squeeze = _zlib.compressobj(6, _zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


def zstd_by_hand(data):
    """A frame of RFC 8878 whose blocks hold raw literals and no sequences, with RLE literals for runs: legal, unlike what a library writes."""
    out = [b"\x28\xb5\x2f\xfd", bytes([0xA0]), struct.pack("<I", len(data))]
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)] or [b""]
    for at, piece in enumerate(pieces):
        last = at == len(pieces) - 1
        if at % 2 == 1:
            kind, block = 0, piece
        else:
            # Raw literals, size format 3 (20 bits), then "no sequences".
            head = (len(piece) << 4 | 3 << 2).to_bytes(3, "little")
            kind, block = 2, head + piece + b"\0"
        out += [(len(block) << 3 | kind << 1 | last).to_bytes(3, "little"), block]
    return b"".join(out)


ZSTD = shutil.which("zstd")
NODE = shutil.which("node")


def zstd(data):
    if not ZSTD:
        return zstd_by_hand(data)
    return subprocess.run([ZSTD, "-q", "-c", "-5"], input=data, capture_output=True, check=True).stdout


class Brotli:
    """Node's zlib behind one pipe; `there` is false without node."""

    def __init__(self):
        self.there = NODE is not None
        self.child = None

    def __call__(self, data):
        if not self.child:
            code = (
                "const z=require('zlib');require('readline').createInterface({input:process.stdin})"
                ".on('line',l=>console.log(z.brotliCompressSync(Buffer.from(l,'base64')).toString('base64')))"
            )
            self.child = subprocess.Popen([NODE, "-e", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.child.stdin.write(base64.b64encode(data) + b"\n")
        self.child.stdin.flush()
        return base64.b64decode(self.child.stdout.readline())

    def close(self):
        if self.child:
            self.child.stdin.close()
            self.child.wait()
            self.child.stdout.close()


brotli = Brotli()


def varint(number):
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def pb(field, data):
    """One length-delimited field."""
    return varint(field << 3 | 2) + varint(len(data)) + data


def pb_int(field, number):
    return varint(field << 3) + varint(number)


def pb_double(field, number):
    return varint(field << 3 | 1) + struct.pack("<d", number)


def pb_float(field, number):
    return varint(field << 3 | 5) + struct.pack("<f", number)


def pb_wrap(data):
    """The document as bytes two messages deep, between other fields."""
    inner = pb_int(1, 3) + pb(2, data) + pb(3, b"android")
    return pb_int(1, 7) + pb(4, inner) + pb_int(9, 1)


def mp_text(text):
    raw = text.encode()
    if len(raw) < 32:
        return bytes([0xA0 | len(raw)]) + raw
    if len(raw) < 256:
        return bytes([0xD9, len(raw)]) + raw
    return b"\xda" + struct.pack(">H", len(raw)) + raw if len(raw) < 65536 else b"\xdb" + struct.pack(">I", len(raw)) + raw


def mp_bytes(raw):
    return b"\xc4" + bytes([len(raw)]) + raw if len(raw) < 256 else b"\xc6" + struct.pack(">I", len(raw)) + raw


def mp_wrap(data):
    return b"\x83" + mp_text("v") + b"\x02" + mp_text("data") + mp_bytes(data) + mp_text("os") + mp_text("android")


def multipart(parts, boundary="----WebKitFormBoundary7MA4YWxkTrZu0gW"):
    """`parts`: (name, filename or None, bytes)."""
    out = []
    for name, filename, data in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if filename is not None:
            head += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
        out.append(head.encode() + b"\r\n\r\n" + data + b"\r\n")
    return b"".join(out) + f"--{boundary}--\r\n".encode()


#: How one layer is known: what it does, whether it takes only text, whether text comes out, steps of the chain from outside in, heavy or light.
Layer = namedtuple("Layer", "make needs_text gives_text steps heavy")

LAYERS = {
    "percent": Layer(percent, True, True, ["percent"], 0),
    "percent lower": Layer(lambda d: percent(d, lower=True), True, True, ["percent"], 0),
    "percent every": Layer(lambda d: percent(d, every=True), True, True, ["percent"], 0),
    "percent 2": Layer(lambda d: percent(percent(d)), True, True, ["percent"] * 2, 0),
    "percent 3": Layer(lambda d: percent(percent(percent(d))), True, True, ["percent"] * 3, 0),
    "json string": Layer(lambda d: nest_json(d, 1), True, True, ["json"], 0),
    "json string 3": Layer(lambda d: nest_json(d, 3), True, True, ["json"] * 3, 0),
    "html named": Layer(html_named, True, True, ["html"], 0),
    "html decimal": Layer(lambda d: html(d, "&#{};", True), True, True, ["html"], 0),
    "html hex": Layer(lambda d: html(d, "&#x{:x};", True), True, True, ["html"], 0),
    "base64": Layer(base64.b64encode, False, True, ["base64"], 1),
    "base64url": Layer(b64url, False, True, ["base64"], 1),
    "base64 mime": Layer(b64mime, False, True, ["base64"], 1),
    "base64 glued 1": Layer(lambda d: b"a" + base64.b64encode(d), False, True, ["base64"], 1),
    "base64 glued 2": Layer(lambda d: b"v1" + base64.b64encode(d), False, True, ["base64"], 1),
    "base64 glued 3": Layer(lambda d: b"enc" + b64url(d), False, True, ["base64"], 1),
    "base64 offset 1": Layer(lambda d: base64.b64encode(b"#" + d), False, True, ["base64"], 1),
    "base64 offset 2": Layer(lambda d: b64url(b"~:" + d), False, True, ["base64"], 1),
    "hex": Layer(lambda d: d.hex().encode(), False, True, ["hex"], 1),
    "hex upper": Layer(lambda d: d.hex().upper().encode(), False, True, ["hex"], 1),
    "hex mixed": Layer(hex_mixed, False, True, ["hex"], 1),
    "gzip": Layer(gzip, False, False, ["gzip"], 1),
    "zlib": Layer(lambda d: _zlib.compress(d), False, False, ["deflate"], 1),
    "deflate raw": Layer(deflate_raw, False, False, ["deflate"], 1),
    "zstd": Layer(zstd, False, False, ["zstd"], 1),
    "brotli": Layer(brotli, False, False, ["brotli"], 1),
    "protobuf": Layer(pb_wrap, False, False, [], 0),
    "msgpack": Layer(mp_wrap, False, False, [], 0),
    "multipart": Layer(lambda d: multipart([("file", "a.bin", d), ("type", None, b"1")]), False, False, [], 0),
}
