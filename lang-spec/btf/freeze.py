#!/usr/bin/env python3
"""Freezes a kernel's BTF: what a probe can name, and all that this needs, as lang-spec/btf/vmlinux.btf.xz.

    lang-spec/btf/freeze.py [--from /sys/kernel/btf/vmlinux] [--to lang-spec/btf/vmlinux.btf.xz]

Kept: structs, unions, enums, typedefs, forward declarations; kfuncs and the functions of LSM hooks (bpf_lsm_*) with
their prototypes and tags. Left out: every other function, variables, sections, and the types that only those needed.
Types keep their order, which decides what a second type of one name is called (frontend/btf/README.md).
"""
import argparse
import collections
import lzma
import os
import platform
import struct
import sys

(INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT,
 DECL_TAG, TYPE_TAG, ENUM64) = range(1, 20)
HAS_TYPE = {PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, DECL_TAG, TYPE_TAG}
NAMEABLE = {STRUCT, UNION, ENUM, ENUM64, FWD, TYPEDEF}
# Of the words after the three of btf_type: (words in a part, which of them are names, which are types).
PARTS = {STRUCT: (3, [0], [1]), UNION: (3, [0], [1]), ENUM: (2, [0], []), ENUM64: (3, [0], []), FUNC_PROTO: (2, [0], [1])}
FIXED = {INT: (1, [], []), ARRAY: (3, [], [0, 1]), DECL_TAG: (1, [], []), VAR: (1, [], [])}


def read(data):
    magic, version, _, header, type_off, type_len, str_off, str_len = struct.unpack_from("<HBBIIIII", data)
    if magic != 0xEB9F or version != 1:
        sys.exit("this is no little-endian BTF of version 1")
    words = struct.unpack_from(f"<{type_len // 4}I", data, header + type_off)
    strings = data[header + str_off:header + str_off + str_len]
    types, at = [None], 0
    while at < len(words):
        info = words[at + 1]
        kind, parts = info >> 24 & 31, info & 0xFFFF
        if kind == DATASEC:
            tail = 3 * parts
        elif kind in PARTS:
            tail = PARTS[kind][0] * parts
        else:
            tail = FIXED[kind][0] if kind in FIXED else 0
        types.append((kind, list(words[at:at + 3 + tail])))
        at += 3 + tail
    return types, strings


def layout(kind, count):
    """Indices of the words after the header which are offsets of names, and which are ids of types."""
    if kind in PARTS:
        size, names, ids = PARTS[kind]
        return ([i * size + n for i in range(count) for n in names], [i * size + t for i in range(count) for t in ids])
    return (FIXED[kind][1], FIXED[kind][2]) if kind in FIXED else ([], [])


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="freezes a kernel's BTF")
    parser.add_argument("--from", dest="source", default="/sys/kernel/btf/vmlinux", help="raw BTF")
    parser.add_argument("--to", default=os.path.join(here, "vmlinux.btf.xz"))
    options = parser.parse_args()
    with open(options.source, "rb") as file:
        types, strings = read(file.read())

    def text(offset):
        return strings[offset:strings.index(b"\0", offset)]

    kfuncs = {words[2] for kind, words in types[1:] if kind == DECL_TAG and text(words[0]) == b"bpf_kfunc"}
    keep, queue = set(), collections.deque()
    for number, (kind, words) in enumerate(types[1:], 1):
        is_hook = kind == FUNC and (number in kfuncs or text(words[0]).startswith(b"bpf_lsm_"))
        if is_hook or (kind in NAMEABLE and words[0] != 0) or kind in (ENUM, ENUM64):
            queue.append(number)
    while queue:
        number = queue.popleft()
        if number == 0 or number in keep:
            continue
        keep.add(number)
        kind, words = types[number]
        if kind in HAS_TYPE:
            queue.append(words[2])
        for i in layout(kind, words[1] & 0xFFFF)[1]:
            queue.append(words[3 + i])
    for number, (kind, words) in enumerate(types[1:], 1):
        if kind == DECL_TAG and words[2] in keep:
            keep.add(number)

    new_ids = {old: new for new, old in enumerate(sorted(keep), 1)} | {0: 0}
    pool, pool_offsets = bytearray(b"\0"), {b"": 0}

    def string(offset):
        name = text(offset)
        if name not in pool_offsets:
            pool_offsets[name] = len(pool)
            pool.extend(name + b"\0")
        return pool_offsets[name]

    out, counts = [], collections.Counter()
    for number in sorted(keep):
        kind, words = types[number]
        counts[kind] += 1
        words[0] = string(words[0])
        if kind in HAS_TYPE:
            words[2] = new_ids[words[2]]
        names, ids = layout(kind, words[1] & 0xFFFF)
        for i in names:
            words[3 + i] = string(words[3 + i])
        for i in ids:
            words[3 + i] = new_ids[words[3 + i]]
        out.extend(words)
    body = struct.pack(f"<{len(out)}I", *out)
    raw = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(body), len(body), len(pool)) + body + bytes(pool)
    packed = lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME)
    temporary = options.to + ".tmp"
    with open(temporary, "wb") as file:
        file.write(packed)
    os.rename(temporary, options.to)
    print(f"{options.to}: Linux {platform.release()}, {len(keep)} types ({counts[STRUCT]} structs, {counts[UNION]} unions, "
          f"{counts[ENUM] + counts[ENUM64]} enums, {counts[TYPEDEF]} typedefs, {counts[FUNC]} functions), "
          f"{len(raw)} bytes, {len(packed)} packed")


if __name__ == "__main__":
    main()
