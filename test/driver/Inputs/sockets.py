# sockets.py SPILE PROBE FILE: opens sockets in the network namespace that this runs in, lets ss describe them in FILE, and
# compares what is found there with what the kernel finds.
import socket
import subprocess
import sys

spile, probe, path = sys.argv[1:]
PACKET = "020000000001020000000002080045000014000000004006000000000000000000000000000000"


def tcp(address, port, family=socket.AF_INET):
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    return made


def udp(address, port, peer=None):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    if peer:
        made.connect((address, peer))
    return made


subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
listeners = [tcp("127.0.0.1", 8080), tcp("0.0.0.0", 8082), tcp("::", 8083, socket.AF_INET6)]
for one in listeners:
    one.listen()
client = tcp("127.0.0.1", 5001)
client.connect(("127.0.0.1", 8080))
server = listeners[0].accept()
datagrams = [udp("127.0.0.1", 5353), udp("127.0.0.1", 5353, 6001), udp("0.0.0.0", 5354)]
with open(path, "wb") as file:
    file.write(subprocess.run(["ip", "-j", "addr"], capture_output=True, check=True).stdout)
    file.write(subprocess.run(["ss", "-Htuna"], capture_output=True, check=True).stdout)
for program in ("tc", "xdp"):
    done = subprocess.run([spile, "exec", probe, "--prog", program, "--packet", PACKET, "--net", path,
                           "--engine=kernel,interp,jit"], capture_output=True, text=True)
    print(program, done.stdout.split("\n")[0], done.stderr, flush=True)
