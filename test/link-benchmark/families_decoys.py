"""What must not be reported (study, 53-54, 79-92) and what no tool of this kind is expected to find yet (38-40, 72)."""

import hashlib
import json

import layers
from documents import JSON, noise_fields, send
from families_crypto import family, start
from families_shape import seen
from values import CODE, DIGITS, HEX, near_miss


def never(cap, flow, value, name, **facts):
    cap.expect(flow, value, **({"must": False, "family": name} | facts))


@family
def timestamps(cap):
    """Thirteen-digit moments, and a run of digits around a phone."""
    value, _, at = start(cap, "phone")
    text = cap.text(value)
    rows = [{"t": 1772416800000 + cap.draw.randrange(10**9), "n": n} for n in range(30)]
    flow = send(cap, json.dumps({"log": rows, "seq": f"{cap.draw.randrange(1, 10)}{text}{cap.draw.randrange(10)}"}).encode(), "body", at=at, mime=JSON)
    never(cap, flow, value, "phone inside a 13-digit run")


@family
def orders(cap):
    """Order numbers that hold a value, with digits on both sides."""
    for kind in ("phone", "imei", "id_card", "bank_card"):
        value, _, at = start(cap, kind)
        text = cap.text(value).replace("X", "7")
        if text != cap.text(value):
            continue
        order = f"{cap.draw.text('123456789', 4)}{text}{cap.draw.text('123456789', 5)}"
        never(cap, send(cap, f"orderNo={order}&amount=5000".encode(), "body", at=at), value, "order number around a value")


@family
def look_alikes(cap):
    """Other people's numbers, hotlines, senders: drawn by the same rules, and not of this run."""
    at = cap.tick()
    draw = cap.draw
    rows = [{"name": draw.contact_name(), "phone": draw.phone(), "id": draw.id_card(), "card": draw.bank_card()} for _ in range(20)]
    more = {"hot": ["4008001234", "95588", "1069" + draw.text(DIGITS, 12)], "imei": draw.imei(), "mac": draw.mac(), "at": draw.location()}
    send(cap, json.dumps({"rows": rows, **more}, ensure_ascii=False).encode(), "body", at=at, mime=JSON)


@family
def near_misses(cap):
    """One digit or letter off, plain, in base64, and as a digest."""
    for kind in ("phone", "imei", "id_card", "bank_card", "oaid", "android_id", "mac", "serial", "email", "ssid", "app_package"):
        value, _, at = start(cap, kind)
        wrong = near_miss(cap.draw, cap.text(value)).encode()
        doc = (wrong, layers.base64.b64encode(b"id=" + wrong), hashlib.md5(wrong).hexdigest().encode(), hashlib.sha256(wrong).hexdigest().encode())
        flow = send(cap, cap.draw.choice(doc), cap.draw.choice(("form field", "json field", "query")), at=at)
        never(cap, flow, value, "near miss")


@family
def last_digit_off(cap):
    """The check digit changed: fourteen digits agree, and a fifteenth says it is another."""
    value, _, at = start(cap, "imei")
    text = cap.text(value)
    wrong = text[:-1] + str((int(text[-1]) + 1 + cap.draw.randrange(8)) % 10)
    never(cap, send(cap, f'{{"imei":"{wrong}"}}'.encode(), "body", at=at, mime=JSON), value, "IMEI with another check digit", also=["C1", "C2"])


@family
def stale(cap):
    """Canaries of an earlier run, cached by the app: not of this run, so of nobody here."""
    at = cap.tick()
    old = {"imei": cap.draw.imei(), "oaid": cap.draw.oaid(), "phone": cap.draw.phone(), "name": cap.draw.contact_name()}
    send(cap, json.dumps(old, ensure_ascii=False).encode(), "json field", at=at)


@family
def float_noise(cap):
    """Many floats near the point, none of them the point; among them its two-decimal neighbour."""
    value, _, at = start(cap, "location")
    lat, lon = (float(x) for x in cap.text(value).split(","))
    rows = [[round(lat + cap.draw.uniform(0.02, 0.3), 6), round(lon + cap.draw.uniform(0.02, 0.3), 6)] for _ in range(40)]
    rows.insert(cap.draw.randrange(40), [round(lat, 2), 7.5])
    never(cap, send(cap, json.dumps({"path": rows}).encode(), "body", at=at, mime=JSON), value, "floats near the point", also=["C1"])


@family
def hex_noise(cap):
    at = cap.tick()
    send(cap, json.dumps([cap.draw.text(HEX, size) for size in (16, 32, 40, 64) for _ in range(60)]).encode(), "body", at=at, mime=JSON)


@family
def defaults(cap):
    """Digests of what a handset says when it says nothing."""
    at = cap.tick()
    nothing = ("", "null", "000000000000000", "02:00:00:00:00:00", "unknown", "00000000-0000-0000-0000-000000000000", "0", "9774d56d682e549c")
    send(cap, json.dumps([hashlib.md5(text.encode()).hexdigest() for text in nothing] + list(nothing)).encode(), "body", at=at, mime=JSON)


@family
def public_packages(cap):
    """An allow-list of popular apps: public names that nobody read."""
    at = cap.tick()
    names = ["com.tencent.mm", "com.eg.android.AlipayGphone", "com.taobao.taobao", "com.sankuai.meituan", "com.autonavi.minimap", "com.baidu.BaiduMap"]
    send(cap, json.dumps({"allow": names}).encode(), "body", at=at, mime=JSON)


@family
def server_echo(cap):
    """The server says it, the app does not."""
    value, _, at = start(cap, "id_card")
    flow = cap.flow("https://api.yundai.example/v1/me", at=at, method="GET", answer=json.dumps({"idNo": cap.text(value)}))
    never(cap, flow, value, "server echo only")


@family
def codes(cap):
    """The six digits of a code inside other numbers."""
    value, _, at = start(cap, "otp")
    text = cap.text(value)
    flow = send(cap, f"t=17{text}00123&price={text}.50&id=A{text}9".encode(), "body", at=at)
    never(cap, flow, value, "code inside numbers", also=["C1", "C2"])


@family
def alphabet_of_their_own(cap):
    """base64 over an alphabet that nobody saw, one-byte XOR, XOR with a key sent along."""
    standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    own = "".join(cap.draw.sample(standard, 64))
    value, _, at = start(cap, "imei")
    text = layers.base64.b64encode(b'{"imei":"' + cap.text(value).encode() + b'"}').decode().translate(str.maketrans(standard, own))
    never(cap, send(cap, text.encode(), "form field", at=at), value, "own alphabet, no hook", also=["C1"])
    value, read, at = start(cap, "imei")
    doc = bytes(byte ^ 0x5A for byte in b'{"imei":"' + cap.text(value).encode() + b'"}')
    seen(cap, send(cap, doc, "body", at=at), value, read, "XOR with one byte", holdout=True, level="C1", also=["C2", "C3", "C4"])
    value, _, at = start(cap, "oaid")
    key = cap.draw.randbytes(8)
    doc = key + bytes(byte ^ key[n % 8] for n, byte in enumerate(cap.text(value).encode()))
    never(cap, send(cap, doc.hex().encode(), "query", at=at), value, "XOR with a key sent along", also=["C1"])


@family
def lz_string(cap):
    value, read, at = start(cap, "imei")
    doc = lz_base64('{"imei":"' + cap.text(value) + '","os":"android"}')
    seen(cap, send(cap, doc.encode(), "form field", at=at), value, read, "lz-string", holdout=True)


@family
def bitmap(cap):
    """A bit for each app of a list that the server knows: nothing of the names is sent."""
    at = cap.tick(3500, 5000)
    values = [cap.add("app_package") for _ in range(5)]
    read = cap.read(values, at - 500)
    flow = send(cap, f'{{"appsBits":"{cap.draw.getrandbits(64):016x}"}}'.encode(), "body", at=at, mime=JSON)
    for value in values:
        seen(cap, flow, value, read, "app list as bitmap", holdout=True, level="C1")


@family
def hostile(cap):
    """A gzip bomb, a tower of %25, and much that is random: limits hold and nothing is found."""
    if cap.split != "big":
        return
    send(cap, layers.gzip(bytes(64 << 20)), "body", at=cap.tick(), mime="application/gzip")
    send(cap, b"a=%" + b"25" * 100000 + b"41", "body", at=cap.tick(), mime="text/plain")
    send(cap, cap.draw.randbytes(3 << 20), "body", at=cap.tick())


@family
def plain_noise(cap):
    for _ in range(6):
        fields = noise_fields(cap.draw, 3)
        doc = json.dumps(dict(fields), ensure_ascii=False).encode()
        send(cap, doc, cap.draw.choice(("body", "form field", "json field")), at=cap.tick(), mime=JSON)
    send(cap, cap.draw.text(CODE + HEX, 1500).encode(), "body", at=cap.tick())


def lz_base64(text):
    """LZString.compressToBase64: LZW over characters, code widths growing, six bits a letter."""
    known, fresh, out, current = {}, set(), [], ""
    grow, width = 2, 2

    def put(number, bits):
        out.extend((number >> at) & 1 for at in range(bits))

    def flush(word):
        nonlocal grow, width
        if word in fresh:
            put(0, width)
            put(ord(word), 8)
            fresh.discard(word)
            grow, width = (1 << width, width + 1) if grow == 1 else (grow - 1, width)
        else:
            put(known[word], width)
        grow, width = (1 << width, width + 1) if grow == 1 else (grow - 1, width)

    for char in text:
        if char not in known:
            known[char] = len(known) + 3
            fresh.add(char)
        if current + char in known:
            current += char
            continue
        flush(current)
        known[current + char] = len(known) + 3
        current = char
    flush(current)
    put(2, width)
    out.extend([0] * (-len(out) % 6 or 6))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    body = "".join(letters[int("".join(map(str, out[at : at + 6])), 2)] for at in range(0, len(out), 6))
    return body + "=" * (-len(body) % 4)
