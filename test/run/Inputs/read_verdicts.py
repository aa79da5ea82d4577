# read_verdicts.py FILE.pcapng: what its packets say of themselves: length, and of each program the comment and the verdict.
import struct
import sys

data = open(sys.argv[1], "rb").read()
at, packets = 0, []
while at < len(data):
    kind, length = struct.unpack_from("<II", data, at)
    body = data[at + 8 : at + length - 4]
    assert struct.unpack_from("<I", data, at + length - 4)[0] == length and length % 4 == 0
    if kind == 0x0A0D0D0A:
        assert struct.unpack_from("<IHH", body) == (0x1A2B3C4D, 1, 0)
    if kind == 6:
        _, _, _, captured, wire = struct.unpack_from("<IIIII", body)
        option, said = 20 + (captured + 3) // 4 * 4, []
        while True:
            code, size = struct.unpack_from("<HH", body, option)
            value = body[option + 4 : option + 4 + size]
            option += 4 + (size + 3) // 4 * 4
            if code == 0:
                break
            said.append(value.decode() if code == 1 else f"type {value[0]} result {struct.unpack('<q', value[1:])[0]}" if code == 7 else f"option {code}")
        packets.append(f"{captured} of {wire}: {'; '.join(said)}")
    at += length
print(*packets, sep="\n")
