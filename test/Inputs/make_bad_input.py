# make_bad_input.py DIR: an empty file, 64 KiB of random bytes (seeded), 10 MB of `(`, 1 MB of `{`.
import os
import random
import sys

folder = sys.argv[1]
random.seed(1)


def write(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


write("empty.bpf.c", b"")
write("random.bpf.c", random.randbytes(65536))
write("parens.bpf.c", b"int f(void) { return " + b"(" * (10 << 20) + b"; }\n")
write("braces.bpf.c", b"int f(void) " + b"{" * (1 << 20) + b"\n")
