"""Values that one request alone does not hold whole (study, 73-78): uploads in pieces, and values in two fields."""

import base64
import json

import layers
from documents import JSON, send
from families_crypto import family, start
from families_shape import contacts, rows_of, seen


def pieces(data, count):
    size = -(-len(data) // count)
    return [data[at : at + size] for at in range(0, len(data), size)]


def expect_pieces(cap, flows, doc, parts, pairs_reads, name):
    """C3 will do: one piece may hold no more than one contact. Each value belongs to the piece in which its bytes begin; a value over a seam to either; any piece of the upload will do."""
    pairs, reads = pairs_reads
    size = len(parts[0])
    for pair, read in zip(pairs, reads):
        for value in pair:
            at = doc.find(cap.text(value).encode())
            flow = flows[min(at // size, len(flows) - 1)] if at >= 0 else flows[0]
            over = at >= 0 and at // size != (at + len(cap.text(value).encode()) - 1) // size
            seen(cap, flow, value, read, name + (", over a seam" if over else ""), anyOf=flows, also=["C5", "C3"], bulk=len(pairs) > 25)


def upload_doc(cap, count):
    at, pairs, reads = contacts(cap, count)
    return at, (pairs, reads), json.dumps(rows_of(cap, pairs), ensure_ascii=False).encode()


def interval(cap):
    return cap.tick(60, 200)


@family
def by_content_range(cap):
    """PUT with Content-Range, plain text pieces."""
    _, known, doc = upload_doc(cap, 30)
    parts = pieces(doc, cap.draw.randrange(5, 12))
    url = f"https://api.yundai.example/upload/{cap.draw.text('0123456789abcdef', 16)}"
    flows, at = [], 0
    for part in parts:
        heads = [("Content-Range", f"bytes {at}-{at + len(part) - 1}/{len(doc)}")]
        flows.append(cap.flow(url, at=interval(cap), method="PUT", headers=heads, body=part))
        at += len(part)
    expect_pieces(cap, flows, doc, parts, known, "pieces by Content-Range")


@family
def gzip_by_content_range(cap):
    """A gzip stream in pieces: no piece but the first can be opened alone."""
    _, known, doc = upload_doc(cap, 40)
    packed = layers.gzip(doc)
    parts = pieces(packed, cap.draw.randrange(5, 9))
    url = f"https://api.yundai.example/upload/{cap.draw.text('0123456789abcdef', 16)}"
    flows, at = [], 0
    for part in parts:
        heads = [("Content-Range", f"bytes {at}-{at + len(part) - 1}/{len(packed)}")]
        flows.append(cap.flow(url, at=interval(cap), method="PUT", headers=heads, body=part))
        at += len(part)
    expect_pieces(cap, flows, b"", parts, known, "gzip in pieces by Content-Range")


@family
def json_pieces(cap):
    """POSTs of JSON with an upload id, a sequence number and a piece in base64."""
    for packed in (False, True):
        _, known, doc = upload_doc(cap, 40)
        data = layers.gzip(doc) if packed else doc
        parts = pieces(data, cap.draw.randrange(6, 40 if not packed else 10))
        ident = cap.draw.text("0123456789abcdef", 16)
        flows = []
        for n, part in enumerate(parts):
            body = {"uploadId": ident, "seq": n, "total": len(parts), "data": base64.b64encode(part).decode()}
            flows.append(send(cap, json.dumps(body).encode(), "body", at=interval(cap), mime=JSON, host="api.yundai.example"))
        expect_pieces(cap, flows, b"" if packed else doc, parts, known, "gzip in JSON pieces" if packed else "JSON pieces")


@family
def multipart_pieces(cap):
    """multipart chunks of a gzip stream with chunk and chunks fields, in the manner of upload libraries."""
    _, known, doc = upload_doc(cap, 40)
    parts = pieces(layers.gzip(doc), cap.draw.randrange(5, 9))
    flows = []
    for n, part in enumerate(parts):
        fields = [("name", None, b"book.gz"), ("chunk", None, str(n).encode()), ("chunks", None, str(len(parts)).encode()), ("file", "blob", part)]
        facts = {"at": interval(cap), "host": "api.yundai.example", "mime": "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"}
        flows.append(send(cap, layers.multipart(fields), "body", **facts))
    expect_pieces(cap, flows, b"", parts, known, "multipart pieces of gzip")


@family
def two_fields(cap):
    """A phone over two JSON fields, and over URL and body."""
    value, read, at = start(cap, "phone")
    text = cap.text(value)
    flow = send(cap, f'{{"p1":"{text[:3]}","p2":"{text[3:]}","ok":1}}'.encode(), "body", at=at, mime=JSON)
    seen(cap, flow, value, read, "phone over two fields", level="C2", also=["C1", "C3"])
    value, read, at = start(cap, "imei")
    text = cap.text(value)
    flow = cap.flow(f"https://api.yundai.example/c?a={text[:8]}", at=at, body=f"b={text[8:]}".encode(), mime="application/x-www-form-urlencoded")
    seen(cap, flow, value, read, "half in the URL, half in the body", must=False, level=None, also=["C1", "C2", "C3"], why="the study asks for C2 at most")
