#!/usr/bin/env python3
"""Checks the encoders by other means: standard decoders, the openssl command, published vectors; then decodes each row of a benchmark again.

  python3 check.py DIR     (DIR as written by generate.py)"""

import base64
import gzip
import html
import json
import os
import re
import subprocess
import sys
import urllib.parse
import zlib

import layers
from ciphers import aes_gcm, openssl, sm3
from documents import CONTAINERS
from geo import geohash
from values import Draw, id_check, luhn_digit

FAULTS = []


def must(fact, words):
    if not fact:
        FAULTS.append(words)


def run(args, data):
    return subprocess.run(args, input=data, capture_output=True, check=True).stdout


def vectors():
    must(sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", "SM3 of abc (GB/T 32905 A.1)")
    long = bytes(range(256)) * 3
    must(run(["openssl", "dgst", "-sm3", "-binary"], long) == sm3(long), "SM3 against openssl")
    key, iv = bytes.fromhex("feffe9928665731c6d6a8f9467308308"), bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
    out, tag = aes_gcm(key, iv, plain)
    must(tag.hex() == "4d5c2af327cd64a62cf35abd2ba6fab4" and out.hex().startswith("42831ec2"), "AES-GCM test case 3")
    sealed = openssl("sm4-cbc", key, key, b"x" * 40)
    must(run(["openssl", "enc", "-d", "-sm4-cbc", "-K", key.hex(), "-iv", key.hex()], sealed) == b"x" * 40, "SM4-CBC opens again")
    must(geohash(57.64911, 10.40744, 11) == "u4pruydqqvj", "geohash of the published example")
    must(luhn_digit("7992739871") == "3", "Luhn of the published example")
    must(id_check("11010519491231002") == "X", "check character of the example in GB 11643")


def opened():
    """Each layer opened by something else than what made it."""
    draw = Draw("check")
    texts = ['{"名":"旻昶珺玮","a":"<1> & \\"2\\"/x+y="}', "14012345678", "a" * 3000, "".join(chr(33 + draw.randrange(90)) for _ in range(2500))]
    for text in texts:
        data = text.encode()
        for name in ("percent", "percent lower", "percent every"):
            must(urllib.parse.unquote_to_bytes(layers.LAYERS[name].make(data)) == data, name)
        for name in ("html named", "html decimal", "html hex"):
            must(html.unescape(layers.LAYERS[name].make(data).decode()).encode() == data, name)
        for name, cut in (("base64", 0), ("base64 mime", 0), ("base64 glued 1", 1), ("base64 glued 2", 2)):
            must(base64.b64decode(layers.LAYERS[name].make(data)[cut:]) == data, name)
        for name in ("hex", "hex upper", "hex mixed"):
            must(bytes.fromhex(layers.LAYERS[name].make(data).decode()) == data, name)
        must(zlib.decompress(layers.gzip(data), 31) == data and gzip.decompress(layers.gzip(data)) == data, "gzip")
        must(zlib.decompress(layers.deflate_raw(data), -15) == data, "raw deflate")
        if layers.ZSTD:
            must(run([layers.ZSTD, "-dcq"], layers.zstd_by_hand(data)) == data, "zstd by hand")
        if layers.NODE:
            code = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
            must(run([layers.NODE, "-e", code], layers.brotli(data)) == data, "brotli")
        for style in ({}, {"ascii_only": True}, {"ascii_only": True, "upper": True, "slash": True}):
            must(json.loads(layers.json_text(text, **style)) == text, f"JSON text {style}")
        inner = layers.nest_json(data, 3).decode()
        for key in ("ext", "data", "payload"):
            inner = json.loads(inner)[key]
        must(inner == text, "JSON in JSON")
    fields = [("a", "旻昶"), ("n", 7), ("f", 1.5), ("l", [{"name": "x", "phone": "1"}])]
    for name in ("json", "json ascii", "json ascii upper", "json deep"):
        json.loads(CONTAINERS[name].make(fields, "utf-8"))
    must(urllib.parse.parse_qs(CONTAINERS["form"].make(fields, "gbk").decode(), encoding="gbk")["a"] == ["旻昶"], "form in GBK")


TOKEN = {"base64": re.compile(rb"[A-Za-z0-9+/_\-\r\n]{8,}={0,2}"), "hex": re.compile(rb"[0-9A-Fa-f]{8,}")}


def outcomes(step, data):
    """What one step may give from these bytes."""
    if step == "percent":
        yield urllib.parse.unquote_to_bytes(data.replace(b"+", b" "))
        yield urllib.parse.unquote_to_bytes(data)
    elif step == "json":
        text = data.decode("utf-8", "surrogateescape")
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
        for a, b in (("\\r", "\r"), ("\\n", "\n"), ('\\"', '"'), ("\\/", "/"), ("\\\\", "\\")):
            text = text.replace(a, b)
        yield text.encode("utf-8", "surrogateescape")
    elif step == "html":
        yield html.unescape(data.decode("utf-8", "replace")).encode()
    elif step == "base64":
        for token in TOKEN[step].findall(data):
            flat = re.sub(rb"[\r\n]", b"", token).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
            for cut in range(4):
                part = flat[cut:]
                yield base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + b"==="[: -len(part) % 4])
    elif step == "hex":
        for token in TOKEN[step].findall(data):
            for cut in (0, 1):
                part = token[cut:]
                yield bytes.fromhex(part[: len(part) // 2 * 2].decode())
    else:
        yield from unpacked(step, data)


def unpacked(step, data):
    """Compressed bytes may begin anywhere: inside a message or a part."""
    magic = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}.get(step)
    starts = [m.start() for m in re.finditer(re.escape(magic), data)] if magic else range(min(len(data), 400))
    for at in starts:
        try:
            if step == "zstd":
                yield run([layers.ZSTD or "zstd", "-dcq"], data[at:]) if magic else b""
            elif step == "brotli":
                # No mark says where brotli begins: at the start, in a part, or behind the few bytes of a message.
                heads = {0, *range(2, 12), *(m.end() for m in re.finditer(rb"\r\n\r\n|data\xc4.|data\xc6....", data, re.S))}
                if at in heads:
                    yield unbrotli(data[at:])
            else:
                for bits in (31,) if step == "gzip" else (15, -15):
                    try:
                        yield zlib.decompressobj(bits).decompress(data[at:])
                    except zlib.error:
                        continue
        except subprocess.CalledProcessError as fault:
            yield fault.stdout


class Unbrotli:
    """Node's decoder behind one pipe; nothing where it cannot open. What follows the stream is cut by trying shorter tails."""

    def __init__(self):
        self.child = None

    def __call__(self, data):
        if not self.child:
            code = (
                "const z=require('zlib');const o=b=>{for(let n=b.length;n>Math.max(0,b.length-120);n--){try{return z.brotliDecompressSync("
                "b.subarray(0,n))}catch{}}return Buffer.alloc(0)};require('readline').createInterface({input:process.stdin})"
                ".on('line',l=>console.log(o(Buffer.from(l,'base64')).toString('base64')))"
            )
            self.child = subprocess.Popen([layers.NODE, "-e", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.child.stdin.write(base64.b64encode(data) + b"\n")
        self.child.stdin.flush()
        return base64.b64decode(self.child.stdout.readline())


unbrotli = Unbrotli()


def reaches(data, steps, needles):
    if any(needle in data for needle in needles):
        return True
    if not steps:
        return False
    return any(reaches(out, steps[1:], needles) for out in outcomes(steps[0], data) if out)


def sent_bytes(entry):
    request = entry["request"]
    parts = [request["url"].encode()] + [h["value"].encode() for h in request["headers"]]
    post = request.get("postData")
    if post:
        parts.append(base64.b64decode(post["text"]) if post.get("encoding") else post["text"].encode())
    for message in entry.get("_webSocketMessages", ()):
        parts.append(base64.b64decode(message["data"]) if message["opcode"] == 2 else message["data"].encode())
    return parts


def again(folder):
    checked = 0
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".truth.json")):
        rows = json.load(open(os.path.join(folder, name), encoding="utf-8"))
        at = os.path.join(folder, name.replace(".truth.json", ""))
        entries = {e["_id"]: e for e in json.load(open(os.path.join(at, "flows.har"), encoding="utf-8"))["log"]["entries"]}
        planted = [row for row in json.load(open(os.path.join(at, "canaries.json"), encoding="utf-8"))]
        placebos = [row["value"].encode() for row in planted if row["placebo"] and row["type"] != "otp"]
        everything = b"\n".join(part for entry in entries.values() for part in sent_bytes(entry))
        must(not any(text in everything for text in placebos[:2000]), f"{name}: a placebo was sent")
        for row in rows:
            if not row.get("needles") or row["features"]["what"].startswith("location"):
                continue
            checked += 1
            needles = [bytes.fromhex(one).strip(b'"') for one in row["needles"]]
            steps = [s for s in row["chain"] if s not in ("md5", "md5-16", "sm3") and not s.startswith("sha")]
            must(any(reaches(part, steps, needles) for part in sent_bytes(entries[row["flow"].split(".")[0]])), f"{name}: {row['flow']} {row['value']} {row['features']}")
    return checked


if __name__ == "__main__":
    vectors()
    opened()
    count = again(sys.argv[1]) if len(sys.argv) > 1 else 0
    layers.brotli.close()
    if unbrotli.child:
        unbrotli.child.communicate()
    print(*FAULTS, sep="\n")
    print(f"{count} rows decoded again, {len(FAULTS)} faults")
    sys.exit(1 if FAULTS else 0)
