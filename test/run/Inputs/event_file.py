# event_file.py FILE WHAT: a recording in the binary form (runtime/hooks/event_file.h) as no run of ours writes it.
import struct
import sys

path, what = sys.argv[1:]
HOOK, EVENT, NOTICE = 1, 2, 3


def filled(data):
    return data + bytes(-len(data) % 8)


def record(kind, hook, data):
    data = filled(data)
    return struct.pack("<IHH", 8 + len(data), kind, hook) + data


def described(name, size, fields):
    lines = [f"{name}\t{size}", *("\t".join(map(str, field)) for field in fields)]
    return record(HOOK, 0, "\n".join(lines).encode() + b"\0")


def event(time, context, pieces=b""):
    head = struct.pack("<QIIIIII16s", time, 0, 7, 7, 0, 0, len(context), b"sh")
    return record(EVENT, 0, head + filled(context) + pieces)


out = b"\x7fspilev\x01" + struct.pack("<Q", 1)
if what == "short":
    # Both records are cut off, the second one before its last field.
    out += described("sched/sched_switch", 64, [("long", "prev_pid", 8, 8), ("int", "next_pid", 24, 4)])
    out += event(1000, bytes(8) + struct.pack("<qqii", 5, 0, 77, 0))
    out += event(2000, bytes(8) + struct.pack("<q", 6))
elif what == "memory":
    # One event with more memory than 16 MiB.
    piece = bytes(17 << 20)
    out += described("syscalls/sys_enter_openat", 48, [])
    out += event(1000, bytes(48), struct.pack("<QQ", 0x1000, len(piece)) + piece)
    out += record(NOTICE, 0, b"3 events were lost\0")
elif what == "large":
    out += described("sched/sched_switch", 32, [("int", "next_pid", 24, 4)])
    out += event(1000, bytes(8192))
with open(path, "wb") as file:
    file.write(out)
