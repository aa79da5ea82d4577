#!/usr/bin/env python3
"""Prints a C file that asserts what a BTF says of every struct, union, enum and typedef a program can name in it.

    bench/btf/asserts.py BTF [--every N] > all.bpf.c
    bpftool btf dump file BTF format c > vmlinux.h && clang -target bpf -fsyntax-only -I. all.bpf.c
    spile build --btf=BTF all.bpf.c -o all.o

Both must accept it: then an import has bpftool's and clang's sizes, offsets, bitfields' neighbours and values. --every N
takes each Nth name, for a quick look.
"""
import argparse
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lang-spec/btf"))
from freeze import ARRAY, CONST, ENUM, ENUM64, FLOAT, INT, PTR, RESTRICT, STRUCT, TYPEDEF, TYPE_TAG, UNION, VOLATILE, read


def main():
    parser = argparse.ArgumentParser(description="prints assertions about a BTF")
    parser.add_argument("btf")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    with open(options.btf, "rb") as file:
        types, strings = read(file.read())

    def text(offset):
        return strings[offset:strings.index(b"\0", offset)].decode()

    def size(number):
        kind, words = types[number]
        if kind in (TYPEDEF, CONST, VOLATILE, RESTRICT, TYPE_TAG):
            return size(words[2]) if words[2] else None
        if kind == ARRAY:
            element = size(words[3])
            return None if element is None else element * words[5]
        if kind == PTR:
            return 8
        return words[2] if kind in (INT, STRUCT, UNION, ENUM, ENUM64, FLOAT) else None

    def members(number):
        """(name, bit offset) of all that can be named in a record, bitfields left out."""
        _, words = types[number]
        for i in range(words[1] & 0xFFFF):
            name, member, offset = words[3 + i * 3:6 + i * 3]
            width, offset = (offset >> 24, offset & 0xFFFFFF) if words[1] >> 31 else (0, offset)
            if name:
                if width == 0:
                    yield text(name), offset
                continue
            inner = member
            while types[inner][0] in (CONST, VOLATILE):
                inner = types[inner][1][2]
            for inner_name, inner_offset in members(inner):
                yield inner_name, offset + inner_offset

    seen = collections.Counter()

    def unique(space, name):
        seen[space, name] += 1
        return name if seen[space, name] == 1 else f"{name}___{seen[space, name]}"

    lines = []
    for number, (kind, words) in enumerate(types[1:], 1):
        if kind in (STRUCT, UNION) and words[0]:
            name = f"{'struct' if kind == STRUCT else 'union'} {unique('tag', text(words[0]))}"
            block = [f"_Static_assert(sizeof({name}) == {words[2]}, \"{name}\");"]
            for member, offset in members(number):
                block.append(f"_Static_assert(__builtin_offsetof({name}, {member}) == {offset // 8}, \"{member}\");")
            lines.append(block)
        elif kind in (ENUM, ENUM64):
            block, step = [], 2 if kind == ENUM else 3
            if words[0]:
                name = unique("tag", text(words[0]))
                if words[1] & 0xFFFF:
                    block.append(f"_Static_assert(sizeof(enum {name}) == {words[2]}, \"{name}\");")
            for i in range(words[1] & 0xFFFF):
                part = words[3 + i * step:3 + (i + 1) * step]
                value = part[1] | part[2] << 32 if kind == ENUM64 else part[1]
                bits = 64 if kind == ENUM64 else 32
                if words[1] >> 31 and value >> (bits - 1):
                    value -= 1 << bits
                literal = f"({value + 1}LL - 1)" if value < 0 else f"{value}ULL"
                block.append(f"_Static_assert({unique('name', text(part[0]))} == {literal}, \"enumerator\");")
            lines.append(block)
        elif kind == TYPEDEF:
            name = unique("name", text(words[0]))
            known = size(number)
            if known is not None and name not in ("__builtin_va_list", "__gnuc_va_list"):
                lines.append([f"_Static_assert(sizeof({name}) == {known}, \"{name}\");"])
    print('#include "vmlinux.h"')
    for block in lines[::options.every]:
        print("\n".join(block))


main()
