"""mitmproxy as it is published: every documented hook is implemented, and each call is written down.

Settings come as JSON in SITUATION_SETTINGS; names resolve from them and from nowhere else.
"""

import hashlib
import json
import logging
import os
import socket

from mitmproxy import ctx

SETTINGS = json.loads(os.environ["SITUATION_SETTINGS"])
RECORD = open(SETTINGS["record"], "a", buffering=1, encoding="utf-8")
OUTSIDE = socket.getaddrinfo


def tell(event, id, **said):
    RECORD.write(json.dumps({"event": event, "id": id, **said}) + "\n")


def address_of(name):
    name = name.lower()
    if name == "localhost":
        return "127.0.0.1"
    parent = name[name.index(".") :] if "." in name else ""
    for row in SETTINGS["resolve"]:
        if row["host"] in (name, "*" + parent):
            return row["ip"]
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def resolve(host, *rest, **named):
    name = host.decode() if isinstance(host, bytes) else host
    if name:
        try:
            OUTSIDE(name, None, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            name = address_of(name)
    return OUTSIDE(name, *rest, **named)


# SNI, certificate checks and upstream reuse stay what they were, which a changed server.address would defeat.
socket.getaddrinfo = resolve


def text(value):
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def pairs(headers):
    return None if headers is None else [[text(name), text(value)] for name, value in headers.fields]


def body(message):
    raw = message.raw_content
    return None if raw is None else {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def server(conn, said=None):
    host, port = (conn.address or (None, None))[:2]
    return {"host": host, "port": port, **(said or {})}


def request(flow):
    asked = flow.request
    at = server(flow.server_conn) if flow.server_conn.address else {"host": asked.host, "port": asked.port}
    return {
        **at,
        "sni": flow.client_conn.sni,
        "hostHeader": asked.host_header,
        "method": asked.method,
        "path": asked.path,
        "requestHeaders": pairs(asked.headers),
    }


def response(flow):
    answer = flow.response
    if answer is None:
        return {}
    return {
        "status": answer.status_code,
        "reason": answer.reason,
        "responseHeaders": pairs(answer.headers),
        "responseBody": body(answer),
        "responseTrailers": pairs(answer.trailers),
    }


def fault(flow):
    """The kind of a failed flow, from the words of its error and from what the flow holds."""
    said = flow.error.msg.lower()
    whole = flow.request.timestamp_end is not None
    left = "client disconnected" in said or "by client" in said
    if left or ("peer closed connection" in said and not whole):
        return {"kind": "client-left" if whole else "request-cut"}
    if "from client" in said or "no host header" in said or not whole:
        return {"kind": "bad-request", "synthetic": True}
    return {"kind": "cut"} if flow.response else {"kind": "upstream-failed", "synthetic": True}


class Record:
    def running(self):
        for host, port, *_ in ctx.master.addons.get("proxyserver").listen_addrs():
            with os.fdopen(3, "w") as to:
                to.write(json.dumps({"port": port}) + "\n")
            break

    # HTTP

    def http_connect(self, flow):
        tell("http_connect", None, **server(flow.server_conn))

    def http_connected(self, flow):
        tell("http_connected", None, **server(flow.server_conn))

    def http_connect_upstream(self, flow):
        tell("http_connect_upstream", None, **server(flow.server_conn))

    def http_connect_error(self, flow):
        said = {**response(flow), **server(flow.server_conn), "cause": flow.server_conn.error}
        tell("http_connect_error", flow.id, kind="upstream-failed", synthetic=True, **said)

    def requestheaders(self, flow):
        tell("requestheaders", flow.id, **request(flow))

    def request(self, flow):
        tell("request", flow.id, **request(flow), requestBody=body(flow.request))

    def responseheaders(self, flow):
        tell("responseheaders", flow.id)

    def response(self, flow):
        tell("response", flow.id, kind="exchange", **request(flow), requestBody=body(flow.request), **response(flow))

    def error(self, flow):
        tell("error", flow.id, **{**request(flow), **response(flow), **fault(flow), "cause": flow.error.msg})

    # WebSocket

    def websocket_start(self, flow):
        tell("websocket_start", flow.id)

    def websocket_message(self, flow):
        last = flow.websocket.messages[-1]
        said = {"direction": "up" if last.from_client else "down", "bytes": len(last.content)}
        tell("websocket_message", None, of=flow.id, kind="websocket-message", **said)

    def websocket_end(self, flow):
        tell("websocket_end", None, of=flow.id, kind="websocket-close", code=flow.websocket.close_code)

    # TCP

    def tcp(self, event, flow, **said):
        up = sum(len(m.content) for m in flow.messages if m.from_client)
        down = sum(len(m.content) for m in flow.messages if not m.from_client)
        cause = flow.error.msg if flow.error else None
        said = {**said, "sni": flow.client_conn.sni, "insideTls": flow.client_conn.tls_established}
        tell(event, flow.id, **server(flow.server_conn, said), up=up, down=down, cause=cause)

    def tcp_start(self, flow):
        self.tcp("tcp_start", flow)

    def tcp_message(self, flow):
        self.tcp("tcp_message", flow, kind="opaque")

    def tcp_end(self, flow):
        self.tcp("tcp_end", flow, kind="opaque")

    def tcp_error(self, flow):
        self.tcp("tcp_error", flow, kind="opaque")

    # Connections

    def client_connected(self, client):
        tell("client_connected", None)

    def client_disconnected(self, client):
        tell("client_disconnected", None, sni=client.sni)

    def server_connect(self, data):
        tell("server_connect", None, **server(data.server))

    def server_connected(self, data):
        tell("server_connected", None, **server(data.server))

    def server_disconnected(self, data):
        tell("server_disconnected", None, **server(data.server))

    def server_connect_error(self, data):
        tell("server_connect_error", None, kind="error", **server(data.server), cause=data.server.error)

    # TLS

    def tls_clienthello(self, data):
        tell("tls_clienthello", None, **server(data.context.server), sni=data.client_hello.sni)

    def tls(self, event, data, **said):
        tell(event, None, **server(data.context.server), sni=data.context.client.sni, cause=data.conn.error, **said)

    def tls_start_client(self, data):
        self.tls("tls_start_client", data)

    def tls_start_server(self, data):
        self.tls("tls_start_server", data)

    def tls_established_client(self, data):
        self.tls("tls_established_client", data)

    def tls_established_server(self, data):
        self.tls("tls_established_server", data)

    def tls_failed_client(self, data):
        self.tls("tls_failed_client", data, kind="refused-by-client", handshake="broken")

    def tls_failed_server(self, data):
        self.tls("tls_failed_server", data, kind="error")


def only_named(name):
    def hook(self, *args):
        tell(name, None)

    return hook


# No situation leads to these; a line would show that one did.
for name in (
    *("dns_request", "dns_response", "dns_error", "udp_start", "udp_message", "udp_end", "udp_error"),
    *("quic_start_client", "quic_start_server", "socks5_auth", "update"),
):
    setattr(Record, name, only_named(name))


class Fatal(logging.Handler):
    """What asyncio could not hand to anybody is mitmproxy's uncaught exception."""

    def emit(self, line):
        if "Unhandled error in task" in line.getMessage():
            tell("uncaught", None, fatal=True)


logging.getLogger().addHandler(Fatal(logging.ERROR))
addons = [Record()]
