"""Digests and ciphers that hooks saw (study, 43-65): the value is found through what went in and what came out."""

import base64
import hashlib

from capture import APP, OTHER_APP, PIDS
from ciphers import aes_gcm, hmac, openssl, rsa_wrap, sm3
from documents import noise_fields, send
from layers import hex_mixed, pb
from values import HEX, near_miss

FAMILIES = []


def family(make):
    FAMILIES.append(make)
    return make


def start(cap, kind, before=900):
    """A value that was read, some time before the crypto call and the request."""
    at = cap.tick(3500, 5000)
    value = cap.add(kind)
    return value, cap.read([value], at - before), at


def secret(cap, value, much=1):
    fields = [("k", cap.text(value)), *noise_fields(cap.draw, much)]
    return ("{" + ",".join(f'"{k}":"{v}"' for k, v in fields) + "}").encode()


def seen(cap, flow, value, read, name, **facts):
    cap.expect(flow, value, **({"level": "C5", "also": ["C4"], "order": "before", "owner": "same", "reads": [read], "chain": None, "family": name} | facts))


def envelope(cap, data, at, how):
    if how == "json":
        return send(cap, b'{"v":1,"data":"' + base64.b64encode(data) + b'"}', "body", at=at, mime="application/json")
    if how == "hex":
        return send(cap, data.hex().upper().encode(), "form field", at=at)
    if how == "query":
        return send(cap, base64.urlsafe_b64encode(data).rstrip(b"="), "query", at=at)
    return send(cap, data, "body", at=at)


HOWS = ("json", "hex", "raw", "query")


@family
def salted_digest(cap):
    for name, alg in (("md5", "MD5"), ("sha256", "SHA-256")):
        value, read, at = start(cap, cap.draw.choice(("phone", "imei", "android_id")))
        data = cap.draw.text(HEX, 12).encode() + cap.text(value).encode()
        out = hashlib.new(name, data).digest()
        cap.crypto("digest", alg, data, out, at - 400)
        seen(cap, envelope(cap, out, at, cap.draw.choice(HOWS)), value, read, "salted digest, hooked")
        text = cap.draw.choice((out.hex(), out.hex().upper()))
        seen(cap, send(cap, f'{{"d":"{text}"}}'.encode(), "body", at=cap.tick(), mime="application/json"), value, read, "salted digest, hooked")


@family
def salted_digest_unseen(cap):
    value, _, at = start(cap, "phone")
    text = hashlib.md5(b"QX4QkKEU" + cap.text(value).encode()).hexdigest()
    flow = send(cap, f'{{"d":"{text}"}}'.encode(), "body", at=at)
    cap.expect(flow, value, must=False, family="salted digest, no hook", why="nobody can tell without the salt")


@family
def keyed_mac(cap):
    for name, alg in (("sha256", "HmacSHA256"), ("sha1", "HmacSHA1")):
        value, read, at = start(cap, cap.draw.choice(("phone", "oaid", "id_card")))
        data = f"uid=77&v={cap.text(value)}".encode()
        out = hmac(name, cap.draw.randbytes(16), data)
        cap.crypto("mac", alg, data, out, at - 300)
        seen(cap, envelope(cap, out, at, cap.draw.choice(HOWS)), value, read, "HMAC, hooked")


@family
def update_stream_digest(cap):
    """update, update, digest on one object: the input is cut through the value."""
    value, read, at = start(cap, "imei")
    text = cap.text(value).encode()
    for at_piece, piece in enumerate((b"salt!" + text[:6], text[6:], b"")):
        out = hashlib.md5(b"salt!" + text).digest() if at_piece == 2 else b""
        cap.crypto("digest", "MD5", piece, out, at - 500 + at_piece * 10, obj=f"md-{value}", tid=4140)
    flow = envelope(cap, hashlib.md5(b"salt!" + text).digest(), at, "hex")
    seen(cap, flow, value, read, "digest in updates", why="three events of one object and thread")


@family
def contact_list_digest(cap):
    """A digest of the whole sorted list: every contact is in the input."""
    at = cap.tick(3500, 5000)
    pairs = [(cap.add("contact_name", g), cap.add("contact_phone", g)) for g in [cap.group() for _ in range(5)]]
    values = [v for pair in pairs for v in pair]
    read = cap.read(values, at - 800)
    data = ";".join(sorted(cap.text(n) + "," + cap.text(p) for n, p in pairs)).encode()
    cap.crypto("digest", "SHA-256", data, hashlib.sha256(data).digest(), at - 300)
    flow = send(cap, f'{{"listHash":"{hashlib.sha256(data).hexdigest()}"}}'.encode(), "body", at=at)
    # ARCHITECTURE 3.2: whoever has it can tell no contact from it, so none of them is surely in the request.
    for value in values:
        seen(cap, flow, value, read, "digest of the list, hooked", level="C3", also=["C4", "C5"])


@family
def app_list_digest(cap):
    at = cap.tick(3500, 5000)
    values = [cap.add("app_package") for _ in range(6)]
    read = cap.read(values, at - 800)
    data = ",".join(sorted(cap.text(v) for v in values)).encode()
    cap.crypto("digest", "SM3", data, sm3(data), at - 300)
    flow = send(cap, f"appsign={sm3(data).hex()}&n=6".encode(), "body", at=at)
    for value in values:
        seen(cap, flow, value, read, "digest of an app list, hooked", must=False, level=None, also=["C1", "C2", "C3", "C4", "C5"])


def cipher_case(cap, name, alg, encrypt, **facts):
    value, read, at = start(cap, cap.draw.choice(("phone", "imei", "id_card", "bank_card", "sms_body")))
    data = secret(cap, value)
    out, sent = encrypt(data)
    cap.crypto("cipher", alg, data, out, at - 300)
    flow = envelope(cap, sent, at, cap.draw.choice(HOWS[:3]))
    seen(cap, flow, value, read, name, **facts)


@family
def aes_cbc(cap):
    key, iv = cap.draw.randbytes(16), cap.draw.randbytes(16)

    def encrypt(data):
        out = openssl("aes-128-cbc", key, iv, data)
        return out, iv + out

    cipher_case(cap, "AES-CBC, IV in front", "AES/CBC/PKCS5Padding", encrypt)


@family
def aes_gcm_tag(cap):
    key, iv = cap.draw.randbytes(32), cap.draw.randbytes(12)

    def with_tag(data):
        out, tag = aes_gcm(key, iv, data)
        return out + tag, iv + out + tag

    def without(data):
        # The tag travels in a field of its own; the hook saw both together.
        out, tag = aes_gcm(key, iv, data)
        return out + tag, out

    cipher_case(cap, "AES-GCM with tag", "AES/GCM/NoPadding", with_tag)
    optional = {"must": False, "level": None, "also": ["C1", "C2", "C3", "C4", "C5"]}
    cipher_case(cap, "AES-GCM, tag left out", "AES/GCM/NoPadding", without, **optional, why="not all that the hook saw was sent")


@family
def aes_ecb(cap):
    key = cap.draw.randbytes(16)
    value, read, at = start(cap, "imei")
    data = secret(cap, value)
    out = openssl("aes-128-ecb", key, None, data)
    cap.crypto("cipher", "AES/ECB/PKCS5Padding", data, out, at - 300)
    for text in (out.hex().encode(), out.hex().upper().encode(), hex_mixed(out)):
        flow = send(cap, text, cap.draw.choice(("form field", "json field", "query", "header")), at=cap.tick())
        seen(cap, flow, value, read, "AES-ECB in hex")


@family
def sm4(cap):
    key, iv = cap.draw.randbytes(16), cap.draw.randbytes(16)
    cipher_case(cap, "SM4", "SM4/CBC/PKCS5Padding", lambda d: (openssl("sm4-cbc", key, iv, d),) * 2)
    cipher_case(cap, "SM4", "SM4/ECB/PKCS5Padding", lambda d: (openssl("sm4-ecb", key, None, d),) * 2)


@family
def wrapped_key(cap):
    """RSA around the key, AES around the body, both in one JSON."""
    value, read, at = start(cap, "id_card")
    key = cap.draw.text(HEX, 16).encode()
    data = secret(cap, value)
    out = openssl("aes-128-cbc", key, b"0" * 16, data)
    wrapped = rsa_wrap(cap.draw, key)
    cap.crypto("cipher", "AES/CBC/PKCS5Padding", data, out, at - 300)
    cap.crypto("cipher", "RSA/ECB/PKCS1Padding", key, wrapped, at - 290)
    body = b'{"key":"' + base64.b64encode(wrapped) + b'","body":"' + base64.b64encode(out) + b'"}'
    seen(cap, send(cap, body, "body", at=at, mime="application/json"), value, read, "RSA-wrapped key")


@family
def update_stream(cap):
    """update, update, doFinal on one object: outputs of whole blocks, the value across a seam."""
    value, read, at = start(cap, "bank_card")
    key, iv = cap.draw.randbytes(16), cap.draw.randbytes(16)
    data = secret(cap, value, 2)
    out = openssl("aes-128-cbc", key, iv, data)
    cut = data.index(cap.text(value).encode()) + 7
    ready = cut // 16 * 16
    for n, (piece, part) in enumerate(((data[:cut], out[:ready]), (data[cut:], out[ready:]))):
        cap.crypto("cipher", "AES/CBC/PKCS5Padding", piece, part, at - 300 + n, obj=f"c-{value}", tid=4150)
    seen(cap, envelope(cap, out, at, "json"), value, read, "cipher in updates", why="two events of one object and thread")


@family
def two_threads(cap):
    """Two ciphers whose updates alternate on two threads: each output belongs to its own input."""
    at = cap.tick(3500, 5000)
    first, second = cap.add("imei"), cap.add("phone")
    reads = [cap.read([first], at - 900), cap.read([second], at - 880)]
    halves = []
    for value, tid in ((first, 4160), (second, 4161)):
        key, iv = cap.draw.randbytes(16), cap.draw.randbytes(16)
        data = secret(cap, value, 2)
        out = openssl("aes-128-cbc", key, iv, data)
        cut = data.index(cap.text(value).encode()) + 5
        ready = cut // 16 * 16
        halves.append([(data[:cut], out[:ready], tid, value), (data[cut:], out[ready:], tid, value)])
    for n, (data, out, tid, value) in enumerate((halves[0][0], halves[1][0], halves[0][1], halves[1][1])):
        cap.crypto("cipher", "AES/CBC/PKCS5Padding", data, out, at - 400 + n, obj=f"c-{value}", tid=tid)
    for n, value in enumerate((first, second)):
        sent = halves[n][0][1] + halves[n][1][1]
        seen(cap, envelope(cap, sent, cap.tick(), "json"), value, reads[n], "two ciphers at once")


@family
def fixed_iv(cap):
    """Two plaintexts alike in their first blocks under one key and IV: the ciphertexts begin alike, and only the right one may be linked."""
    at = cap.tick(3500, 5000)
    key, iv = cap.draw.randbytes(16), bytes(16)
    head = b'{"app":"com.yundai.loan","channel":"huawei","version":"3.1.0","imei":"'
    twins = []
    for _ in range(2):
        value = cap.add("imei")
        read = cap.read([value], at - 900)
        data = head + cap.text(value).encode() + b'"}'
        out = openssl("aes-128-cbc", key, iv, data)
        cap.crypto("cipher", "AES/CBC/PKCS5Padding", data, out, at - 300 + len(twins))
        twins.append((value, read, out))
    value, read, out = twins[cap.draw.randrange(2)]
    flow = envelope(cap, out, at, "json")
    seen(cap, flow, value, read, "fixed IV, the right twin")
    other = twins[0][0] if value == twins[1][0] else twins[1][0]
    cap.expect(flow, other, must=False, family="fixed IV, the wrong twin")
    # Only the blocks that both share: whose they are cannot be told.
    shared = envelope(cap, out[: len(head) // 16 * 16], cap.tick(), "json")
    for one, _, _ in twins:
        cap.expect(shared, one, must=False, family="fixed IV, shared head only")


@family
def later_and_again(cap):
    """Ciphertext made now, sent to another host much later, and once more."""
    value, read, at = start(cap, "oaid")
    key, iv = cap.draw.randbytes(16), cap.draw.randbytes(16)
    data = secret(cap, value)
    out = openssl("aes-128-cbc", key, iv, data)
    cap.crypto("cipher", "AES/CBC/PKCS5Padding", data, out, at - 300)
    cap.now += 30000
    for host in ("api.tracker.example", "log.yundai.example"):
        flow = send(cap, base64.b64encode(out), "form field", at=cap.tick(), host=host)
        seen(cap, flow, value, read, "ciphertext later and again")


@family
def cipher_unseen(cap):
    value, _, at = start(cap, "imei")
    out = openssl("aes-128-cbc", cap.draw.randbytes(16), cap.draw.randbytes(16), secret(cap, value))
    cap.expect(envelope(cap, out, at, "json"), value, must=False, level="C1", family="ciphertext never hooked")


@family
def cipher_of_near_miss(cap):
    value, _, at = start(cap, "imei")
    data = b'{"imei":"' + near_miss(cap.draw, cap.text(value)).encode() + b'"}'
    out = openssl("aes-128-cbc", cap.draw.randbytes(16), cap.draw.randbytes(16), data)
    cap.crypto("cipher", "AES/CBC/PKCS5Padding", data, out, at - 300)
    cap.expect(envelope(cap, out, at, "json"), value, must=False, family="ciphertext of a near miss")


@family
def decryption(cap):
    """The hook saw a decryption: what went in came from the server, the value came out of it. What is sent later is another thing."""
    value, read, at = start(cap, "serial")
    key = cap.draw.randbytes(16)
    plain = secret(cap, value)
    sealed = openssl("aes-128-ecb", key, None, plain)
    cap.crypto("cipher", "AES/ECB/PKCS5Padding", sealed, plain, at - 300)
    seen(cap, send(cap, plain, "body", at=at), value, read, "plain text that a hook saw decrypted", level="C4", also=["C5"])


@family
def other_process(cap):
    """One app hashed it, another sent the digest: the bytes prove the way, the sender is not the reader."""
    at = cap.tick(3500, 5000)
    value = cap.add("android_id")
    read = cap.read([value], at - 900, app=OTHER_APP, pid=PIDS[OTHER_APP])
    data = b"pepper:" + cap.text(value).encode()
    cap.crypto("digest", "SHA-1", data, hashlib.sha1(data).digest(), at - 300, app=OTHER_APP)
    flow = send(cap, hashlib.sha1(data).hexdigest().encode(), "query", at=at, app=APP)
    seen(cap, flow, value, read, "hashed by another app", owner="other")


@family
def raw_digest(cap):
    value, read, at = start(cap, "mac")
    out = hashlib.md5(cap.text(value).encode()).digest()
    flow = send(cap, pb(1, b"dev") + pb(2, out) + pb(3, b"x"), "body", at=at)
    seen(cap, flow, value, read, "raw digest in protobuf", level="C4", also=[])
