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


def wlan(control, flags, more=b"", llc=b"\xaa\xaa\3\0\0\0\x08\x00"):
    return bytes([control, flags]) + bytes(2) + b"\2aaaaa\2bbbbb\2ccccc" + bytes(2) + more + llc


IPV6 = b"\xaa\xaa\3\0\0\0\x86\xdd"
# Of two words, with a time, flags that tell of a checksum, and what those of the second word have.
RADIOTAP = struct.pack("<BBHIIIQBB", 0, 0, 28, 0x80000003, 0x1, 0, 77, 0x10, 0) + bytes(2)
CAPTURES = {
    "SLIP": (8, [b"\0" + bytes(15), b"\1" + bytes(15)]),
    "802.11": (105, [wlan(0x08, 1), wlan(0x88, 3, b"\2ddddd" + bytes(2), IPV6), wlan(0x80, 0, llc=b"")]),
    "802.11, radiotap": (127, [RADIOTAP + wlan(0x88, 2, bytes(2)), RADIOTAP + wlan(0x08, 0, llc=IPV6), RADIOTAP + wlan(0x48, 1, llc=b"")]),
    "802.11, cut": (127, [RADIOTAP + wlan(0x08, 0), RADIOTAP + wlan(0x08, 0, llc=IPV6), RADIOTAP]),
    "802.11, unreadable": (105, [wlan(0x08, 0x41), wlan(0x88, 2, b"\x80\0", IPV6), b"\x08"]),
    "NULL": (0, [struct.pack("<I", 2), struct.pack("<I", 30), struct.pack("<I", 7)]),
    "NULL, other order": (0, [struct.pack(">I", 2), struct.pack(">I", 24), struct.pack(">I", 7)]),
    "LOOP": (108, [struct.pack(">I", 2), struct.pack(">I", 24), b"\0\0"]),
    "PPP": (9, [ppp(b"\xff\3", 0x21), ppp(b"\xff\3", 0x57), ppp(b"\xff\3", 0xC021)]),
    "PPP, short": (9, [b"\x21", b"\x57", b""]),
    "PPP_SERIAL": (50, [ppp(b"\xff\3", 0x21), ppp(b"\xff\3", 0x57), b"\xff\3"]),
    "C_HDLC": (104, [struct.pack(">HH", 0x0F00, 0x0800), struct.pack(">HH", 0x0F00, 0x86DD), b"\x8f"]),
    "USER0": (147, [b"", b"", b""]),
}
for name, (link_type, heads) in CAPTURES.items():
    file = os.path.join(folder, f"{name}.pcap")
    if len(sys.argv) == 2:
        with open(file, "wb") as capture:
            capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type))
            for head, packet in zip(heads, (udp4, udp6, b"")):
                packet += bytes(4) if name == "802.11, radiotap" else b""
                lost = 8 if name == "802.11, cut" else 0  # a snapshot that ends behind the ports
                packet = packet[:-4] if lost else packet
                capture.write(struct.pack("<IIII", 1, 0, len(head + packet), len(head + packet) + lost) + head + packet)
        continue
    run = subprocess.run([sys.argv[2], "run", os.path.join(folder, "ports.o"), "-i", file, "--pass", file + ".pass"], capture_output=True, text=True)
    left_out = [line for line in run.stderr.splitlines() if "802.11 hold" in line]
    if left_out:
        print(f"{name}: {' | '.join(sorted(run.stdout.splitlines()))}; {left_out[0]}")
    elif name == "USER0":
        print("same bytes:", all(open(os.path.join(folder, f"{n}.pcap"), "rb").read() == open(os.path.join(folder, f"{n}.pcap.pass"), "rb").read()
                                 for n in CAPTURES if n != name and "802.11" not in n))
        print(f"{name}: {run.returncode} {run.stderr.splitlines()[0]}")
    else:
        print(f"{name}: {' | '.join(sorted(run.stdout.splitlines()))}")
