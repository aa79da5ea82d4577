# trace_dat.py FILE [narrow] [relative]: a small trace.dat as trace-cmd.dat.v6(5) describes it: two CPUs, a switch of tasks, a start of a
# program and an open, with the formats of Linux 6.12. narrow: the arguments of the open as a 32-bit kernel has them.
# relative: the place of a text counts from its field's end.
import struct
import sys

PAGE = 4096


def text(content):
    return struct.pack("<Q", len(content)) + content.encode()


HEADER_PAGE = """\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;
"""
HEADER_EVENT = """# compressed entry header
\ttype_len    :    5 bits
\ttime_delta  :   27 bits
\tarray       :   32 bits

\tpadding     : type == 29
\ttime_extend : type == 30
\ttime_stamp : type == 31
\tdata max type_len  == 28
"""
COMMON = """\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

"""


def event(name, number, fields):
    lines = "".join(f"\tfield:{field};\toffset:{offset};\tsize:{size};\tsigned:{signed};\n" for field, offset, size, signed in fields)
    return text(f"name: {name}\nID: {number}\nformat:\n{COMMON}{lines}\nprint fmt: \"\"\n")


SWITCH = event("sched_switch", 300, [("char prev_comm[16]", 8, 16, 0), ("pid_t prev_pid", 24, 4, 1), ("int prev_prio", 28, 4, 1),
                                     ("long prev_state", 32, 8, 1), ("char next_comm[16]", 40, 16, 0), ("pid_t next_pid", 56, 4, 1),
                                     ("int next_prio", 60, 4, 1)])
EXEC = event("sched_process_exec", 301, [("__data_loc char[] filename", 8, 4, 0), ("pid_t pid", 12, 4, 1), ("pid_t old_pid", 16, 4, 1)])
OPEN = event("sys_enter_openat", 302, [("int __syscall_nr", 8, 4, 1), ("int dfd", 16, 8, 0), ("const char * filename", 24, 8, 0),
                                       ("int flags", 32, 8, 0), ("umode_t mode", 40, 8, 0)])
NARROW = event("sys_enter_openat", 302, [("int __syscall_nr", 8, 4, 1), ("int dfd", 12, 4, 0), ("const char * filename", 16, 4, 0),
                                         ("int flags", 20, 4, 0), ("umode_t mode", 24, 4, 0)])
is_narrow = "narrow" in sys.argv[2:]
is_relative = "relative" in sys.argv[2:]
if is_relative:
    EXEC = event("sched_process_exec", 301, [("__rel_loc char[] filename", 8, 4, 0), ("pid_t pid", 12, 4, 1), ("pid_t old_pid", 16, 4, 1)])


def page(start, records):
    """A page of a CPU's ring buffer: (delay, bytes) of each event."""
    data = b""
    for delay, record in records:
        record += bytes(-len(record) % 4)
        data += struct.pack("<I", len(record) // 4 | delay << 5) + record
    return (struct.pack("<QQ", start, len(data)) + data).ljust(PAGE, b"\0")


def common(number, thread):
    return struct.pack("<HBBi", number, 0, 0, thread)


switch = common(300, 7) + struct.pack("<16siiq16sii", b"sh", 7, 120, 1, b"cat", 9, 120)
start = common(301, 9) + struct.pack("<Iii", 10 << 16 | (20 - 12 if is_relative else 20), 9, 9) + b"/bin/true\0"
opened = common(302, 9) + struct.pack("<ixxxxQQQQ", 257, 0xffffffffffffff9c, 0x7ffe1000, 0x80000, 0)
if is_narrow:
    opened = common(302, 9) + struct.pack("<iiIII", 257, -100, 0x7ffe1000, 0x80000, 0)
pages = [page(1000000, [(0, switch), (5000, opened)]), page(1002000, [(0, start)])]

out = b"\x17\x08\x44tracing6\0" + struct.pack("<BBI", 0, 8, PAGE)
out += b"header_page\0" + text(HEADER_PAGE) + b"header_event\0" + text(HEADER_EVENT)
out += struct.pack("<I", 0)
out += struct.pack("<I", 2) + b"sched\0" + struct.pack("<I", 2) + SWITCH + EXEC + b"syscalls\0" + struct.pack("<I", 1) + (NARROW if is_narrow else OPEN)
out += struct.pack("<II", 0, 0)
out += text("7 sh\n9 cat\n")
out += struct.pack("<I", len(pages)) + b"options  \0" + struct.pack("<H", 0) + b"flyrecord\0"
first = -(-(len(out) + 16 * len(pages)) // PAGE) * PAGE
for i in range(len(pages)):
    out += struct.pack("<QQ", first + i * PAGE, PAGE)
with open(sys.argv[1], "wb") as file:
    file.write(out.ljust(first, b"\0") + b"".join(pages))
