"""The grammar: value and spelling x digest x container x up to three layers x place x transport x noise x timing, by all pairs."""

import base64

import pairwise
from capture import APP, FLOW_SLACK, OTHER_APP, READ_SLACK
from documents import CONTAINERS, PLACES, TRANSPORT, mixed, noise_fields, send
from layers import LAYERS
from spellings import DIGESTED, DIGESTED_TWICE, DIGESTS, RAW_DIGESTS, SPELLINGS, TWICE

LISTS = ("contacts/rows", "contacts/joined", "contacts/phones", "app_package/list")
PLACES_OF_COORDINATES = ("location/fields", "location/lat,lon", "location/lon,lat")
WHAT = [f"{kind}/{name}" for kind, names in SPELLINGS.items() for name in names] + [*LISTS, *PLACES_OF_COORDINATES]
TIMINGS = ("before", "after", "undecided", "none", "many", "other app", "other pid", "no app", "skew")
TEXTS = [name for name, layer in LAYERS.items() if layer.needs_text]
FACTORS = {
    "what": WHAT,
    "digest": ["none", *DIGESTS],
    "charset": ["utf-8", "gbk", "utf-16-le", "utf-16-be"],
    "container": list(CONTAINERS),
    "l1": ["none", *LAYERS],
    "l2": ["none", "percent", "json string", "html named", "base64", "base64url", "base64 glued 1", "hex", "hex upper", "gzip", "zlib", "zstd", "protobuf"],
    "l3": ["none", "percent", "percent 2", "json string", "base64", "base64url", "base64 mime", "hex"],
    "place": list(PLACES),
    "transport": list(TRANSPORT),
    "noise": [0, 1, 2, 3],
    "timing": list(TIMINGS),
}
LONG = ("contacts", "app_package", "sms_body")
SHORT_PLACES = ("query", "path", "header", "cookie", "referer", "user-agent", "filename")
LEVELS = {"phone": "C3", "otp": "C2"}
HEAVY, LIGHT = 3, 4


#: Slices of the grammar: real requests wear few layers and seldom a digest, so half of the rows stay near them.
SLICES = (
    (0.3, {"digest": ["none"], "l2": ["none"], "l3": ["none"]}),
    (0.2, {"digest": list(DIGESTS), "l2": ["none"], "l3": ["none"]}),
    (0.5, {}),
)


def rows(draw, count):
    """Rows of all slices, and the share of pairs met in each."""
    made, met = [], []
    for share, narrow in SLICES:
        part, covered = pairwise.rows(FACTORS | narrow, may_be, draw, round(count * share))
        made += part
        met.append(round(covered, 3))
    draw.shuffle(made)
    return made[:count], met


PLAIN = {"what": "imei/raw", "digest": "none", "charset": "utf-8", "container": "json", "l1": "none", "l2": "none", "l3": "none"}
PLAIN |= {"place": "body", "transport": "none", "noise": 1, "timing": "before"}


def one_at_a_time():
    """Rows that differ from the plainest request in one factor, and, where that cannot be, in what is sent as well."""
    for factor, levels in FACTORS.items():
        for level in levels:
            tries = [PLAIN | {factor: level}, PLAIN | {factor: level, "container": "bare"}, PLAIN | {factor: level, "what": "contacts/rows"}]
            tries.append(PLAIN | {factor: level, "l1": "base64"})
            tries.append(PLAIN | {factor: level, "l1": "base64", "l2": "hex"})
            yield next(row for row in tries if may_be(row))


def may_be(row):
    """Whether a row, or a part of one, is a request that an app could send and that the study expects to be found."""
    kind = row["what"].split("/")[0] if "what" in row else None
    return digest_fits(row, kind) and charset_fits(row, kind) and layers_fit(row) and place_fits(row, kind)


def digest_fits(row, kind):
    digest = row.get("digest", "none")
    if digest == "none":
        return kind != "otp" or row.get("container", "json") not in ("bare", "csv", "protobuf")
    if digest in RAW_DIGESTS and row.get("container", "bare") not in ("bare", "protobuf", "msgpack"):
        return False
    if kind is None:
        return True
    if kind == "contacts":
        return row["what"] == "contacts/phones" and digest not in TWICE
    return kind in (DIGESTED_TWICE if digest in TWICE else DIGESTED)


def charset_fits(row, kind):
    charset = row.get("charset", "utf-8")
    if charset == "utf-8":
        return True
    if row.get("digest", "none") != "none" or row.get("container", "json") in ("protobuf", "msgpack", "json ascii", "json ascii upper"):
        return False
    if charset == "gbk":
        return kind in (None, "contacts", "sms_body") and row.get("what") != "contacts/phones"
    return row.get("container", "json") != "form" and kind != "location"


def layers_fit(row):
    if row.get("what") == "location/fields" and row.get("container") in ("bare", "csv"):
        return False
    first, second, third = (row.get(name) for name in ("l1", "l2", "l3"))
    if first == "none" and second not in (None, "none") or second == "none" and third not in (None, "none"):
        return False
    heavy = light = 0
    text = first_kind(row)
    for name in (first, second, third):
        if name is None:
            text = None
            continue
        if name == "none":
            continue
        layer = LAYERS[name]
        if layer.needs_text and text is False:
            return False
        text = layer.gives_text
        heavy += layer.heavy
        light += 0 if layer.heavy else len(layer.steps)
    place = row.get("place")
    if place and PLACES[place].needs_text and text is False:
        return False
    if row.get("digest", "none").endswith("base64"):
        heavy += 1
    heavy += row.get("transport", "none") != "none"
    light += CONTAINERS[row["container"]].light if "container" in row else 0
    light += PLACES[place].light if place else 0
    return heavy <= HEAVY and light <= LIGHT


def first_kind(row):
    """Whether what comes out of the container is UTF-8 text; None: not decided yet."""
    if row.get("digest") in RAW_DIGESTS:
        return False
    if "container" not in row or "charset" not in row:
        return None
    if not CONTAINERS[row["container"]].text:
        return False
    return row["charset"] == "utf-8" or row["charset"] == "gbk" and row["container"] == "form"


def place_fits(row, kind):
    place = row.get("place")
    if place is None:
        return True
    if row.get("transport", "none") != "none" and not PLACES[place].body:
        return False
    if place == "filename" and row.get("container", "bare") not in ("bare", "csv"):
        return False
    if place == "path" and kind == "otp":
        return False
    return place not in SHORT_PLACES or (row.get("noise", 0) < 2 and kind not in LONG)


def build(cap, row):
    """One request of the capture, its reads and its truth."""
    draw = cap.draw
    kind, spelling = row["what"].split("/")
    values, fields = fields_of(cap, kind, spelling, row["digest"])
    container = CONTAINERS[row["container"]]
    noise = noise_fields(draw, row["noise"])
    doc = container.make(mixed(draw, fields, noise) if row["container"] != "bare" else fields, row["charset"])
    steps = digest_steps(row) + container.steps[::-1]
    text = first_kind(row)
    for name in (row["l1"], row["l2"], row["l3"]):
        if name != "none":
            doc = LAYERS[name].make(doc)
            text = LAYERS[name].gives_text
            steps += LAYERS[name].steps[::-1]
    place = PLACES[row["place"]]
    steps += place.steps[::-1]
    if TRANSPORT[row["transport"]]:
        steps.append(TRANSPORT[row["transport"]][2])
    timed = timing(cap, values, row["timing"])
    mime = container.mime if row["l1"] == "none" else "text/plain" if text else "application/octet-stream"
    if row["charset"] != "utf-8" and draw.random() < 0.5:
        mime += f"; charset={row['charset'].replace('-le', 'le').replace('-be', 'be')}"
    facts = {"mime": mime, "text": text, "slash": draw.random() < 0.3, "transport": row["transport"], "host": None}
    flow = send(cap, doc, row["place"], at=timed["at"], **facts, **timed["send"])
    truth = timed["truth"]
    for value in values:
        level = level_of(cap.values[value][0], row)
        truth["needles"] = needles_of(cap, value, row)
        facts = dict(chain=steps[::-1], part=place.part, features=row, **truth)
        if cap.values[value][0] == "app_package":
            # Names of apps are public: who was not told that they were drawn may wait for six in ten of the handset's.
            cap.expect(flow, value, must=False, level=None, also=["C1", "C2", "C3", "C4", "C5"], family="pairs, names of apps", **facts)
        elif {row["l1"], row["l2"], row["l3"]} & UNMARKED:
            # Nothing says where they begin: found where they are a whole body or base64 text, a guess elsewhere.
            cap.expect(flow, value, must=False, level=None, also=["C1", "C2", "C3", "C4", "C5"], family="pairs, a packing without a mark", **facts)
        else:
            cap.expect(flow, value, level=level[0], also=level[1:], family="pairs", **facts)


UNMARKED = {"brotli", "deflate raw"}


def digest_steps(row):
    return [] if row["digest"] == "none" else DIGESTS[row["digest"]][1][::-1]


def needles_of(cap, value, row):
    """The bytes that must come out when all layers are off, in hex; more than one where a digest may stand in two ways."""
    kind, text = cap.values[value]
    if kind == "location":
        return []
    token = dress(SPELLINGS.get(kind, {}).get(row["what"].split("/")[1], str)(text), row["digest"])
    if row["digest"].endswith("base64"):
        return [base64.b64decode(token).hex()]
    return [(token if isinstance(token, bytes) else token.encode(row["charset"])).hex()]


def level_of(kind, row):
    """What the study expects first, then what it can be read to allow."""
    if kind in ("ssid", "email", "app_package"):
        # Somebody chose these: how much they prove is a matter of judgement. The study asks for C2 at least of a set of packages.
        return ["C4", "C3", "C2"] if kind == "app_package" else ["C4", "C3"]
    if row["digest"] != "none":
        return ["C4"]
    if row["what"] == "contacts/phones":
        # Two numbers together are at the border: the study gives each about ten bits, and asks for twenty.
        return ["C4", "C3"]
    if kind == "phone":
        # Eleven digits prove little, spelled with a country code a little more.
        return ["C3"] if "86" not in row["what"] else ["C3", "C4"]
    if kind == "otp":
        return ["C2", "C1", "C3"]
    if kind == "location" and row["container"] in ("protobuf", "msgpack"):
        # As float64: all digits are there, yet a pair of binary numbers is a weaker place than two texts.
        return ["C4", "C3", "C2"]
    return ["C4"]


def fields_of(cap, kind, spelling, digest):
    """Ids of the values, and the fields that hold them."""
    if kind == "contacts":
        return contact_fields(cap, spelling, digest)
    if kind == "location":
        value = cap.add("location")
        lat, lon = cap.text(value).split(",")
        number = type("Number", (float,), {"__str__": lambda self: f"{float(self):.7f}"})
        shapes = {"fields": [("lat", number(lat)), ("lng", number(lon))], "lat,lon": [("loc", f"{lat},{lon}")], "lon,lat": [("loc", f"{lon},{lat}")]}
        return [value], shapes[spelling]
    if kind == "app_package":
        values = [cap.add("app_package") for _ in range(6)]
        return values, [("apps", [dress(cap.text(value), digest) for value in values])]
    text = cap.draw.id_card_x() if (kind, spelling) == ("id_card", "lower x") else None
    value = cap.add(kind, text=text)
    token = dress(SPELLINGS[kind][spelling](cap.text(value)), digest)
    return [value], [({"phone": "account", "imei": "did", "otp": "smsCode"}.get(kind, kind), token)]


def contact_fields(cap, spelling, digest):
    pairs = []
    for _ in range(cap.draw.choice((2, 5, 12))):
        group = cap.group()
        pairs.append((cap.add("contact_name", group), cap.add("contact_phone", group)))
    if spelling == "rows":
        rows = [{"name": cap.text(n), "phone": cap.text(p)} for n, p in pairs]
    elif spelling == "joined":
        mark = cap.draw.choice((":", "+", "|", " "))
        rows = [cap.text(n) + mark + cap.text(p) for n, p in pairs]
    else:
        rows = [dress(cap.text(p), digest) for _, p in pairs]
    values = [one for pair in pairs for one in (pair if spelling != "phones" else pair[1:])]
    return values, [("contacts", rows)]


def dress(text, digest):
    return text if digest == "none" else DIGESTS[digest][0](text.encode())


def timing(cap, values, name):
    """When the values were read and by whom, against one request; what that must come to."""
    draw = cap.draw
    at = cap.tick(3500, 5000)
    sure = FLOW_SLACK + READ_SLACK
    truth = {"order": "before", "owner": "same"}
    more, sent = {}, {}
    if name == "none":
        return {"at": at, "send": {}, "truth": {"order": "none", "owner": None, "reads": []}}
    if name == "many":
        early = [cap.read(values, at - draw.randrange(100, 3000)) for _ in range(3)]
        cap.read(values, at + draw.randrange(100, 900))
        return {"at": at, "send": {}, "truth": truth | {"reads": early}}
    if name == "after":
        cap.read(values, at + draw.randrange(sure * 4, 1500))
        return {"at": at, "send": {}, "truth": truth | {"order": "after", "reads": None}}
    gap = draw.randrange(sure * 4, 1500)
    app, pid, slack = APP, None, READ_SLACK
    if name == "undecided":
        gap, truth["order"] = draw.randrange(-sure // 2, sure // 2), "undecided"
    elif name == "skew":
        gap, truth["order"] = draw.choice((-2000, 2000)), "undecided"
        more = {"_slackMs": 2500}
    elif name == "other app":
        app, truth["owner"] = OTHER_APP, "other"
    elif name == "other pid":
        pid = 4190
    elif name == "no app":
        sent, truth["owner"] = {"app": None}, "unknown"
    read = cap.read(values, at - gap, app, pid, slack)
    return {"at": at, "send": {"more": more} | sent, "truth": truth | {"reads": [read]}}
