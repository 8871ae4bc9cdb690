#!/usr/bin/env python3
"""Writes a benchmark of captures with known truth. Python 3.9+ and the openssl command; brotli needs node, zstd the zstd command.

  python3 generate.py --seed S --cases N --out DIR [--per-capture 50] [--one-at-a-time]

The same seed gives the same captures (bytes of compressed bodies may differ with the zstd and node at hand). One case is one row of the
grammar or one family; DIR gets c01, c02… in the format of `jiejing import`, each with c01.truth.json beside it, and about.json."""

import argparse
import json
import os
import sys

import cases
import families_crypto
import families_decoys  # noqa: F401  (adds its families)
import families_shape  # noqa: F401
import families_split  # noqa: F401
import layers
from capture import Capture
from values import Draw

FAMILY_SHARE = 0.25


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seed", default="1")
    ask.add_argument("--cases", type=int, default=1500)
    ask.add_argument("--per-capture", type=int, default=50)
    ask.add_argument("--out", required=True)
    ask.add_argument("--one-at-a-time", action="store_true", help="only rows that differ from the plainest in one factor, and each family once")
    asked = ask.parse_args()
    if not layers.brotli.there:
        print("brotli layers left out: no node here", file=sys.stderr)
        del cases.TRANSPORT["br"], layers.LAYERS["brotli"]
        cases.FACTORS["l1"].remove("brotli")
        cases.FACTORS["transport"].remove("br")
    if not layers.ZSTD:
        print("zstd layers by hand only: no zstd command here", file=sys.stderr)
    draw = Draw(f"link-benchmark {asked.seed}")
    families = families_crypto.FAMILIES
    in_families = max(len(families), round(asked.cases * FAMILY_SHARE))
    if asked.one_at_a_time:
        rows, met, in_families = list(cases.one_at_a_time()), [], len(families)
    else:
        rows, met = cases.rows(draw, max(0, asked.cases - in_families))
    jobs = [("row", row) for row in rows] + [("family", families[at % len(families)]) for at in range(in_families)]
    draw.shuffle(jobs)
    write(asked, draw, jobs)
    about = {"seed": asked.seed, "cases": len(jobs), "rows": len(rows), "families": len(families), "pairsMet": dict(zip(("plain", "digest", "deep"), met))}
    with open(os.path.join(asked.out, "about.json"), "w", encoding="utf-8") as file:
        json.dump(about, file)
    layers.brotli.close()
    print(json.dumps(about))


def write(asked, draw, jobs):
    for number in range(0, len(jobs), asked.per_capture):
        name = f"c{number // asked.per_capture + 1:02}"
        # One capture of a full benchmark holds the address book of two thousand and the hostile bodies.
        capture = Capture(Draw(f"{asked.seed} {name}"), "big" if asked.cases >= 1000 and number == 0 else "usual")
        mine = jobs[number : number + asked.per_capture]
        if capture.split == "big":
            mine = mine + [("family", families_shape.contacts_missing), ("family", families_decoys.hostile)]
        for kind, job in mine:
            if kind == "row":
                cases.build(capture, job)
            else:
                job(capture)
        capture.placebos()
        capture.write(os.path.join(asked.out, name))


if __name__ == "__main__":
    main()
