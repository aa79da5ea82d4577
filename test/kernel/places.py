# places.py SPILE FOLDER: programs of a network namespace and a control group of our own, and what they see there.
# Prints what each run printed, and what was left of it afterwards.
import ctypes
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile

spile, folder = sys.argv[1], sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x00020000
if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
    sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
bpffs = os.path.join(folder, "bpffs")
os.mkdir(bpffs)
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
subprocess.run(["mount", "-t", "bpf", "none", bpffs], check=True)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
groups = next(line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2")
group = os.path.join(groups, f"spile-places-{os.getpid()}")


def no_links():
    """A kernel without BPF_LINK_CREATE: bpf() says EINVAL to it."""
    PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
    number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
    code = [(0x20, 0, 0, 0),           # the call's number
            (0x15, 0, 3, number),      # bpf
            (0x20, 0, 0, 16),          # its first argument
            (0x15, 0, 1, 28),          # BPF_LINK_CREATE
            (0x06, 0, 0, 0x00050016),  # EINVAL
            (0x06, 0, 0, 0x7FFF0000)]  # allowed
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code), ctypes.addressof(filters)))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(PR_SET_SECCOMP, 2, program, 0, 0) != 0:
        os._exit(99)


class Run:
    """A run that is there while its block runs; then [out] is what it printed."""

    def __init__(self, file, *options, end=signal.SIGTERM, **how):
        self.end = end
        self.process = subprocess.Popen([spile, "run", "--on=kernel", os.path.join(folder, file), *options, "-T", "100s"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)

    def __enter__(self):
        said = self.process.stderr.readline()
        assert said == "spile: attached; Ctrl-C ends the run\n", said + self.process.stderr.read()
        return self

    def __exit__(self, *_):
        self.process.send_signal(self.end)
        self.out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == (0 if self.end == signal.SIGTERM else -self.end), self.process.returncode


def send(family=socket.AF_INET, sizes=(100, 100, 8)):
    """How many bytes of packets to ourselves do not come."""
    receiver, sender = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    receiver.settimeout(1)
    lost = 0
    for size in sizes:
        try:
            sender.sendto(b"x" * size, receiver.getsockname())
            receiver.recvfrom(4000)
        except (TimeoutError, PermissionError):
            lost += size
    return lost


LOST = {0: "all come", 8: "small packet lost"}
with Run("netfilter.bpf.c", "--prog", "by_option", "--netfilter", "ip/input") as run:
    lost = send()
print(f"netfilter by option: {LOST[lost]}, {re.search('counts.0. = [0-9]+', run.out)[0]}, then {LOST[send()]}")
with Run("netfilter.bpf.c", "--prog", "by_section") as run:
    lost = send()
print(f"netfilter by section: {LOST[lost]}, {re.search('counts.1. = [0-9]+', run.out)[0]}, then {LOST[send()]}")
with Run("netfilter.bpf.c", "--prog", "by_section", end=signal.SIGKILL) as run:
    lost = send()
print(f"netfilter, killed: {LOST[lost]}, then {LOST[send()]}")
with Run("netfilter.bpf.c", "--prog", "both") as run:
    send(), send(socket.AF_INET6)
print("both families:", " and ".join(re.findall("counts.[23]. = ([0-9]+)", run.out)))
subprocess.run(["ip", "link", "set", "lo", "mtu", "1500"], check=True)
with Run("netfilter.bpf.c", "--prog", "whole") as run:
    send(sizes=(3000,))
print("defrag:", re.search("counts.0. = ([0-9]+)", run.out)[1], "of 3000 bytes")

SOL_PACKET, PACKET_FANOUT = 263, 18
with Run("dissector.bpf.c") as run:
    reader = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    reader.bind(("lo", 3))
    reader.setsockopt(SOL_PACKET, PACKET_FANOUT, os.getpid() & 0xFFFF)  # by hash
    send()
    reader.close()
print("flow_dissector:", "dissected" if int(re.search("dissected = ([0-9]+)", run.out)[1]) > 0 else run.out)


def send_to_shared():
    lost = 0
    for size in (100, 100, 8):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x" * size, ("127.0.0.1", port))
        if not select.select(shared, [], [], 1)[0]:
            lost += size
        for reader in select.select(shared, [], [], 0)[0]:
            reader.recv(200)
    return lost


shared = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for one in shared:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind(("127.0.0.1", 0 if one is shared[0] else shared[0].getsockname()[1]))
port = shared[0].getsockname()[1]
with Run("reuseport.bpf.c", "--port", str(port)) as run:
    lost = send_to_shared()
print(f"sk_reuseport: {re.search('chosen[^=]* = ([0-9]+)', run.out)[1]} chosen, {LOST[lost]}, then {LOST[send_to_shared()]}")
for one in shared:
    one.close()
gone = subprocess.run([spile, "run", "-q", os.path.join(folder, "reuseport.bpf.c"), "--port", str(port)], capture_output=True, text=True)
print("sk_reuseport, nobody there:", gone.stderr.split("\n")[0].removeprefix("spile: "))


def inside(what):
    """[what] in a process of the control group; what it returns."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with open(os.path.join(group, "cgroup.procs"), "w") as procs:
                procs.write(str(os.getpid()))
            os.write(writing, str(what()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    return os.read(reading, 4000).decode()


def error_of(call, *arguments):
    try:
        call(*arguments)
        return 0
    except OSError as error:
        return error.errno


def do_everything():
    lost = 0
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        server, client = (socket.socket(family, socket.SOCK_STREAM) for _ in range(2))
        server.bind((address, 0))
        server.listen()
        client.connect(server.getsockname()[:2])
        client.getpeername()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        lost += send(family)
        server.close(), client.close()
    with tempfile.TemporaryDirectory() as place:
        server, client = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
        server.bind(place + "/s")
        client.bind(place + "/c")
        client.connect(place + "/s")
        client.getsockname()
        client.getpeername()
        other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        other.sendto(b"x", place + "/s")
        client.send(b"y")
        server.recvfrom(10), server.recvfrom(10)
    open("/proc/sys/kernel/hostname").read()
    open("/dev/null").close()
    return error_of(socket.socket().connect, ("127.0.0.1", 9))


def talk():
    """Five bytes over a connection whose ends are in the group."""
    server, client = socket.socket(), socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    client.connect(server.getsockname())
    end, _ = server.accept()
    end.settimeout(5)
    client.send(b"hello")
    return end.recv(10).decode()


def stream(*options, **how):
    with Run("sockets.bpf.c", *options, "--cgroup", group, **how) as run:
        assert inside(talk) == "hello"
    counted = dict(re.findall(r"bytes\[([01])\] = ([0-9]+)", run.out))
    return f"{counted.get('0')} bytes judged, {counted.get('1')} bytes parsed"


os.mkdir(group)
try:
    with Run("groups.bpf.c", "--cgroup", group) as run:
        refused = int(inside(do_everything))
    assert refused == 1, refused  # EPERM
    kinds = [int(kind) for kind, count in re.findall(r"seen\[([0-9]+)\] = ([0-9]+)", run.out) if int(count) > 0]
    print(f"cgroup: all {len(kinds)} kinds", *([f"but {sorted(set(range(28)) - set(kinds))}"] if len(kinds) != 28 else []))
    print("cgroup, after it:", "refused by nobody" if int(inside(do_everything)) == 111 else "refused")
    os.mkdir(group + "/below")
    shown = subprocess.run([spile, "run", "-q", os.path.join(folder, "list.bpf.c"), "--cgroup", group], capture_output=True, text=True).stdout.split()
    os.rmdir(group + "/below")
    print("iter/cgroup:", "this one and the one below" if shown == [os.path.basename(group), "below"] else shown)
    print("sk_msg:", stream("-D", "MSG").split(",")[0])
    print("sk_skb:", stream())
    unsaid = subprocess.run([spile, "run", "--on=kernel", os.path.join(folder, "sockets.bpf.c"), "-D", "TWO", "--cgroup", group], capture_output=True, text=True)
    print("sk_skb, of two maps:", unsaid.returncode, unsaid.stderr.strip().removeprefix("spile: ").replace("\n ", ","))
    print("sk_skb, of the other:", stream("-D", "TWO", "--map", "others").split(",")[0])
    with Run("filter.bpf.c", "--dev", "lo", preexec_fn=no_links):
        lost = send()
    left = subprocess.run(["tc", "qdisc", "show", "dev", "lo"], capture_output=True, text=True).stdout
    print(f"without links: on_ingress: {LOST[lost]}, then {LOST[send()]}", "but clsact is left" if "clsact" in left else "")
    # The map that one run fills with sockets and another attaches to.
    with Run("sockets.bpf.c", "--prog", "on_socket", "--cgroup", group, "--pin", bpffs + "/kept"):
        with Run("sockets.bpf.c", "-D", "MSG", "--prog", "on_message", "--map", bpffs + "/kept/peers", preexec_fn=no_links) as run:
            assert inside(talk) == "hello"
        print("without links: sk_msg:", re.search(r"bytes\[0\] = ([0-9]+)", run.out)[1], "bytes judged")
finally:
    os.rmdir(group)
