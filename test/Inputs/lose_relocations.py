# lose_relocations.py OBJECT: an object as a tool leaves it that forgot the relocations: their sections are nothing now.
import struct
import sys

SHT_NULL, SHT_REL = 0, 9
with open(sys.argv[1], "r+b") as file:
    image = bytearray(file.read())
    (table,) = struct.unpack_from("<Q", image, 0x28)
    size, count = struct.unpack_from("<HH", image, 0x3A)
    lost = 0
    for header in range(table, table + size * count, size):
        if struct.unpack_from("<I", image, header + 4)[0] == SHT_REL:
            struct.pack_into("<I", image, header + 4, SHT_NULL)
            lost += 1
    assert lost, "no relocations"
    file.seek(0)
    file.write(image)
