# Real programs through Spile and clang: who accepts what, what the kernel says of it, how long it took.
#
#   python3 bench/corpus/run.py --root TREES [--spile BIN] [--load] [--check] [--only SUBSTRING] SET...
#   python3 bench/corpus/run.py --folder DIR --flags "-Ifoo -DBAR" ...       a folder of your own
#
# Sets are those of corpora.toml. clang's objects are kept in --cache and made again when the source is newer. A line
# for each file goes to --out (TSV); what is printed is the table of sums and, with --causes, the first error of each
# program that clang takes and Spile does not, counted by the name of its diagnostic.
import argparse
import collections
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import resource
import shlex
import struct
import subprocess
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))

parser = argparse.ArgumentParser(description="Real programs through Spile and clang.")
parser.add_argument("sets", nargs="*", help="names in corpora.toml; default: all")
parser.add_argument("--root", default=os.environ.get("SPILE_CORPUS", ""), help="where the trees stand")
parser.add_argument("--folder", action="append", default=[], help="a folder of sources instead of a set")
parser.add_argument("--flags", default="", help="flags for both compilers with --folder, added to a set's otherwise")
parser.add_argument("--clang", default="clang-19 -target bpf -O2 -g -mcpu=v3 -w", help="clang and its own flags")
parser.add_argument("--spile", default=os.path.join(PROJECT, "build", "release", "bin", "spile"))
parser.add_argument("--spile-flags", default="", help="flags for Spile alone")
parser.add_argument("--drop-flags", default="", help="flags of the set that Spile is not given (a regular expression)")
parser.add_argument("--cache", default="", help="clang's objects; default: ROOT/../clangobj")
parser.add_argument("--ours", default="", help="keep Spile's objects here; default: ROOT/../ourobj")
parser.add_argument("--check", action="store_true", help="also `spile check` on Spile's object")
parser.add_argument("--load", action="store_true", help="also load both objects in the kernel, a program at a time")
parser.add_argument("--libbpf", default="", help="folder of a libbpf.a and its headers' parent, in place of the system's")
parser.add_argument("--only", default="", help="only files with this in their path")
parser.add_argument("--every", type=int, default=1, help="only each Nth file: a sample")
parser.add_argument("--causes", action="store_true", help="list what Spile rejects, by cause")
parser.add_argument("--out", default="", help="write a line for each file here")
parser.add_argument("-j", type=int, default=2)
options = parser.parse_args()

EM_BPF = 247


def instructions(path):
    """Instructions in the executable sections of an ELF object; 0 when it cannot be read."""
    try:
        data = open(path, "rb").read()
        if data[:4] != b"\x7fELF" or struct.unpack_from("<H", data, 18)[0] != EM_BPF:
            return 0
        table, = struct.unpack_from("<Q", data, 40)
        entry, count = struct.unpack_from("<HH", data, 58)
        total = 0
        for i in range(count):
            _, kind, flags, _, _, size = struct.unpack_from("<IIQQQQ", data, table + i * entry)
            if kind == 1 and flags & 4:  # SHT_PROGBITS, SHF_EXECINSTR
                total += size // 8
        return total
    except (OSError, struct.error):
        return 0


def run(command, timeout=60, cwd=None):
    """(exit code, output, seconds); a code of -99 for one that did not end in time."""
    begin = time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, cwd=cwd,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode(errors="replace"), time.monotonic() - begin
    except subprocess.TimeoutExpired:
        return -99, "error: did not end in time [Timeout]", time.monotonic() - begin


def build_loader():
    binary = os.path.join(options.cache, "load")
    source = os.path.join(HERE, "load.c")
    if os.path.exists(binary) and os.path.getmtime(binary) > os.path.getmtime(source):
        return binary
    command = ["clang-19", "-O1", "-o", binary, source]
    if options.libbpf:
        command += [f"-I{options.libbpf}/include", os.path.join(options.libbpf, "libbpf.a"), "-lelf", "-lz"]
    else:
        command += ["-lbpf", "-lelf", "-lz"]
    subprocess.run(command, check=True)
    return binary


def loads(loader, path):
    """{program: (accepted, errno or processed instructions)}"""
    _, text, _ = run([loader, path], timeout=300)
    result = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["program"]:
            result[words[1]] = (words[2] == "ok", int(words[3]))
    return result


def programs_of(set_name):
    tables = tomllib.load(open(os.path.join(HERE, "corpora.toml"), "rb"))
    row = tables["set"][set_name]
    flags = [flag.replace("{root}", options.root) for flag in row["flags"] + tables["common"]["flags"]]
    files = sorted({f for pattern in row["files"] for f in glob.glob(os.path.join(options.root, pattern), recursive=True)})
    if not row.get("all"):
        files = [f for f in files if "SEC(" in open(f, errors="replace").read()]
    return [(set_name, f, flags + shlex.split(options.flags)) for f in files]


def cached_clang(name, path, flags):
    """clang's object of a source, or its message. Kept between runs."""
    command = shlex.split(options.clang) + flags + [f"-I{os.path.dirname(path)}", "-c", path]
    key = hashlib.sha1(" ".join(command).encode()).hexdigest()[:12]
    stem = os.path.join(options.cache, name, re.sub(r"[^A-Za-z0-9_.-]", "_", os.path.relpath(path, options.root or "/")))
    record = f"{stem}.{key}.json"
    obj = f"{stem}.o"
    if os.path.exists(record) and os.path.getmtime(record) > os.path.getmtime(path):
        return json.load(open(record)), obj
    os.makedirs(os.path.dirname(obj), exist_ok=True)
    if os.path.exists(obj):
        os.unlink(obj)
    code, text, seconds = run(command + ["-o", obj], cwd=os.path.dirname(path))
    first = next((line for line in text.splitlines() if "error" in line), "")
    answer = {"ok": code == 0, "error": first, "seconds": seconds, "loads": None}
    json.dump(answer, open(record, "w"))
    return answer, obj


def clang_loads(loader, record_of, obj):
    """What the kernel says of clang's object, kept beside it."""
    path = obj + ".loads.json"
    if os.path.exists(path) and os.path.getmtime(path) > os.path.getmtime(obj):
        return json.load(open(path))
    answer = loads(loader, obj)
    json.dump(answer, open(path, "w"))
    return answer


CLANG_ONLY = re.compile(r"^-(W|O|mcpu)")


def measure(program):
    name, path, flags = program
    row = {"set": name, "file": os.path.relpath(path, options.root or "/")}
    clang, clang_obj = cached_clang(name, path, flags)
    row["clang"] = clang["ok"]
    row["clang_seconds"] = clang["seconds"]
    ours = os.path.join(options.ours, name, os.path.basename(clang_obj))
    os.makedirs(os.path.dirname(ours), exist_ok=True)
    kept = [f for f in flags if not CLANG_ONLY.match(f) and not (options.drop_flags and re.search(options.drop_flags, f))]
    if os.path.exists(ours):
        os.unlink(ours)
    code, text, seconds = run([options.spile, "build", "-w", *shlex.split(options.spile_flags), *kept,
                               f"-I{os.path.dirname(path)}", path, "-o", ours], cwd=os.path.dirname(path))
    row["spile"] = code == 0
    row["seconds"] = seconds
    if code != 0:
        row["error"] = next((line for line in text.splitlines() if "error" in line), f"exit {code}: {text[-200:]}")
        found = re.search(r"\[(\w+)\]$", row["error"])
        row["cause"] = found.group(1) if found else f"exit {code}"
    if clang["ok"] and row["spile"]:
        row["clang_insns"], row["insns"] = instructions(clang_obj), instructions(ours)
        if options.check:
            code, text, row["check_seconds"] = run([options.spile, "check", ours], timeout=120)
            row["check"] = code
            row["checks"] = {}
            for line in text.splitlines():
                found = re.match(r"spile: .*: (\S+) \(.*\): accepted", line)
                if found:
                    row["checks"][found.group(1)] = True
            if code != 0:
                row["check_error"] = next((line for line in text.splitlines() if "error" in line), text[-200:])
        if options.load:
            theirs = clang_loads(LOADER, clang, clang_obj)
            own = loads(LOADER, ours)
            row["loads"] = {p: [ok, count, *own.get(p, (False, -1))] for p, (ok, count) in theirs.items()}
    return row


def geomean(values):
    import math
    values = [v for v in values if v > 0]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else 0.0


def summary(rows):
    print(f"{'set':<16}{'files':>6}{'clang':>7}{'spile':>7}{'share':>8}{'insns':>8}{'speed':>8}   loads in the kernel (programs)")
    for name in dict.fromkeys(row["set"] for row in rows):
        mine = [r for r in rows if r["set"] == name]
        taken = [r for r in mine if r["clang"]]
        both = [r for r in taken if r["spile"]]
        ratio = geomean([r["insns"] / r["clang_insns"] for r in both if r.get("clang_insns") and r.get("insns")])
        speed = geomean([r["clang_seconds"] / r["seconds"] for r in both])
        line = (f"{name:<16}{len(mine):>6}{len(taken):>7}{len(both):>7}{100 * len(both) / max(1, len(taken)):>7.1f}%"
                f"{ratio:>8.3f}{speed:>7.1f}x")
        loaded = [v for r in both for v in r.get("loads", {}).values()]
        if loaded:
            theirs = [v for v in loaded if v[0]]
            kept = [v for v in theirs if v[2]]
            line += f"   {len(kept)} of {len(theirs)}; processed {geomean([v[3] / v[1] for v in kept if v[1]]):.3f}"
        checked = [r for r in both if "check" in r]
        if checked:
            line += f"   check: {sum(r['check'] == 0 for r in checked)} of {len(checked)} accepted, {sum(r['check'] == 5 for r in checked)} not judged"
        print(line)


if not options.cache:
    options.cache = os.path.join(os.path.dirname(options.root.rstrip("/")) or "/tmp", "clangobj")
if not options.ours:
    options.ours = os.path.join(os.path.dirname(options.root.rstrip("/")) or "/tmp", "ourobj")
options.root = os.path.abspath(options.root) if options.root else ""
os.makedirs(options.cache, exist_ok=True)
LOADER = build_loader() if options.load else None
work = []
for folder in options.folder:
    work += [("folder", os.path.abspath(f), shlex.split(options.flags))
             for f in sorted(glob.glob(os.path.join(folder, "**", "*.c"), recursive=True))]
if not options.folder:
    if not options.root:
        sys.exit("run.py: --root (or SPILE_CORPUS) says where the trees stand; see corpora.toml")
    names = options.sets or list(tomllib.load(open(os.path.join(HERE, "corpora.toml"), "rb"))["set"])
    for one in names:
        work += programs_of(one)
work = [w for w in work if options.only in w[1]][::options.every]
rows = []
with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
    for done, row in enumerate(pool.map(measure, work), 1):
        rows.append(row)
        if sys.stderr.isatty() or done % 100 == 0:
            print(f"\r{done}/{len(work)} {row['file'][-60:]:<60}", end="", file=sys.stderr, flush=True)
print(file=sys.stderr)
summary(rows)
if options.causes:
    missing = [r for r in rows if r["clang"] and not r["spile"]]
    for cause, count in collections.Counter(r["cause"] for r in missing).most_common():
        print(f"\n{count} x {cause}")
        for r in [m for m in missing if m["cause"] == cause][:400]:
            print(f"    {r['file']}: {r['error'][-230:]}")
if options.out:
    json.dump(rows, open(options.out, "w"), indent=0)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"largest child: {peak // 1024} MB")
