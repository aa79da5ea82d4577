# read_interfaces.py FILE.pcapng: the interface that each packet is of, by name, and how long it is.
import struct
import sys

data = open(sys.argv[1], "rb").read()
at, names = 0, []
while at < len(data):
    kind, length = struct.unpack_from("<II", data, at)
    body = data[at + 8 : at + length - 4]
    if kind == 1:
        code, size = struct.unpack_from("<HH", body, 8)
        names.append(body[12 : 12 + size].decode() if code == 2 else "")
    if kind == 6:
        interface, _, _, captured, _ = struct.unpack_from("<IIIII", body)
        print(f"{names[interface]}: {captured} bytes")
    at += length
