# link_types.py FOLDER [SPILE]: writes captures of several link types, of a packet of IPv4, one of IPv6 and one of something else;
# runs FOLDER/ports.o on each.
import os
import struct
import subprocess
import sys

folder = sys.argv[1]
udp4 = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes(4), bytes(4)) + struct.pack(">HHHH", 1000, 53, 8, 0)
udp6 = struct.pack(">IHBB16s16s", 6 << 28, 8, 17, 64, bytes(16), bytes(16)) + struct.pack(">HHHH", 1000, 54, 8, 0)


def ppp(head, number):
    return head + struct.pack(">H", number)


CAPTURES = {
    "NULL": (0, [struct.pack("<I", 2), struct.pack("<I", 30), struct.pack("<I", 7)]),
    "NULL, other order": (0, [struct.pack(">I", 2), struct.pack(">I", 24), struct.pack(">I", 7)]),
    "LOOP": (108, [struct.pack(">I", 2), struct.pack(">I", 24), b"\0\0"]),
    "PPP": (9, [ppp(b"\xff\3", 0x21), ppp(b"\xff\3", 0x57), ppp(b"\xff\3", 0xC021)]),
    "PPP, short": (9, [b"\x21", b"\x57", b""]),
    "PPP_SERIAL": (50, [ppp(b"\xff\3", 0x21), ppp(b"\xff\3", 0x57), b"\xff\3"]),
    "C_HDLC": (104, [struct.pack(">HH", 0x0F00, 0x0800), struct.pack(">HH", 0x0F00, 0x86DD), b"\x8f"]),
    "802.11": (105, [b"", b"", b""]),
}
for name, (link_type, heads) in CAPTURES.items():
    file = os.path.join(folder, f"{name}.pcap")
    if len(sys.argv) == 2:
        with open(file, "wb") as capture:
            capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type))
            for head, packet in zip(heads, (udp4, udp6, b"")):
                capture.write(struct.pack("<IIII", 1, 0, len(head + packet), len(head + packet)) + head + packet)
        continue
    run = subprocess.run([sys.argv[2], "run", os.path.join(folder, "ports.o"), "-i", file, "--pass", file + ".pass"], capture_output=True, text=True)
    if name == "802.11":
        print("same bytes:", all(open(os.path.join(folder, f"{n}.pcap"), "rb").read() == open(os.path.join(folder, f"{n}.pcap.pass"), "rb").read()
                                 for n in CAPTURES if n != name))
        print(f"{name}: {run.returncode} {run.stderr.splitlines()[0]}")
    else:
        print(f"{name}: {' | '.join(sorted(run.stdout.splitlines()))}")
