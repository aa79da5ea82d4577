# read_jitdump.py COMMAND...: runs the command with --perf-map's files in a folder of its own, and prints its jit-PID.dump: each function, its
# source lines in order, and whether its bytes and its name are whole.
import os
import struct
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    run = subprocess.Popen(sys.argv[1:], env=dict(os.environ, JITDUMPDIR=folder), stdout=subprocess.DEVNULL)
    assert run.wait(timeout=60) == 0
    os.unlink(f"/tmp/perf-{run.pid}.map")
    with open(f"{folder}/jit-{run.pid}.dump", "rb") as file:
        data = file.read()
magic, version, size, machine, _, pid, *_ = struct.unpack_from("<6IQQ", data)
print("header", hex(magic), version, size, machine in (62, 183), pid == run.pid)
at, lines, last = size, [], 0
while at < len(data):
    kind, size, time = struct.unpack_from("<IIQ", data, at)
    assert time >= last, "time goes back"
    last, fields, end = time, at + 16, at + size
    if kind == 2:
        address, count = struct.unpack_from("<QQ", data, fields)
        fields += 16
        for _ in range(count):
            there, line, discriminator = struct.unpack_from("<QII", data, fields)
            name = data[fields + 16:data.index(b"\0", fields + 16)].decode()
            fields += 16 + len(name) + 1
            lines.append((there, line, os.path.basename(name)))
        assert fields == end, "entries end where the record does"
    elif kind == 0:
        pid, tid, vma, address, code_size, index = struct.unpack_from("<IIQQQQ", data, fields)
        fields += 40
        name = data[fields:data.index(b"\0", fields)].decode()
        code = data[fields + len(name) + 1:end]
        inside = all(address <= there < address + code_size for there, *_ in lines[:-1]) and lines[-1][0] == address + code_size
        print("function", index, name, len(code) == code_size, "lines", *sorted({line for _, line, _ in lines}), *sorted({file for *_, file in lines}), inside)
        lines = []
    at = end
assert at == len(data)
