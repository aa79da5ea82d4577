#!/usr/bin/env python3
"""Whether the tools of others take Spile's objects: bpftool, llvm-objdump, llvm-readelf, pahole where there is one.

    bench/corpus/tools.py OUR_DIR [--clang CLANG_DIR] [--only SUBSTRING] [--every N] [-j N]

OUR_DIR is what run.py keeps with --ours, CLANG_DIR its --cache. Each object goes through
    bpftool btf dump (raw, and as C), bpftool gen skeleton, bpftool gen object (libbpf's linker), bpftool gen
    min_core_btf with this machine's BTF, llvm-objdump -dS, llvm-readelf -a
A tool that fails or warns on ours and not on clang's object of the same source is printed with its first line. The
sums at the end also compare what the objects tell of their code: functions and lines of .BTF.ext beside clang's.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import tempfile

import corpora

KERNEL_BTF = "/sys/kernel/btf/vmlinux"
COMPLAINT = re.compile(r"(?i)\b(warning|error|failed|invalid|unsupported|malformed)\b.*")


def commands(path, folder):
    """(name, command) of each tool that is here."""
    bpftool = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin")
    if bpftool:
        yield "btf dump raw", [bpftool, "btf", "dump", "file", path, "format", "raw"]
        yield "btf dump c", [bpftool, "btf", "dump", "file", path, "format", "c"]
        yield "gen skeleton", [bpftool, "gen", "skeleton", path, "name", "probe"]
        yield "gen object", [bpftool, "gen", "object", os.path.join(folder, "linked.o"), path]
        if os.path.exists(KERNEL_BTF):
            yield "gen min_core_btf", [bpftool, "gen", "min_core_btf", KERNEL_BTF, os.path.join(folder, "min.btf"), path]
    yield "objdump -dS", ["llvm-objdump-19", "-dS", path]
    yield "readelf -a", ["llvm-readelf-19", "-a", path]
    if shutil.which("pahole"):
        yield "pahole", ["pahole", "-F", "btf", path]


def complaint(command):
    """What a tool has against an object; nothing when it takes it. Dumps are not searched: they quote the program."""
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    except subprocess.TimeoutExpired:
        return "did not end in time"
    text = done.stderr.decode(errors="replace")
    found = COMPLAINT.search(text)
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    return found.group(0)[:160] if found else f"exit {done.returncode}" if done.returncode else ""


def code_info(path):
    """(functions, lines) that .BTF.ext describes."""
    with open(path, "rb") as file:
        data = corpora.elf_sections(file.read()).get(".BTF.ext", b"")
    if not data:
        return 0, 0
    header = int.from_bytes(data[4:8], "little")

    def records(at):
        offset, size = (int.from_bytes(data[at + i:at + i + 4], "little") for i in (0, 4))
        if size == 0:
            return 0
        begin, end = header + offset, header + offset + size
        record, begin, total = int.from_bytes(data[begin:begin + 4], "little"), begin + 4, 0
        while begin < end:
            count = int.from_bytes(data[begin + 4:begin + 8], "little")
            begin += 8 + count * record
            total += count
        return total
    return records(8), records(16)


def examine(path, clang):
    """([(tool, complaint about ours, about clang's)], code info of both)"""
    with tempfile.TemporaryDirectory() as folder:
        result = []
        theirs = dict(commands(clang, folder)) if clang else {}
        for name, command in commands(path, folder):
            ours = complaint(command)
            result.append((name, ours, complaint(theirs[name]) if ours and clang else ""))
        return result, code_info(path), code_info(clang) if clang else (0, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("--clang", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("-j", type=int, default=2)
    options = parser.parse_args()
    objects = sorted(os.path.join(folder, f) for folder, _, files in os.walk(options.ours) for f in files
                     if f.endswith(".o") and options.only in os.path.join(folder, f))[::options.every]

    def beside(path):
        other = os.path.join(options.clang, os.path.relpath(path, options.ours))
        return other if options.clang and os.path.exists(other) else ""

    takes, refuses = collections.Counter(), collections.Counter()
    functions, lines = [0, 0], [0, 0]
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for path, (result, ours, theirs) in zip(objects, pool.map(lambda p: examine(p, beside(p)), objects)):
            for name, complaint_of_ours, complaint_of_theirs in result:
                takes[name] += not complaint_of_ours
                refuses[name] += bool(complaint_of_ours)
                if complaint_of_ours and not complaint_of_theirs:
                    print(f"{os.path.relpath(path, options.ours)}: {name}: {complaint_of_ours}")
            for sums, i in ((functions, 0), (lines, 1)):
                if beside(path):
                    sums[0] += ours[i]
                    sums[1] += theirs[i]
    for name in takes:
        print(f"{name:<20}{takes[name]:>6} taken{refuses[name]:>6} not")
    print(f"functions described: {functions[0]}, by clang {functions[1]}; lines: {lines[0]}, by clang {lines[1]}")


if __name__ == "__main__":
    main()
