#!/usr/bin/env python3
"""What BTF and .BTF.ext of Spile's objects say beside clang's: types, functions, tags, lines.

    python3 bench/corpus/btf.py CLANG_DIR OUR_DIR [--list KIND] [--only SUBSTRING]

The folders are those that run.py keeps (--cache, --ours). objects.py compares what loaders go by (variables, DATASECs,
maps, linkage); here are the definitions behind it. Kinds of differences:
    layout       a struct, union, enum or typedef of one name that both have, and that is not the same
    type         a named type that only one has; which types are referred to is the optimizers' matter in part
    prototype    a function of one name whose parameters, their names or its result differ
    tag          a declaration tag that only one has
    no line      a function of ours whose first instruction has no line, or an instruction between two functions
    line         more than half of a section's source lines are unknown to clang's object, in files that it knows; some
                 are always, since constants and returns leave each compiler other lines
"""
import collections
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import objects

NAMED = ("STRUCT", "UNION", "ENUM", "ENUM64", "TYPEDEF")
INSN = 8


def definition(btf, number):
    """A named type as text, with what it is made of; without names of its own it stands in place."""
    kind, _, size, flag, extra = btf.types[number]

    def part(t):
        inner = btf.types[t]
        if inner[0] in ("STRUCT", "UNION", "ENUM", "ENUM64") and not inner[1]:
            return "{" + definition(btf, t) + "}"
        return btf.spelled(t)

    if kind in ("STRUCT", "UNION"):
        members = [(btf.text(extra[i]), part(extra[i + 1]), extra[i + 2]) for i in range(0, len(extra), 3)]
        offset = lambda o: f"{o & 0xffffff}:{o >> 24}" if flag else str(o)
        return f"{kind} {size}: " + "; ".join(f"{t} {n} @{offset(o)}" for n, t, o in members)
    if kind in ("ENUM", "ENUM64"):
        step = 2 if kind == "ENUM" else 3
        return f"{kind} {size} {flag}: " + ", ".join(
            f"{btf.text(extra[i])}={extra[i + 1:i + step]}" for i in range(0, len(extra), step))
    return f"{kind}: {part(size)}"


def named_types(btf):
    """By kind and name the definitions, several where the object has several."""
    found = collections.defaultdict(set)
    for number, (kind, name, *_) in enumerate(btf.types):
        if kind in NAMED and name:
            found["ENUM" if kind == "ENUM64" else kind, name].add(definition(btf, number))
    return found


def prototypes(btf):
    found = collections.defaultdict(set)
    for kind, name, proto, _, _ in btf.types:
        if kind == "FUNC":
            _, _, result, _, extra = btf.types[proto]
            names = [f"{btf.spelled(extra[i + 1])} {btf.text(extra[i])}" for i in range(0, len(extra), 2)]
            found[name].add(f"{btf.spelled(result)} ({', '.join(names)})")
    return found


def tags(btf):
    found = set()
    for kind, name, on, _, extra in btf.types:
        if kind == "DECL_TAG":
            component = struct.unpack("<i", struct.pack("<I", extra[0]))[0]
            found.add(f"{btf.types[on][0].lower()} {btf.types[on][1]} {component}: {name}")
    return found


def records(item, offset_at):
    """(section, record) of one part of .BTF.ext."""
    data = item.btf_ext
    if not data:
        return
    header, = struct.unpack_from("<I", data, 4)
    offset, size = struct.unpack_from("<II", data, offset_at)
    at, end = header + offset, header + offset + size
    if size == 0:
        return
    step, = struct.unpack_from("<I", data, at)
    at += 4
    while at < end:
        name, count = struct.unpack_from("<II", data, at)
        at += 8
        for _ in range(count):
            yield item.btf.text(name), struct.unpack_from(f"<{step // 4}I", data, at)
            at += step


def lines(item):
    """By section (instruction, file, line), in order."""
    found = collections.defaultdict(list)
    for section, (place, file, _, where) in records(item, 16):
        found[section].append((place // INSN, os.path.basename(item.btf.text(file)), where >> 10))
    return found


def without_line(item):
    """Functions that do not begin with a line: from there on an instruction would have that of another function."""
    starts = {section: {place for place, _, _ in all_lines} for section, all_lines in lines(item).items()}
    for section, (place, number) in records(item, 8):
        if place // INSN not in starts.get(section, ()):
            yield item.btf.types[number][1]


def differences(theirs, own):
    found = []
    if theirs.btf is None or own.btf is None:
        return [("type", "one has no BTF")] if (theirs.btf is None) != (own.btf is None) else []
    a, b = named_types(theirs.btf), named_types(own.btf)
    for key in sorted(a.keys() | b.keys()):
        text = " ".join(key).lower()
        if key not in a or key not in b:
            found.append(("type", f"{text}: only {'clang' if key in a else 'ours'}"))
        elif a[key] != b[key]:
            found.append(("layout", f"{text}: clang {sorted(a[key] - b[key])}, ours {sorted(b[key] - a[key])}"))
    a, b = prototypes(theirs.btf), prototypes(own.btf)
    found += [("prototype", f"{name}: clang {sorted(a[name])}, ours {sorted(b[name])}")
              for name in sorted(a.keys() & b.keys()) if a[name] != b[name]]
    a, b = tags(theirs.btf), tags(own.btf)
    found += [("tag", f"{tag}: only {'clang' if tag in a else 'ours'}") for tag in sorted(a ^ b)]
    found += [("no line", name) for name in without_line(own)]
    known = {(file, line) for rows in lines(theirs).values() for _, file, line in rows}
    files = {file for file, _ in known}
    for section, rows in lines(own).items():
        asked = {(file, line) for _, file, line in rows if file in files}
        if len(asked - known) * 2 > len(asked):
            found.append(("line", f"{section}: {sorted(asked - known)[:8]}"))
    return found


if __name__ == "__main__":
    objects.compare_all(__doc__, differences)
