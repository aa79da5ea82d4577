# compare.py SPILE CLANG... -- NAME: one example, compiled by us and by clang, each object run on both engines: the four
# runs must print the same (process ids aside) and end with the same status.
import os
import re
import subprocess
import sys
import tempfile

spile, clang, examples, name = sys.argv[1], sys.argv[2].split(), sys.argv[3], sys.argv[4]
source = os.path.join(examples, name + ".bpf.c")
KILL = ["-c", "sh -c 'sleep 60 & kill -9 $!'"]
WORKLOADS = {
    "killsnoop": KILL,
    "kill-classic": KILL,
    "opensnoop": ["-c", "cat /etc/hostname /nonexistent"],
    "syscount": ["-c", "cat /etc/hostname"],
    "errsnoop": ["-c", "cat /nonexistent"],
    "execsnoop": ["-c", "sh -c '/bin/true one; exec /nowhere'"],
    "sigsnoop": ["-c", "sh -c 'kill -CONT $$'"],
    "tcpsummary": ["-i", os.path.join(examples, "tcpsummary.pcap")],
    "synflood": ["-i", os.path.join(examples, "tcpsummary.pcap"), "-G", "limit=1"],
    "portredirect": ["-i", os.path.join(examples, "tcpsummary.pcap"), "--pass", "OUT"],
    "dnsonly": ["-i", os.path.join(examples, "dnsonly.pcap"), "--pass", "OUT"],
}


def normalised(text, pids):
    """Process ids differ from run to run: each distinct one becomes P1, P2, ... in the order in which it is seen."""
    seen = {}

    def replace(match):
        return match[1] + seen.setdefault(match[2], f"P{len(seen) + 1}")

    return re.sub(pids, replace, text) if pids else text


PIDS = {"killsnoop": r"(pid )(\d+)", "kill-classic": r"(\[)(\d+)", "opensnoop": r"(?m)(^)(\d+)(?= /)",
        "execsnoop": r"(?m)(^)(\d+ *)", "sigsnoop": r"(?m)(^|to )(\d+ *)"}

with tempfile.TemporaryDirectory() as folder:
    ours, theirs = os.path.join(folder, "ours.o"), os.path.join(folder, "theirs.o")
    subprocess.run([spile, "build", source, "-o", ours], check=True)
    subprocess.run([*clang, "-c", source, "-o", theirs], check=True)
    results = {}
    for compiler, path in (("spile", ours), ("clang", theirs)):
        for engine in ("interp", "jit"):
            passed = os.path.join(folder, f"{compiler}-{engine}.pcap")
            workload = [passed if word == "OUT" else word for word in WORKLOADS[name]]
            done = subprocess.run([spile, "run", "-q", f"--engine={engine}", path, *workload], capture_output=True, timeout=60)
            output = normalised(done.stdout.decode(errors="replace"), PIDS.get(name))
            packets = open(passed, "rb").read() if os.path.exists(passed) else b""
            results[f"{compiler} on {engine}"] = (done.returncode, output, packets)
            if done.returncode >= 125:
                print(done.stderr.decode(errors="replace"), file=sys.stderr)
first = next(iter(results.values()))
for run, result in results.items():
    print(f"{run}: exit {result[0]}, {len(result[1].splitlines())} lines, {len(result[2])} bytes of packets")
    if result != first:
        print(f"differs:\n{first[1]}---\n{result[1]}")
        sys.exit(1)
print("all agree")
print(first[1])
