# Compares the CO-RE relocations of Spile's objects with those of clang's: the same types, access strings and kinds.
#
#   python3 bench/corpus/core.py CLANG_DIR OUR_DIR [--list] [--only SUBSTRING]
#
# The folders are those that run.py keeps (--cache, --ours): the same names below both. A relocation that only one of
# the objects has is a difference. How often each stands in the code is counted apart: where clang loads a member twice
# and we load it once, there is one record less.
import argparse
import collections
import os
import struct
import sys

from corpora import elf_sections

parser = argparse.ArgumentParser(description="CO-RE relocations of Spile's objects beside clang's.")
parser.add_argument("clang")
parser.add_argument("ours")
parser.add_argument("--only", default="", help="only objects with this in their path")
parser.add_argument("--list", action="store_true", help="list the differences")
options = parser.parse_args()

KINDS = ["byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id", "target_type_id",
         "type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches"]
# Words behind the twelve bytes that every type of BTF has: fixed, and for each part.
EXTRA_WORDS = {1: (1, 0), 3: (3, 0), 4: (0, 3), 5: (0, 3), 6: (0, 2), 13: (0, 2), 14: (1, 0), 15: (0, 3), 17: (1, 0),
               19: (0, 3)}


class Types:
    def __init__(self, data):
        header, type_offset, type_size, string_offset, string_size = struct.unpack_from("<IIIII", data, 4)
        self.strings = data[header + string_offset:][:string_size]
        self.names = ["void"]
        at, end = header + type_offset, header + type_offset + type_size
        while at < end:
            name, info, target = struct.unpack_from("<III", data, at)
            kind, parts = info >> 24 & 0x1f, info & 0xffff
            fixed, each = EXTRA_WORDS.get(kind, (0, 0))
            at += 12 + 4 * (fixed + each * parts)
            # What has no name is known by its kind: its number says nothing.
            self.names.append(self.string(name) or f"({kind})")

    def string(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()


def relocations(path):
    """A Counter of (kind, type, access)."""
    result = collections.Counter()
    sections = elf_sections(open(path, "rb").read())
    if ".BTF" not in sections or ".BTF.ext" not in sections:
        return result
    types, ext = Types(sections[".BTF"]), sections[".BTF.ext"]
    header, = struct.unpack_from("<I", ext, 4)
    if header < 32:
        return result
    offset, size = struct.unpack_from("<II", ext, 24)
    if size == 0:
        return result
    at, end = header + offset, header + offset + size
    record, = struct.unpack_from("<I", ext, at)
    at += 4
    while at < end:
        _, count = struct.unpack_from("<II", ext, at)
        at += 8
        for _ in range(count):
            _, type_id, access, kind = struct.unpack_from("<IIII", ext, at)
            at += record
            result[KINDS[kind], types.names[type_id], types.string(access)] += 1
    return result


totals = collections.Counter()
for folder, _, files in sorted(os.walk(options.clang)):
    for file in sorted(files):
        name = os.path.relpath(os.path.join(folder, file), options.clang)
        mine = os.path.join(options.ours, name)
        if not file.endswith(".o") or options.only not in name or not os.path.exists(mine):
            continue
        theirs, ours = relocations(os.path.join(folder, file)), relocations(mine)
        missing, added = set(theirs) - set(ours), set(ours) - set(theirs)
        totals["objects"] += 1
        totals["with relocations"] += bool(theirs or ours)
        totals["the same"] += not missing and not added
        totals["relocations of clang"] += theirs.total()
        totals["relocations of Spile"] += ours.total()
        totals["distinct"] += len(theirs)
        totals["missing"] += len(missing)
        totals["added"] += len(added)
        if options.list and (missing or added):
            print(name)
            for sign, entries in (("-", missing), ("+", added)):
                for kind, type_name, access in sorted(entries):
                    print(f"  {sign} {kind} {type_name} {access}")
for what, count in totals.items():
    print(f"{what:<24}{count:>8}")
sys.exit(1 if totals["missing"] or totals["added"] else 0)
