# Exit 0 when this process may load a program: `r0 = 0; exit` as a socket filter, by the bare system call.
import ctypes
import os
import struct
import sys

insns = bytes.fromhex("b700000000000000" "9500000000000000")
code = ctypes.create_string_buffer(insns)
licence = ctypes.create_string_buffer(b"GPL")
BPF_PROG_LOAD, SOCKET_FILTER = 5, 1
attr = struct.pack("IIQQ", SOCKET_FILTER, 2, ctypes.addressof(code), ctypes.addressof(licence)).ljust(128, b"\0")
number = {"x86_64": 321, "aarch64": 280}.get(os.uname().machine)
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(number, BPF_PROG_LOAD, attr, len(attr)) if number else -1
sys.exit(0 if fd >= 0 else 1)
