"""One capture folder: canaries, hooked calls, consent and flows on one clock, and the truth beside them."""

import base64
import json
import os
from datetime import datetime, timezone

from values import KINDS

START = 1772416800000  # 2026-03-02T10:00:00+08:00
APP = "com.yundai.loan"
OTHER_APP = "com.suzhi.parcel"
PIDS = {APP: 4127, OTHER_APP: 5310}
#: host -> registrable name, party, SDK
RECEIVERS = {
    "api.yundai.example": ("yundai.example", "first", None),
    "log.yundai.example": ("yundai.example", "first", None),
    "push.yundai.example": ("yundai.example", "first", None),
    "ulogs.umeng.com": ("umeng.com", "third", "umeng"),
    "android.bugly.qq.com": ("qq.com", "third", "bugly"),
    "api.tracker.example": ("tracker.example", "unknown", None),
    "203.0.113.7": ("203.0.113.7", "unknown", None),
}
HOSTS = [host for host in RECEIVERS if not host.startswith("push.")]
FLOW_SLACK = 20
READ_SLACK = 5


def stack_of(app):
    return [f"{app}.device.Collector.collect(Collector.java:41)", f"{app}.MainActivity.onCreate(MainActivity.java:18)"]


class Capture:
    def __init__(self, draw, family_split="dev"):
        self.draw = draw
        self.split = family_split
        self.canaries = []
        self.taken = set()
        self.calls = []
        self.entries = []
        self.hosts = {}
        self.truth = []
        self.values = {}
        self.groups = 0
        self.now = START + 5000

    # Values
    def add(self, kind, group=None, text=None, placebo=False):
        """A fresh value of this capture; its id."""
        for _ in range(1000):
            made = text or getattr(self.draw, kind)()
            marks = {made, kind[-5:] + made[-6:]} if kind.endswith("phone") else {made}
            if text or not marks & self.taken:
                break
        self.taken |= marks
        ident = f"{'p' if placebo else 'v'}{len(self.canaries) + 1}"
        row = {"id": ident, "type": KINDS[kind][0], "value": made, "placebo": placebo}
        if group:
            row["group"] = group
        self.canaries.append(row)
        self.values[ident] = (kind, made)
        return ident

    def group(self):
        self.groups += 1
        return f"contact:{self.groups}"

    def text(self, ident):
        return self.values[ident][1]

    def placebos(self, times=10):
        for row in [row for row in self.canaries if not row["placebo"]]:
            kind, made = self.values[row["id"]]
            group = f"placebo:{row['group']}" if "group" in row else None
            for at in range(times):
                text = self.draw.id_card_x() if kind == "id_card" and made.endswith("X") else None
                self.add(kind, group and f"{group}:{at}", text, placebo=True)

    # Time
    def tick(self, least=400, most=1500):
        self.now += self.draw.randrange(least, most)
        return self.now

    # Calls
    def read(self, idents, at, app=APP, pid=None, slack=READ_SLACK):
        """One hooked call that gave these values back; its id. All are of one kind, or a contact's."""
        _, datum, api = KINDS[self.values[idents[0]][0]]
        pid = pid or PIDS[app]
        ident = f"r{len(self.calls) + 1}"
        texts = [self.text(i) for i in idents]
        self.calls.append(
            {"id": ident, "t": at, "slackMs": slack, "pid": pid, "tid": pid + self.draw.randrange(9), "app": app, "api": api}
            | {"datum": datum, "values": texts, "stack": stack_of(app)}
        )
        return ident

    def crypto(self, kind, alg, data, out, at, obj=None, tid=None, app=APP):
        ident = f"r{len(self.calls) + 1}"
        pid = PIDS[app]
        self.calls.append(
            {"id": ident, "t": at, "slackMs": READ_SLACK, "pid": pid, "tid": tid or pid, "app": app, "kind": kind, "alg": alg}
            | {"object": obj or f"o{len(self.calls)}", "input_b64": b64(data), "output_b64": b64(out), "stack": stack_of(app)}
        )
        return ident

    # Flows
    def flow(self, url, at=None, method="POST", headers=(), body=None, mime="application/octet-stream", app=APP, more=None, answer=""):
        ident = f"f{len(self.entries) + 1}"
        at = at if at is not None else self.tick()
        host = self.hosts[ident] = url.split("/")[2]
        request = {"method": method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": []}
        request["headers"] = [{"name": "Host", "value": host}] + [{"name": n, "value": v} for n, v in headers]
        request |= {"headersSize": -1, "bodySize": len(body or b"")}
        if body is not None:
            request["headers"].append({"name": "Content-Type", "value": mime})
            request["postData"] = {"mimeType": mime, "params": []} | body_text(body)
        content = {"size": len(answer), "mimeType": "application/json", "text": answer}
        response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "content": content}
        response |= {"redirectURL": "", "headersSize": -1, "bodySize": len(answer)}
        entry = {"_id": ident, "startedDateTime": iso(at), "time": 40, "request": request, "response": response, "cache": {}}
        entry |= {"timings": {"send": 1, "wait": 38, "receive": 1}, "_slackMs": FLOW_SLACK}
        if app:
            entry["_app"] = app
        self.entries.append(entry | (more or {}))
        return ident

    def expect(self, flow, value, **facts):
        """One line of truth. See the README for what each fact means."""
        receiver = dict(zip(("registrable", "party", "sdk"), RECEIVERS[self.hosts[flow.split(".")[0]]]))
        row = {"flow": flow, "value": value, "receiver": receiver, "must": True, "level": None, "also": [], "anyOf": [flow], "reads": None, "order": None}
        row |= {"owner": None, "chain": None, "part": None, "family": "", "holdout": False, "bulk": False, "why": None} | facts
        self.truth.append(row)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        order = sorted(self.canaries, key=lambda row: row["placebo"])
        calls = sorted(self.calls, key=lambda row: row["t"])
        entries = sorted(self.entries, key=lambda row: row["startedDateTime"])
        consent = [{"t": START + 1000, "slackMs": 10, "act": "shown"}, {"t": START + 3000, "slackMs": 10, "act": "agreed"}]
        har = {"log": {"version": "1.2", "creator": {"name": "link-benchmark", "version": "1"}, "entries": entries}}
        put(folder, "canaries.json", json.dumps(order, ensure_ascii=False, indent=0))
        put(folder, "observations.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in calls))
        put(folder, "consent.jsonl", "".join(json.dumps(row) + "\n" for row in consent))
        put(folder, "flows.har", json.dumps(har, ensure_ascii=False))
        put(os.path.dirname(folder), os.path.basename(folder) + ".truth.json", json.dumps(self.truth, ensure_ascii=False, indent=0))


def put(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def b64(data):
    return base64.b64encode(data).decode()


def body_text(body):
    try:
        text = body.decode("utf-8")
        if all(c >= " " or c in "\r\n\t" for c in text):
            return {"text": text}
    except UnicodeDecodeError:
        pass
    return {"text": b64(body), "encoding": "base64"}


def iso(ms):
    moment = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"
