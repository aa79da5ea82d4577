# network.py SPILE FOLDER: programs on packets of a loopback interface in a network namespace of our own, and of a control group of our
# own. Prints what each run printed.
import ctypes
import os
import socket
import subprocess
import sys
import time

spile, folder = sys.argv[1], sys.argv[2]
CLONE_NEWNET = 0x40000000
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
    sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
group = next((line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2"), None)


def send():
    receiver, sender = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(2)
    for size in (100, 100, 8):
        sender.sendto(b"x" * size, receiver.getsockname())
        try:
            receiver.recv(200)
        except TimeoutError:
            print("  a packet of", size, "bytes did not come")


def run(name, *options, inside=None):
    """Sends three packets while the program is there, and three when it is not."""
    print(name, flush=True)
    probe = subprocess.Popen([spile, "run", "--on=kernel", "--prog", name, os.path.join(folder, "packets.bpf.c"), *options, "-T", "60s"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = probe.stderr.readline()
    assert said == "spile: attached; Ctrl-C ends the run\n", said + probe.stderr.read()
    child = os.fork()
    if child == 0:
        if inside:
            with open(os.path.join(inside, "cgroup.procs"), "w") as procs:
                procs.write(str(os.getpid()))
        send()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
    probe.terminate()
    print("  " + probe.communicate(timeout=20)[0].strip().replace("\n", "; "), "status", probe.returncode, flush=True)


for name in ("on_socket", "on_xdp", "on_ingress", "on_egress", "on_lookup"):
    run(name, "--dev", "lo")
# What was attached is gone.
send()
print("all three came", flush=True)
if group:
    own = os.path.join(group, f"spile-{os.getpid()}")
    os.mkdir(own)
    try:
        run("on_group", "--cgroup", own, inside=own)
    finally:
        time.sleep(0.2)
        os.rmdir(own)
missing = subprocess.run([spile, "run", "-q", "--prog", "on_xdp", os.path.join(folder, "packets.bpf.c"), "--dev", "no-such"], capture_output=True, text=True)
print(missing.returncode, missing.stderr.strip().split("\n")[0])
unsaid = subprocess.run([spile, "run", "-q", "--on=kernel", "--prog", "on_xdp", os.path.join(folder, "packets.bpf.c")], capture_output=True, text=True)
print(unsaid.returncode, unsaid.stderr.strip())
