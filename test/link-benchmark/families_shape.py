"""Lists, coordinates, masks and other shapes (study, 18-36, 51, 66-72, 93): what the grammar's rows cannot say."""

import base64
import hashlib
import json
import quopri
import struct

import layers
from documents import JSON, noise_fields, send
from families_crypto import family, start
from geo import bd09, gcj02, geohash, truncated
from spellings import SPELLINGS
from values import DIGITS

ANY = ["C1", "C2", "C3", "C4", "C5"]


def seen(cap, flow, value, read, name, **facts):
    cap.expect(flow, value, **({"level": "C4", "order": "before", "owner": "same", "reads": [read], "family": name} | facts))


def contacts(cap, count):
    at = cap.tick(3500, 5000)
    pairs = [(cap.add("contact_name", g), cap.add("contact_phone", g)) for g in [cap.group() for _ in range(count)]]
    reads = [cap.read(list(pair), at - 2500 + n * 1000 // count) for n, pair in enumerate(pairs)]
    return at, pairs, reads


def seen_list(cap, flow, pairs, reads, name, **facts):
    for pair, read in zip(pairs, reads):
        for value in pair:
            seen(cap, flow, value, read, name, bulk=len(pairs) > 25, **facts)


def rows_of(cap, pairs):
    return [{"name": cap.text(n), "phone": cap.text(p), "times": n_at % 7} for n_at, (n, p) in enumerate(pairs)]


@family
def contact_upload(cap):
    """A whole address book in one body, in four dresses."""
    for name in ("json", "percent", "base64", "base64 of gzip"):
        at, pairs, reads = contacts(cap, cap.draw.randrange(20, 60))
        doc = json.dumps({"list": rows_of(cap, pairs)}, ensure_ascii=name == "percent").encode()
        if name == "base64 of gzip":
            doc = layers.gzip(doc)
        doc = base64.b64encode(doc) if name.startswith("base64") else doc
        flow = send(cap, doc, "form field" if name == "percent" else "body", at=at, mime=JSON if name == "json" else "text/plain")
        seen_list(cap, flow, pairs, reads, f"contact upload, {name}")


@family
def contacts_missing(cap):
    """Some contacts are left out: exactly the others may be reported."""
    count = 2000 if cap.split == "big" else 60
    at, pairs, reads = contacts(cap, count)
    left = set(cap.draw.sample(range(count), 3))
    kept = [at_pair for at_pair in range(count) if at_pair not in left]
    doc = json.dumps(rows_of(cap, [pairs[k] for k in kept]), ensure_ascii=False).encode()
    flow = send(cap, doc, "body", at=at, mime=JSON, transport="gzip")
    seen_list(cap, flow, [pairs[k] for k in kept], [reads[k] for k in kept], "contact upload, three missing")
    for k in left:
        for value in pairs[k]:
            cap.expect(flow, value, must=False, family="contact that was left out")


@family
def vcards(cap):
    """vCard 2.1: names as quoted-printable UTF-8, lines folded at 76."""
    at, pairs, reads = contacts(cap, 6)
    cards = []
    for n, p in pairs:
        name = quopri.encodestring((cap.text(n) + ";;;;备用联系人地址在云屿省").encode(), quotetabs=True).decode().replace("\n", "\r\n")
        phone = SPELLINGS["phone"]["3-4-4"](cap.text(p))
        cards.append(f"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{name}\r\nTEL;CELL:{phone}\r\nEND:VCARD\r\n")
    body = layers.multipart([("vcf", "contacts.vcf", "".join(cards).encode())])
    flow = send(cap, body, "body", at=at, mime="multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW")
    seen_list(cap, flow, pairs, reads, "vCard, quoted-printable")


@family
def names_joined(cap):
    """name+phone with nothing between, and in GBK."""
    at, pairs, reads = contacts(cap, 5)
    text = "".join(cap.text(n) + cap.text(p) for n, p in pairs)
    seen_list(cap, send(cap, text.encode(), "form field", at=at), pairs, reads, "name and phone joined")
    at, pairs, reads = contacts(cap, 5)
    text = "\n".join(cap.text(n) + "\t" + cap.text(p) for n, p in pairs)
    seen_list(cap, send(cap, text.encode("gbk"), "body", at=at, mime="text/plain; charset=GBK"), pairs, reads, "contacts in GBK")


@family
def hex_after_length(cap):
    """hex text after a protobuf length byte that is itself a hex digit."""
    for size in (24, 25, 48, 51, 33):
        value, read, at = start(cap, "android_id")
        inner = (b"id=" + cap.text(value).encode()).ljust(size, b".")
        text = inner.hex().encode()
        body = layers.pb_int(1, 2) + b"\x62" + bytes([len(text)]) + text
        flow = send(cap, body, "body", at=at, mime="application/x-protobuf")
        seen(cap, flow, value, read, "hex after a length byte", chain=["hex"], why=f"length byte {len(text):#x}")


@family
def glued_digests(cap):
    """Two digests with nothing between, and a digest inside a longer run of hex."""
    for name, size in (("md5", 32), ("sha1", 40), ("sha256", 64)):
        value, read, at = start(cap, "imei")
        own = hashlib.new(name, cap.text(value).encode()).hexdigest()
        other = cap.draw.text("0123456789abcdef", size)
        run = cap.draw.choice((own + other, other + own))
        seen(cap, send(cap, f'{{"d":"{run}"}}'.encode(), "body", at=at, mime=JSON), value, read, "two digests glued", chain=["hex", name])
    value, read, at = start(cap, "oaid")
    run = cap.draw.text("0123456789abcdef", 7) + hashlib.md5(cap.text(value).encode()).hexdigest() + cap.draw.text("0123456789abcdef", 12)
    seen(cap, send(cap, run.encode(), "query", at=at), value, read, "digest in a longer run", chain=["hex", "md5"])


@family
def base64_places(cap):
    """base64 of binary in JSON, base64 whose slashes JSON escapes, a value in base64 without any border."""
    value, read, at = start(cap, "serial")
    doc = layers.pb_int(3, 9) + layers.pb(1, cap.text(value).encode()) + cap.draw.randbytes(40)
    seen(cap, send(cap, base64.b64encode(doc), "json field", at=at, slash=True), value, read, "protobuf in base64 in JSON", chain=["base64"])
    for offset in range(3):
        value, read, at = start(cap, "imei")
        glued = base64.b64encode(b"k" * offset + cap.text(value).encode() + b"~" * 4).rstrip(b"=")
        body = b"q" + glued + b"Zz0"
        seen(cap, send(cap, body, "json field", at=at), value, read, "base64 without a border", chain=["base64"])


@family
def reversed_text(cap):
    value, read, at = start(cap, cap.draw.choice(("imei", "id_card", "android_id")))
    flow = send(cap, f'{{"x":"{cap.text(value)[::-1]}"}}'.encode(), "body", at=at, mime=JSON)
    seen(cap, flow, value, read, "reversed", level="C3", also=["C2", "C4"])


@family
def masks(cap):
    for shape in ("{0}****{1}", "{0}xxxx{1}", "{0}***{1}"):
        value, read, at = start(cap, "phone")
        text = shape.format(cap.text(value)[:3], cap.text(value)[-4:])
        flow = send(cap, f'{{"mobile":"{text}"}}'.encode(), "body", at=at, mime=JSON)
        if shape == "{0}****{1}":
            seen(cap, flow, value, read, "masked phone", level="C2", also=["C1", "C3"])
        else:
            seen(cap, flow, value, read, "masked phone, other marks", must=False, level=None, also=["C1", "C2", "C3"])
    # The last four alone: whose they are cannot be told.
    value, read, at = start(cap, "phone")
    flow = send(cap, f'{{"tail":"****{cap.text(value)[-4:]}"}}'.encode(), "body", at=at, mime=JSON)
    cap.expect(flow, value, must=False, also=["C1", "C2"], family="last four digits alone")
    value, read, at = start(cap, "bank_card")
    flow = send(cap, f'{{"card":"{cap.text(value)[:4]} **** **** {cap.text(value)[-4:]}"}}'.encode(), "body", at=at, mime=JSON)
    cap.expect(flow, value, must=False, also=["C1", "C2"], family="masked card")


def point(cap):
    value, read, at = start(cap, "location")
    lat, lon = cap.text(value).split(",")
    return value, read, at, lat, lon


def pair_body(cap, at, lat, lon, **facts):
    return send(cap, f'{{"t":1,"lat":{lat},"lng":{lon},"acc":25.0}}'.encode(), "body", at=at, mime=JSON, **facts)


SHIFTED = ["C3", "C4"]


@family
def coordinates_short(cap):
    """Rounded and truncated pairs."""
    for decimals in (6, 5, 4, 3):
        value, read, at, lat, lon = point(cap)
        texts = (f"{float(lat):.{decimals}f}", f"{float(lon):.{decimals}f}")
        also = SHIFTED if decimals > 3 else ["C1", "C3"]
        seen(cap, pair_body(cap, at, *texts), value, read, f"coordinates rounded to {decimals}", level="C2", also=also)
        value, read, at, lat, lon = point(cap)
        texts = (truncated(lat, decimals), truncated(lon, decimals))
        seen(cap, pair_body(cap, at, *texts), value, read, f"coordinates cut to {decimals}", level="C2", also=also)
    for decimals in (2, 1):
        value, read, at, lat, lon = point(cap)
        cap.expect(pair_body(cap, at, truncated(lat, decimals), truncated(lon, decimals)), value, must=False, also=["C1", "C2"], family="coordinates cut to 2")


@family
def coordinates_numbers(cap):
    """E6 integers, float32 and float64 in protobuf, both byte orders in a blob."""
    value, read, at, lat, lon = point(cap)
    flow = pair_body(cap, at, *(str(round(float(x) * 1e6)) for x in (lat, lon)))
    seen(cap, flow, value, read, "coordinates as E6", level="C2", also=SHIFTED)
    value, read, at, lat, lon = point(cap)
    flow = pair_body(cap, at, *(str(round(float(x) * 1e7)) for x in (lat, lon)))
    seen(cap, flow, value, read, "coordinates as E7", level="C2", also=SHIFTED)
    value, read, at, lat, lon = point(cap)
    body = layers.pb(1, b"gps") + layers.pb_int(2, round(float(lat) * 1e6)) + layers.pb_int(3, round(float(lon) * 1e6))
    seen(cap, send(cap, body, "body", at=at), value, read, "coordinates as E6 varints", level="C2", also=SHIFTED)
    for name, pack in (("float64", layers.pb_double), ("float32", layers.pb_float)):
        value, read, at, lat, lon = point(cap)
        body = layers.pb(1, b"gps") + pack(2, float(lat)) + pack(3, float(lon)) + layers.pb(4, b"wifi")
        seen(cap, send(cap, body, "body", at=at), value, read, f"coordinates as {name} in protobuf", level="C2", also=SHIFTED)
    for name, form in (("float64", ">dd"), ("float32", ">ff")):
        value, read, at, lat, lon = point(cap)
        body = b"\0\1" + struct.pack(form, float(lat), float(lon)) + b"\0\0\0\x19"
        seen(cap, send(cap, body, "body", at=at), value, read, f"coordinates as big-endian {name}", level="C2", also=SHIFTED)


@family
def coordinates_shifted(cap):
    for name, shift in (("GCJ-02", gcj02), ("BD-09", bd09)):
        for decimals in (6, 5):
            value, read, at, lat, lon = point(cap)
            shifted = shift(float(lat), float(lon))
            texts = [f"{x:.{decimals}f}" for x in shifted]
            seen(cap, pair_body(cap, at, *texts), value, read, f"coordinates in {name}", level="C2", also=SHIFTED)
        value, read, at, lat, lon = point(cap)
        texts = [f"{x:.6f}" for x in shift(float(lat), float(lon))]
        flow = send(cap, f"os=android&location={texts[1]},{texts[0]}&r=1".encode(), "body", at=at)
        seen(cap, flow, value, read, f"coordinates in {name}, longitude first", level="C2", also=SHIFTED)


@family
def coordinates_places(cap):
    """Longitude first, in a query, in base64, as a geohash, and the halves far apart."""
    value, read, at, lat, lon = point(cap)
    seen(cap, send(cap, f"{lon},{lat}".encode(), "query", at=at), value, read, "coordinates, longitude first", also=["C3"])
    value, read, at, lat, lon = point(cap)
    doc = base64.b64encode(f'{{"lon":"{lon}","lat":"{lat}"}}'.encode())
    seen(cap, send(cap, doc, "json field", at=at), value, read, "coordinates in base64", also=["C3"])
    for length in (9, 8):
        value, read, at, lat, lon = point(cap)
        flow = send(cap, f'{{"geohash":"{geohash(float(lat), float(lon), length)}"}}'.encode(), "body", at=at, mime=JSON)
        seen(cap, flow, value, read, f"geohash of {length}", level="C2", also=SHIFTED)
    value, read, at, lat, lon = point(cap)
    flow = send(cap, f'{{"lat":{lat},"alt":1092.5}}'.encode(), "body", at=at, mime=JSON)
    cap.expect(flow, value, must=False, also=["C1", "C2", "C3"], family="latitude alone")


@family
def app_lists(cap):
    """Names of stub packages, and the md5s of all joined in sorted order. Of names that may be public an importer asks for six in ten of the handset's."""
    at = cap.tick(3500, 5000)
    values = [cap.add("app_package") for _ in range(8)]
    read = cap.read(values, at - 500)
    public = ["com.tencent.mm", "com.eg.android.AlipayGphone", "com.ss.android.ugc.aweme", "com.taobao.taobao"]
    names = [cap.text(v) for v in values] + public
    cap.draw.shuffle(names)
    body = json.dumps([{"pkg": name, "ver": "1.0", "sys": 0} for name in names]).encode()
    flow = send(cap, body, "body", at=at, mime=JSON, transport="gzip")
    for value in values:
        seen(cap, flow, value, read, "app list", chain=["gzip"], also=["C1", "C2", "C3", "C4"], must=False, level=None)
    flow = send(cap, ",".join(hashlib.md5(n.encode()).hexdigest() for n in sorted(names)).encode(), "form field", at=cap.tick())
    for value in values:
        seen(cap, flow, value, read, "app list as md5s", also=["C1", "C2", "C3", "C4"], must=False, level=None)
    flow = send(cap, "".join(hashlib.md5(n.encode()).hexdigest() for n in sorted(names)).encode(), "body", at=cap.tick())
    for value in values:
        seen(cap, flow, value, read, "app list as md5s, glued", also=["C1", "C2", "C3", "C4"], must=False, level=None)


@family
def many_values(cap):
    """What an SDK of risk control sends: seven identifiers in one body, three layers deep."""
    at = cap.tick(3500, 5000)
    values = [cap.add(kind) for kind in ("imei", "android_id", "oaid", "mac", "serial", "phone", "ssid")]
    reads = [cap.read([v], at - 900 + n * 20) for n, v in enumerate(values)]
    fields = [(f"f{n}", cap.text(v)) for n, v in enumerate(values)] + noise_fields(cap.draw, 2)
    doc = base64.b64encode(layers.gzip(json.dumps(dict(fields)).encode()))
    flow = send(cap, doc, "form field", at=at)
    for value, read in zip(values, reads):
        seen(cap, flow, value, read, "seven identifiers in one body", chain=["percent", "base64", "gzip"])


@family
def two_readers(cap):
    """Two SDKs read it, one request went: both are named, the later one as the nearest."""
    at = cap.tick(3500, 5000)
    value = cap.add("android_id")
    reads = [cap.read([value], at - 1900), cap.read([value], at - 700)]
    flow = send(cap, f"aid={cap.text(value)}&r={cap.draw.text(DIGITS, 6)}".encode(), "body", at=at)
    cap.expect(flow, value, level="C4", order="before", owner="same", reads=reads, family="two readers, one request")


@family
def value_twice(cap):
    """The same value in two requests, in two dresses: two links."""
    value, read, at = start(cap, "oaid")
    for doc, place in ((cap.text(value).encode(), "header"), (hashlib.sha1(cap.text(value).encode()).hexdigest().encode(), "cookie")):
        flow = send(cap, doc, place, at=cap.tick())
        seen(cap, flow, value, read, "one value, two requests")


@family
def socket_messages(cap):
    """Several messages of one WebSocket, the value in the last but one; what the server says does not count."""
    value, read, at = start(cap, "imei")
    echoed = cap.add("serial")
    messages = []
    for n in range(6):
        text = json.dumps({"seq": n, "d": cap.text(value) if n == 4 else cap.draw.text(DIGITS, 15)})
        messages.append({"type": "send", "time": (at + n * 10) / 1000, "opcode": 1, "data": text})
        messages.append({"type": "receive", "time": (at + n * 10 + 5) / 1000, "opcode": 1, "data": cap.text(echoed) if n == 2 else "ok"})
    flow = cap.flow("wss://push.yundai.example/ws", at=at, method="GET", more={"_webSocketMessages": messages})
    seen(cap, f"{flow}.9", value, read, "message of a WebSocket")
    cap.expect(f"{flow}.6", echoed, must=False, family="server echo only")
