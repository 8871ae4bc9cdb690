"""How one value is written: the normal forms that apps and SDKs use, and the digests of them."""

import base64
import hashlib

from ciphers import sm3

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def grouped(text, sizes, mark):
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return mark.join(part for part in parts + [text[at:]] if part)


def bare(text):
    return text.replace(":", "").replace("-", "")


SPELLINGS = {
    "phone": {
        "raw": lambda v: v,
        "+86": lambda v: "+86" + v,
        "86": lambda v: "86" + v,
        "0086": lambda v: "0086" + v,
        "+86 space": lambda v: "+86 " + v,
        "+86-": lambda v: "+86-" + v,
        "3 4 4": lambda v: grouped(v, (3, 4), " "),
        "3-4-4": lambda v: grouped(v, (3, 4), "-"),
        "+86 3 4 4": lambda v: "+86 " + grouped(v, (3, 4), " "),
        "full width": lambda v: v.translate(WIDE),
    },
    "imei": {"raw": lambda v: v, "no check digit": lambda v: v[:14]},
    "android_id": {"raw": lambda v: v, "upper": str.upper},
    "oaid": {"raw": lambda v: v, "upper": str.upper, "bare": bare, "bare upper": lambda v: bare(v).upper()},
    "mac": {
        "raw": lambda v: v,
        "upper": str.upper,
        "dash": lambda v: v.replace(":", "-"),
        "dash upper": lambda v: v.replace(":", "-").upper(),
        "bare": bare,
        "bare upper": lambda v: bare(v).upper(),
    },
    "id_card": {"raw": lambda v: v, "lower x": str.lower, "full width": lambda v: v.translate(WIDE)},
    "bank_card": {"raw": lambda v: v, "4 4 4 4": lambda v: grouped(v, (4, 4, 4, 4), " "), "4-4-4-4": lambda v: grouped(v, (4, 4, 4, 4), "-")},
    "sms_body": {"raw": lambda v: v},
    "email": {"raw": lambda v: v, "upper": str.upper},
    "serial": {"raw": lambda v: v, "lower": str.lower},
    "ssid": {"raw": lambda v: v, "quoted": lambda v: f'"{v}"'},
    "otp": {"raw": lambda v: v},
}

#: Types whose digests SDKs send. A six-digit code or a text is not among them.
DIGESTED = ("phone", "imei", "android_id", "oaid", "mac", "id_card", "bank_card", "email", "serial", "contact_phone", "app_package")
#: Types of which a digest of a digest is looked for.
DIGESTED_TWICE = ("phone", "imei", "android_id", "oaid", "mac")


def hexed(name):
    return lambda data: hashlib.new(name, data).hexdigest()


def b64(data):
    return base64.b64encode(data).decode()


#: name -> (function from bytes to str or bytes, step of the chain)
DIGESTS = {
    "md5": (hexed("md5"), ["hex", "md5"]),
    "md5 upper": (lambda d: hexed("md5")(d).upper(), ["hex", "md5"]),
    "md5 base64": (lambda d: b64(hashlib.md5(d).digest()), ["base64", "md5"]),
    "md5 raw": (lambda d: hashlib.md5(d).digest(), ["md5"]),
    "md5-16": (lambda d: hexed("md5")(d)[8:24], ["hex", "md5-16"]),
    "md5-16 upper": (lambda d: hexed("md5")(d)[8:24].upper(), ["hex", "md5-16"]),
    "sha1": (hexed("sha1"), ["hex", "sha1"]),
    "sha1 upper": (lambda d: hexed("sha1")(d).upper(), ["hex", "sha1"]),
    "sha1 base64": (lambda d: b64(hashlib.sha1(d).digest()), ["base64", "sha1"]),
    "sha224": (hexed("sha224"), ["hex", "sha224"]),
    "sha256": (hexed("sha256"), ["hex", "sha256"]),
    "sha256 upper": (lambda d: hexed("sha256")(d).upper(), ["hex", "sha256"]),
    "sha256 base64": (lambda d: b64(hashlib.sha256(d).digest()), ["base64", "sha256"]),
    "sha256 raw": (lambda d: hashlib.sha256(d).digest(), ["sha256"]),
    "sha384": (hexed("sha384"), ["hex", "sha384"]),
    "sha512": (hexed("sha512"), ["hex", "sha512"]),
    "sm3": (lambda d: sm3(d).hex(), ["hex", "sm3"]),
    "sm3 upper": (lambda d: sm3(d).hex().upper(), ["hex", "sm3"]),
    "md5 of md5": (lambda d: hexed("md5")(hexed("md5")(d).encode()), ["hex", "md5", "md5"]),
    "md5 of upper md5": (lambda d: hexed("md5")(hexed("md5")(d).upper().encode()), ["hex", "md5", "md5"]),
    "sha256 of md5": (lambda d: hexed("sha256")(hexed("md5")(d).encode()), ["hex", "sha256", "md5"]),
}
RAW_DIGESTS = ("md5 raw", "sha256 raw")
TWICE = ("md5 of md5", "md5 of upper md5", "sha256 of md5")
