"""Every *.bench.test leads to this machine. By name resolution: a changed address in a hook would defeat mitmproxy's reuse of connections. No hooks."""
import socket

_system = socket.getaddrinfo


def _routed(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    return _system("127.0.0.1" if name and name.endswith(".bench.test") else host, *args, **kwargs)


socket.getaddrinfo = _routed
