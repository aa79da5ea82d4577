"""Writes BTF whose `struct loop` has a member of its own type: python3 holds-itself.py OUT."""
import struct
import sys

strings = b"\0loop\0inner\0int\0"
INT, STRUCT = 1, 4
types = struct.pack("<4I", strings.index(b"int"), INT << 24, 4, 1 << 24 | 32)
types += struct.pack("<3I", strings.index(b"loop"), STRUCT << 24 | 1, 8) + struct.pack("<3I", strings.index(b"inner"), 2, 0)
header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings))
with open(sys.argv[1], "wb") as out:
    out.write(header + types + strings)
