"""Reads a mitmproxy flow file back: one line of JSON a flow, with the hashes of both bodies."""
import hashlib
import json
import sys

from mitmproxy.io import FlowReader


def of(message):
    body = message.raw_content if message is not None else None
    if not body:
        return {"bytes": 0, "sha256": None}
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


with open(sys.argv[1], "rb") as file:
    for flow in FlowReader(file).stream():
        if flow.error is not None or flow.type != "http":
            print(json.dumps({"path": None, "error": str(flow.error)}))
        else:
            print(json.dumps({"path": flow.request.path, "up": of(flow.request), "down": of(flow.response)}))
