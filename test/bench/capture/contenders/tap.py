"""mitmproxy's streaming does not keep bodies: this addon streams every response and appends its chunks to a file of its own."""
import json
import os

from mitmproxy import ctx


class Tap:
    def load(self, loader):
        loader.add_option("tap_dir", str, "", "where the bodies go")

    def responseheaders(self, flow):
        body = open(os.path.join(ctx.options.tap_dir, flow.id), "wb", buffering=0)

        def keep(chunk):
            if chunk:
                body.write(chunk)
            else:
                body.close()
            return chunk

        flow.response.stream = keep

    def response(self, flow):
        with open(os.path.join(ctx.options.tap_dir, "index.jsonl"), "a") as index:
            index.write(json.dumps({"id": flow.id, "path": flow.request.path}) + "\n")


addons = [Tap()]
