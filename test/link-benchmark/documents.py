"""What stands around a value: noise, the container that holds the fields, and the place in the request where the document goes."""

import base64
import json
from collections import namedtuple

import layers
from capture import HOSTS
from layers import json_text, pb, pb_double, pb_int, percent
from values import CODE, DIGITS, HEX, LOWER

WORDS = ("首页曝光", "借款详情", "额度试算", "实名认证", "启动", "后台切换", "还款计划", "view_show", "page_leave", "click_apply")


def noise_fields(draw, much):
    """Fields such as SDKs send: none of them is a value of the run. `much`: 0 to 3."""
    makers = (
        lambda: ("ts", 1772416800000 + draw.randrange(10**9)),
        lambda: ("event", draw.choice(WORDS)),
        lambda: ("sid", draw.text(HEX, 32)),
        lambda: ("trace", f"{draw.text(HEX, 8)}-{draw.text(HEX, 4)}-4{draw.text(HEX, 3)}-a{draw.text(HEX, 3)}-{draw.text(HEX, 12)}"),
        lambda: ("order", "LN2026" + draw.text(DIGITS, 14)),
        lambda: ("mobile", draw.phone()),
        lambda: ("rate", round(draw.random() * 36, 2)),
        lambda: ("x", round(draw.random() * 180, 6)),
        lambda: ("tok", draw.text(CODE + LOWER + DIGITS, 40)),
        lambda: ("pic", f"https://cdn.yundai.example/{draw.text(HEX, 16)}.png?w=320&h={draw.randrange(900)}"),
        lambda: ("blob", base64.b64encode(draw.randbytes(draw.randrange(20, 90))).decode()),
        lambda: ("pkg", f"com.{draw.text(LOWER, 5)}.{draw.text(LOWER, 7)}"),
        lambda: ("v", f"{draw.randrange(9)}.{draw.randrange(20)}.{draw.randrange(99)}"),
        lambda: ("hot", draw.choice(("4008001234", "10690012345678", "95588"))),
    )
    count = (0, 4, 12, 45)[much]
    return [(f"{key}{at}", made) for at in range(count) for key, made in (draw.choice(makers)(),)]


def mixed(draw, fields, noise):
    at = draw.randrange(len(noise) + 1)
    return noise[:at] + fields + noise[at:]


def as_text(token):
    return token if isinstance(token, str) else str(token)


def literal(token, style):
    if isinstance(token, list):
        return "[" + ",".join(literal(t, style) for t in token) + "]"
    if isinstance(token, dict):
        return "{" + ",".join(f'"{k}":{literal(t, style)}' for k, t in token.items()) + "}"
    return json_text(token, **style) if isinstance(token, str) else str(token)


def json_of(**style):
    def make(fields, charset):
        text = "{" + ",".join(f'"{key}":{literal(token, style)}' for key, token in fields) + "}"
        return text.encode(charset)

    return make


def json_deep(fields, charset):
    body = json_of()(fields, "utf-8").decode()
    return f'{{"head":{{"v":"2","sign":null}}, "body" : {{ "list":[{{"items":[{body}]}}] }}}}'.encode(charset)


def flat(fields):
    """Lists and objects as `name[0][key]`, the way forms write them."""
    for key, token in fields:
        if isinstance(token, list):
            yield from flat([(f"{key}[{at}]", one) for at, one in enumerate(token)])
        elif isinstance(token, dict):
            yield from flat([(f"{key}[{name}]", one) for name, one in token.items()])
        else:
            yield key, token


def form(fields, charset):
    pairs = [percent(key.encode()) + b"=" + percent(as_text(token).encode(charset), plus=True) for key, token in flat(fields)]
    return b"&".join(pairs)


def xml(fields, charset):
    def of(key, token):
        tag = key.split("[")[0]
        if isinstance(token, list):
            return f"<{tag}>" + "".join(of("item", one) for one in token) + f"</{tag}>"
        if isinstance(token, dict):
            return f"<{tag}>" + "".join(of(name, one) for name, one in token.items()) + f"</{tag}>"
        return f"<{tag}>{layers.html_named(as_text(token).encode()).decode()}</{tag}>"

    return ("<?xml version='1.0'?><req>" + "".join(of(*field) for field in fields) + "</req>").encode(charset)


def lines(fields, charset):
    return "".join(f"{key}: {as_text(token)}\n" for key, token in flat(fields)).encode(charset)


def csv(fields, charset):
    return "\r\n".join(
        ",".join(as_text(one) for one in (token.values() if isinstance(token, dict) else [token]))
        for _, field in fields
        for token in (field if isinstance(field, list) else [field])
    ).encode(charset)


def bare(fields, charset):
    """The first field alone, with nothing around it."""
    token = fields[0][1]
    if isinstance(token, bytes):
        return token
    if isinstance(token, list) and isinstance(token[0], bytes):
        return b"".join(token)
    if isinstance(token, list):
        token = ",".join("+".join(one.values()) if isinstance(one, dict) else one for one in token)
    return as_text(token).encode(charset)


def protobuf(fields, charset):
    def of(at, token):
        if isinstance(token, list):
            return b"".join(of(at, one) for one in token)
        if isinstance(token, dict):
            return pb(at, b"".join(of(n + 1, one) for n, one in enumerate(token.values())))
        if isinstance(token, bytes):
            return pb(at, token)
        if isinstance(token, float):
            return pb_double(at, token)
        if isinstance(token, int):
            return pb_int(at, token)
        return pb(at, token.encode(charset))

    return b"".join(of(at % 15 + 1, token) for at, (_, token) in enumerate(fields))


def msgpack(fields, charset):
    def of(token):
        if isinstance(token, list):
            return b"\xdc" + len(token).to_bytes(2, "big") + b"".join(of(one) for one in token)
        if isinstance(token, dict):
            return bytes([0x80 | len(token)]) + b"".join(layers.mp_text(k) + of(one) for k, one in token.items())
        if isinstance(token, bytes):
            return layers.mp_bytes(token)
        if isinstance(token, float):
            return layers.struct.pack(">Bd", 0xCB, token)
        if isinstance(token, int):
            return layers.struct.pack(">BQ", 0xCF, token)
        return layers.mp_text(token)

    return b"\xde" + len(fields).to_bytes(2, "big") + b"".join(layers.mp_text(key) + of(token) for key, token in fields)


#: `keyed`: a name stands beside the value.
Container = namedtuple("Container", "make text light steps mime keyed")
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
CONTAINERS = {
    "bare": Container(bare, True, 0, [], "text/plain", False),
    "json": Container(json_of(), True, 1, [], JSON, True),
    "json ascii": Container(json_of(ascii_only=True), True, 1, ["json"], JSON, True),
    "json ascii upper": Container(json_of(ascii_only=True, upper=True, slash=True), True, 1, ["json"], JSON, True),
    "json deep": Container(json_deep, True, 1, [], JSON, True),
    "form": Container(form, True, 1, ["percent"], FORM, True),
    "xml": Container(xml, True, 1, ["html"], "text/xml", True),
    "lines": Container(lines, True, 0, [], "text/plain", True),
    "csv": Container(csv, True, 0, [], "text/csv", False),
    "protobuf": Container(protobuf, False, 0, [], "application/x-protobuf", False),
    "msgpack": Container(msgpack, False, 0, [], "application/x-msgpack", True),
}


def header_safe(text):
    """A header cannot hold everything: what it cannot is percent-encoded, as apps do."""
    return text if all(" " <= c <= "~" for c in text) else percent(text.encode()).decode()


def place_body(cap, doc, facts):
    return {"body": doc, "mime": facts["mime"]}


def place_json(cap, doc, facts):
    text = '{"v":3,"data":' + json_text(doc.decode(), slash=facts["slash"]) + f',"ts":{cap.now}}}'
    return {"body": text.encode(), "mime": JSON}


def place_form(cap, doc, facts):
    return {"body": b"ver=1&data=" + percent(doc) + b"&os=android", "mime": FORM}


def place_multipart(cap, doc, facts):
    body = layers.multipart([("type", None, b"1"), ("payload", None, doc), ("f", "log.txt", b"ok\n")])
    return {"body": body, "mime": "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"}


def place_filename(cap, doc, facts):
    name = header_safe(doc.decode()).replace('"', "%22")
    body = layers.multipart([("file", f"{name}.log", b"2026-03-02 start\n")])
    return {"body": body, "mime": "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"}


def place_query(cap, doc, facts):
    return {"url": f"/v1/collect?os=android&d={percent(doc).decode()}&t={cap.now}", "method": "GET"}


def place_path(cap, doc, facts):
    return {"url": f"/v1/u/{percent(doc).decode()}/info", "method": "GET"}


def place_header(cap, doc, facts):
    return {"headers": [("X-Device-Token", header_safe(doc.decode()))], "method": "GET"}


def place_cookie(cap, doc, facts):
    return {"headers": [("Cookie", f"sid={cap.draw.text(HEX, 16)}; did={percent(doc).decode()}; lang=zh")], "method": "GET"}


def place_referer(cap, doc, facts):
    return {"headers": [("Referer", f"https://h5.yundai.example/p?from=app&d={percent(doc).decode()}")], "method": "GET"}


def place_agent(cap, doc, facts):
    return {"headers": [("User-Agent", f"okhttp/3.12.1 (Linux; Android 10) {header_safe(doc.decode())}")], "method": "GET"}


def place_ws(cap, doc, facts):
    text = facts["text"]
    frame = {"type": "send", "time": cap.now / 1000 + 0.01, "opcode": 1 if text else 2}
    frame["data"] = doc.decode() if text else base64.b64encode(doc).decode()
    pong = {"type": "receive", "time": cap.now / 1000 + 0.05, "opcode": 1, "data": '{"ok":1}'}
    return {"more": {"_webSocketMessages": [frame, pong], "_resourceType": "websocket"}, "method": "GET", "scheme": "wss"}


Place = namedtuple("Place", "make needs_text light steps part body")
PLACES = {
    "body": Place(place_body, False, 0, [], "body", True),
    "json field": Place(place_json, True, 1, ["json"], "body", True),
    "form field": Place(place_form, True, 1, ["percent"], "body", True),
    "multipart": Place(place_multipart, False, 0, [], "body", True),
    "filename": Place(place_filename, True, 1, ["percent"], "body", True),
    "query": Place(place_query, True, 1, ["percent"], "url", False),
    "path": Place(place_path, True, 1, ["percent"], "url", False),
    "header": Place(place_header, True, 1, ["percent"], "header:x-device-token", False),
    "cookie": Place(place_cookie, True, 1, ["percent"], "header:cookie", False),
    "referer": Place(place_referer, True, 1, ["percent"], "header:referer", False),
    "user-agent": Place(place_agent, True, 1, ["percent"], "header:user-agent", False),
    "websocket": Place(place_ws, False, 0, [], None, False),
}

#: Content-Encoding -> (encoder, name in the header, step)
TRANSPORT = {
    "none": None,
    "gzip": (layers.gzip, "gzip", "gzip"),
    "deflate zlib": (lambda d: layers._zlib.compress(d), "deflate", "deflate"),
    "deflate raw": (layers.deflate_raw, "deflate", "deflate"),
    "br": (layers.brotli, "br", "brotli"),
    "zstd": (layers.zstd, "zstd", "zstd"),
    "zstd by hand": (layers.zstd_by_hand, "zstd", "zstd"),
}


def send(cap, doc, place, **facts):
    """Puts a document into a request of the capture; the flow's id. `facts`: mime, text, slash, transport, at, app, host."""
    facts = {"mime": "application/octet-stream", "text": True, "slash": False, "transport": "none", "at": None} | facts
    at = facts["at"] if facts["at"] is not None else cap.tick()
    cap.now = at
    made = PLACES[place].make(cap, doc, facts)
    host = facts.get("host") or cap.draw.choice(HOSTS)
    made["url"] = f"{made.pop('scheme', 'https')}://{host}{made.get('url', '/v2/report')}"
    squeeze = TRANSPORT[facts["transport"]]
    if squeeze:
        made["body"] = squeeze[0](made["body"])
        made["headers"] = [*made.get("headers", ()), ("Content-Encoding", squeeze[1])]
    if "app" in facts:
        made["app"] = facts["app"]
    more = made.pop("more", {}) | facts.get("more", {})
    flow = cap.flow(at=at, more=more, **made)
    # The importer makes each message of a WebSocket a flow of its own, counted from 1.
    return f"{flow}.1" if place == "websocket" else flow
