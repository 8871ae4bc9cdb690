"""Shifted and shortened coordinates: GCJ-02, BD-09, geohash. The shifts are the published formulas, written here anew."""

import math

A = 6378245.0
EE = 0.00669342162296594323


def gcj02(lat, lon):
    x, y = lon - 105.0, lat - 35.0
    s = 2.0 / 3.0 * (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi))
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + s
    dlat += 2.0 / 3.0 * (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi))
    dlat += 2.0 / 3.0 * (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0))
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + s
    dlon += 2.0 / 3.0 * (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi))
    dlon += 2.0 / 3.0 * (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi))
    phi = lat / 180.0 * math.pi
    magic = 1.0 - EE * math.sin(phi) ** 2
    dlat = dlat * 180.0 / (A * (1.0 - EE) / (magic * math.sqrt(magic)) * math.pi)
    dlon = dlon * 180.0 / (A / math.sqrt(magic) * math.cos(phi) * math.pi)
    return lat + dlat, lon + dlon


def bd09(lat, lon):
    lat, lon = gcj02(lat, lon)
    k = math.pi * 3000.0 / 180.0
    z = math.hypot(lon, lat) + 0.00002 * math.sin(lat * k)
    theta = math.atan2(lat, lon) + 0.000003 * math.cos(lon * k)
    return z * math.sin(theta) + 0.006, z * math.cos(theta) + 0.0065


def geohash(lat, lon, length):
    alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"
    spans = [[-180.0, 180.0], [-90.0, 90.0]]
    point = (lon, lat)
    out, bits, number = "", 0, 0
    axis = 0
    while len(out) < length:
        low, high = spans[axis]
        middle = (low + high) / 2
        one = point[axis] >= middle
        spans[axis][0 if one else 1] = middle
        number = number * 2 + one
        axis ^= 1
        bits += 1
        if bits == 5:
            out += alphabet[number]
            bits, number = 0, 0
    return out


def truncated(text, decimals):
    whole, fraction = text.split(".")
    return f"{whole}.{fraction[:decimals]}"
