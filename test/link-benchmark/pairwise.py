"""Greedy all-pairs: rows over factors such that each pair of levels that may meet does meet, as early as can be."""


def rows(factors, may_be, draw, count):
    """`count` rows (dicts), and the share of all pairs that may meet and did. `may_be(partial row)`: false when it can never be completed."""
    names = list(factors)
    open_pairs = {}
    for at, a in enumerate(names):
        for b in names[at + 1 :]:
            for x in factors[a]:
                for y in factors[b]:
                    if may_be({a: x, b: y}):
                        open_pairs[(a, x, b, y)] = None
    total = len(open_pairs)
    done, left = [], dict(open_pairs)
    while len(done) < count:
        if not left:
            left = dict(open_pairs)  # All met once: begin again, with other company.
        row = None
        for key in _some(left, draw, 4):
            row = _complete({key[0]: key[1], key[2]: key[3]}, (names, factors, may_be, draw, left))
            if row:
                break
            left.pop(key, None)
            if open_pairs.pop(key, 0) is None:
                total -= 1
        if row:
            done.append(row)
            for key in _pairs(names, row):
                left.pop(key, None)
    met = {key for row in done for key in _pairs(names, row)}
    return done, len(met & set(open_pairs)) / max(1, total)


def _some(left, draw, count):
    keys = list(left)
    return [keys[draw.randrange(len(keys))] for _ in range(count)] if keys else []


def _pairs(names, row):
    return [(a, row[a], b, row[b]) for at, a in enumerate(names) for b in names[at + 1 :]]


def _complete(row, task):
    names, factors, may_be, draw, left = task
    rest = [name for name in names if name not in row]
    draw.shuffle(rest)
    place = {name: at for at, name in enumerate(names)}
    for name in rest:
        scored = []
        for level in factors[name]:
            if not may_be(row | {name: level}):
                continue
            gain = 0
            for other, value in row.items():
                key = (other, value, name, level) if place[other] < place[name] else (name, level, other, value)
                gain += key in left
            scored.append((gain, draw.random(), level))
        if not scored:
            return None
        row = row | {name: max(scored, key=lambda s: s[:2])[2]}
    return row
