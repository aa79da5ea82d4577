#!/usr/bin/env python3
"""Compares the uapi headers that ship with those they were made from, as clang reads them: all macros, all tokens.

    bench/btf/uapi.py [DIR]...        default: /usr/include; the asm headers are those of x86-64
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SHIPPED = os.path.join(ROOT, "lang-spec/include")
dirs = (sys.argv[1:] or ["/usr/include"]) + ["/usr/include/x86_64-linux-gnu"]


def read(name, flags, folders):
    command = ["clang-19", "-target", "bpf", "-nostdinc", "-P", "-E", *flags, *(f"-I{d}" for d in folders), "-x", "c", "-"]
    done = subprocess.run(command, input=f"#include <{name}>\n", capture_output=True, text=True)
    return done.stdout.split() if not flags else sorted(done.stdout.splitlines()), done.returncode


different, count = 0, 0
with tempfile.TemporaryDirectory() as alone:
    # Only the folders of uapi headers, so that both sides see the same rest.
    for folder in ("linux", "asm", "asm-generic"):
        os.symlink(os.path.join(os.path.abspath(SHIPPED), folder), os.path.join(alone, folder))
    for folder in ("linux", "asm", "asm-generic"):
        for path, _, names in os.walk(os.path.join(SHIPPED, folder)):
            for name in sorted(names):
                header = os.path.relpath(os.path.join(path, name), SHIPPED)
                if header == "linux/version.h":
                    continue
                count += 1
                for flags in ([], ["-dM"]):
                    ours, theirs = read(header, flags, [alone, *dirs]), read(header, flags, dirs)
                    if ours != theirs:
                        different += 1
                        print(f"{header}: {'macros' if flags else 'tokens'} differ")
print(f"{count} headers, {different} differences")
sys.exit(different != 0)
