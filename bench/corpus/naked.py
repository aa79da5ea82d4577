#!/usr/bin/env python3
"""Naked functions are nothing but their assembly: of clang and of Spile they must be the same bytes.

  naked.py --spile build/release/bin/spile --root TREES [--only REGEX] [-j N]

Compiles the kernel's selftests (see corpora.toml for where they stand) with both, and compares each naked function byte
for byte. The immediate of an instruction with a relocation is not compared: what a symbol is counted from differs.
"""
import argparse
import concurrent.futures
import os
import re
import struct
import subprocess
import tempfile

import corpora

NAKED = re.compile(r"\b(?:__naked|naked)\b[^;{}()]*?(\w+)\s*\(")


def functions(path):
    """Name: bytes of each function, with the immediates that a relocation fills in cleared."""
    data = open(path, "rb").read()
    table, entry, count = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * entry) for i in range(count)]
    code = {i: bytearray(data[s[4]:s[4] + s[5]]) for i, s in enumerate(sections) if s[1] == 1}
    for s in sections:
        if s[1] == 9 and s[7] in code:  # SHT_REL
            for at in range(s[4], s[4] + s[5], 16):
                offset = struct.unpack_from("<Q", data, at)[0]
                code[s[7]][offset + 4:offset + 8] = bytes(4)
    found = {}
    for s in sections:
        if s[1] != 2:  # SHT_SYMTAB
            continue
        strings = sections[s[6]][4]
        for at in range(s[4], s[4] + s[5], 24):
            name, info, _, section, value, size = struct.unpack_from("<IBBHQQ", data, at)
            if info & 15 == 2 and section in code:
                text = data[strings + name:data.index(b"\0", strings + name)].decode()
                found[text] = bytes(code[section][value:value + size])
    return found


def without_text_calls(code):
    """Calls of static functions of the same section have no relocation in one of the two: their distance is dropped."""
    out = bytearray(code)
    for at in range(0, len(out), 8):
        if out[at] == 0x85 and out[at + 1] >> 4 == 1:
            out[at + 4:at + 8] = bytes(4)
    return bytes(out)


def run(command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "timeout")


def drop(flags, pattern):
    """Without the flags that the pattern matches, and what belongs to them."""
    kept, skip = [], False
    for flag in flags:
        if skip or (pattern and re.fullmatch(pattern, flag)):
            skip = not skip and flag == "-idirafter"
            continue
        kept.append(flag)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.environ.get("SPILE_CORPUS"), help="where the trees stand")
    parser.add_argument("--spile", type=os.path.abspath, default="build/release/bin/spile")
    parser.add_argument("--clang", default="clang-19")
    parser.add_argument("--mcpu", default="v3")
    parser.add_argument("--only", default="", help="only files whose path matches")
    parser.add_argument("--spile-drop", default="", help="flags that Spile is not given (a regular expression)")
    parser.add_argument("-j", type=int, default=2)
    options = parser.parse_args()
    if not options.root:
        parser.error("--root (or SPILE_CORPUS) says where the trees stand")
    sources = [s for s in corpora.sources_of("selftests", os.path.abspath(options.root)) if re.search(options.only, s.path)]

    def measure(source):
        path = source.path
        names = set(NAKED.findall(open(path, encoding="utf-8", errors="replace").read()))
        if not names:
            return None
        with tempfile.TemporaryDirectory() as folder:
            theirs, own = os.path.join(folder, "c.o"), os.path.join(folder, "s.o")
            if run([options.clang, "-target", "bpf", "-O2", "-g", "-mcpu=" + options.mcpu, *source.flags, "-c", path, "-o",
                    theirs]).returncode != 0:
                return None
            done = run([options.spile, "build", "-w", "-mcpu=" + options.mcpu, *drop(source.flags, options.spile_drop), path, "-o", own])
            if done.returncode != 0:
                error = next((line for line in done.stdout.splitlines() if "error" in line), done.stdout[:200])
                return path, 0, 0, [error]
            a, b = functions(theirs), functions(own)
        differ = [n for n in sorted(names & a.keys())
                  if n not in b or without_text_calls(a[n]) != without_text_calls(b[n])]
        return path, len(names & a.keys()), len(names & a.keys()) - len(differ), differ

    total = same = rejected = 0
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for row in pool.map(measure, sources):
            if row is None:
                continue
            path, count, equal, differ = row
            total, same = total + count, same + equal
            rejected += count == 0 and bool(differ)
            if differ:
                print(f"{os.path.basename(path)}: {equal} of {count}: {', '.join(differ)[:300]}")
    print(f"{same} of {total} naked functions are clang's bytes; {rejected} files rejected")


if __name__ == "__main__":
    main()
