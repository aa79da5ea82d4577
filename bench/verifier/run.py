# Our verifier beside the kernel's, on the same objects: verdicts, and time per program.
#
#   sudo python3 bench/verifier/run.py [--spile BIN] [--libbpf DIR] [--times N] [--list] OBJECT_OR_FOLDER...
#
# The objects are those of any compiler, for example what bench/corpus/run.py keeps of clang's. Ours are judged by the
# types and options of this machine (--btf=host --kconfig=host), as the kernel does it. Times are the verifiers' own:
# reading, relocating and compiling do not count on either side; the least of N attempts.
import argparse
import collections
import concurrent.futures
import glob
import math
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))

parser = argparse.ArgumentParser(description="Our verifier beside the kernel's.")
parser.add_argument("objects", nargs="+", help="objects, or folders of them")
parser.add_argument("--spile", default=os.path.join(PROJECT, "build", "release", "bin", "spile"))
parser.add_argument("--libbpf", default="", help="folder of a libbpf.a and its headers' parent, in place of the system's")
parser.add_argument("--times", type=int, default=3)
parser.add_argument("--list", action="store_true", help="list the differences, and the programs that take longest")
options = parser.parse_args()


def build(folder):
    binary = os.path.join(folder, "time")
    command = ["clang-19", "-O1", "-o", binary, os.path.join(HERE, "time.c")]
    if options.libbpf:
        command += [f"-I{options.libbpf}/include", os.path.join(options.libbpf, "libbpf.a"), "-lelf", "-lz"]
    else:
        command += ["-lbpf", "-lelf", "-lz"]
    subprocess.run(command, check=True)
    return binary


def output(command, seconds=600):
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
        return (done.stdout + done.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired:
        return ""


def of_kernel(timer, path):
    """{program: (verdict, microseconds, processed)}"""
    rows = (line.split() for line in output([timer, path, str(options.times)]).splitlines())
    return {r[0]: (r[1], float(r[2]), int(r[3])) for r in rows if len(r) == 4}


def of_spile(path):
    # One process for all attempts: the kernel's code is in memory too before it is asked.
    found, name = {}, None
    for line in output([options.spile, "check", "-v", "--btf=host", "--kconfig=host"] + [path] * options.times).splitlines():
        if verdict := re.match(r"spile: .*: (\S+) \(.*?\): (accepted|rejected|cannot judge)", line):
            name, word = verdict.group(1), verdict.group(2)
        elif name and (cost := re.match(r"spile:   .* (\d+) processed, .* ([\d.]+) ms$", line)):
            micros = float(cost.group(2)) * 1000
            best = min(micros, found[name][1]) if name in found else micros
            found[name] = ({"accepted": "accept", "rejected": "reject"}.get(word, word), best, int(cost.group(1)))
    return found


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else 0.0


paths = []
for one in options.objects:
    paths += sorted(glob.glob(os.path.join(one, "**", "*.o"), recursive=True)) if os.path.isdir(one) else [one]
table, differences, ratios, unjudged = collections.Counter(), [], [], 0
with tempfile.TemporaryDirectory() as folder:
    timer = build(folder)
    for done, path in enumerate(paths, 1):
        kernel, ours = of_kernel(timer, path), of_spile(path)
        for name, (verdict, micros, _) in kernel.items():
            if verdict == "error":  # not the verifier's: a map, an attach target, a policy
                unjudged += 1
                continue
            mine = ours.get(name, ("cannot judge", 0, 0))
            table[verdict, mine[0]] += 1
            if verdict != mine[0]:
                differences.append(f"{path}: {name}: kernel {verdict}, ours {mine[0]}")
            elif verdict == "accept" and micros > 0 and mine[1] > 0:
                ratios.append((mine[1] / micros, mine[1], micros, mine[2], f"{path}: {name}"))
        if sys.stderr.isatty():
            print(f"\r{done}/{len(paths)}", end="", file=sys.stderr, flush=True)
print("kernel    ours          programs")
for (kernel, mine), count in sorted(table.items()):
    print(f"{kernel:<10}{mine:<14}{count:>8}")
print(f"not put before the verifier by this kernel: {unjudged}")
if ratios:
    values = [r[0] for r in ratios]
    print(f"time of ours / the kernel's, {len(values)} accepted programs: geomean {geomean(values):.3f}, "
          f"median {sorted(values)[len(values) // 2]:.3f}, largest {max(values):.3f}, above 2: {sum(v > 2 for v in values)}; "
          f"sum {sum(r[1] for r in ratios) / sum(r[2] for r in ratios):.3f}")
if options.list:
    print("\n".join(differences))
    for ratio, mine, theirs, processed, name in sorted(ratios, key=lambda r: -r[1])[:10] + sorted(ratios, reverse=True)[:10]:
        print(f"{ratio:8.3f}x {mine:12.0f} us, kernel {theirs:10.0f} us, {processed} processed: {name}")
