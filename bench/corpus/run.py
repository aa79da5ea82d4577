# Real programs through Spile and clang: who accepts what, and what the kernel says of it.
#
#   python3 bench/corpus/run.py --root TREES [--spile BIN] [--load] [--check] [--only SUBSTRING] SET...
#   python3 bench/corpus/run.py --folder DIR --flags "-Ifoo -DBAR" ...       a folder of your own
#
# Sets are those of corpora.toml. clang's objects are kept in --cache and made again when the source is newer; how long
# each compiler takes is for ../compile-time, which runs both at the same time. A line
# for each file goes to --out (TSV); what is printed is the table of sums and, with --causes, the first error of each
# program that clang takes and Spile does not, counted by the name of its diagnostic.
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import resource
import shlex
import sys

import corpora
from corpora import Source, geomean, instructions, run

parser = argparse.ArgumentParser(description="Real programs through Spile and clang.")
corpora.add_options(parser)
parser.add_argument("--folder", action="append", default=[], help="a folder of sources instead of a set")
parser.add_argument("--flags", default="", help="flags for both compilers with --folder, added to a set's otherwise")
parser.add_argument("--clang", default="clang-19 -target bpf -O2 -g -mcpu=v3 -w", help="clang and its own flags")
parser.add_argument("--spile-flags", default="", help="flags for Spile alone")
parser.add_argument("--drop-flags", default="", help="flags of the set that Spile is not given (a regular expression)")
parser.add_argument("--cache", default="", help="clang's objects; default: ROOT/../clangobj")
parser.add_argument("--ours", default="", help="keep Spile's objects here; default: ROOT/../ourobj")
parser.add_argument("--check", action="store_true", help="also `spile check` on Spile's object")
parser.add_argument("--load", action="store_true", help="also load both objects in the kernel, a program at a time")
parser.add_argument("--libbpf", default="", help="folder of a libbpf.a and its headers' parent, in place of the system's")
parser.add_argument("--causes", action="store_true", help="list what Spile rejects, by cause")
parser.add_argument("--out", default="", help="write a line for each file here")
options = parser.parse_args()


def measure(source):
    row = {"set": source.set, "file": os.path.relpath(source.path, options.root or "/")}
    clang, clang_obj = CLANG.compile(source, options.root)
    row["clang"] = clang["ok"]
    ours = os.path.join(options.ours, source.set, os.path.basename(clang_obj))
    os.makedirs(os.path.dirname(ours), exist_ok=True)
    kept = [f for f in source.ours() if not (options.drop_flags and re.search(options.drop_flags, f))]
    if os.path.exists(ours):
        os.unlink(ours)
    code, text, _ = run([options.spile, "build", "-w", *shlex.split(options.spile_flags), *kept,
                               source.path, "-o", ours], cwd=os.path.dirname(source.path))
    row["spile"] = code == 0
    if code != 0:
        row["error"] = next((line for line in text.splitlines() if "error" in line), f"exit {code}: {text[-200:]}")
        found = re.search(r"\[(\w+)\]$", row["error"])
        row["cause"] = found.group(1) if found else f"exit {code}"
    if clang["ok"] and row["spile"]:
        row["clang_insns"], row["insns"] = instructions(clang_obj), instructions(ours)
        if options.check:
            code, text, _ = run([options.spile, "check", ours], timeout=120)
            row["check"] = code
            row["checks"] = {}
            for line in text.splitlines():
                found = re.match(r"spile: .*: (\S+) \(.*\): accepted", line)
                if found:
                    row["checks"][found.group(1)] = True
            if code != 0:
                row["check_error"] = next((line for line in text.splitlines() if "error" in line), text[-200:])
        if options.load:
            theirs = KERNEL.kept_loads(clang_obj)
            own = KERNEL.loads(ours)
            row["loads"] = {p: [ok, count, *own.get(p, (False, -1))] for p, (ok, count) in theirs.items()}
    return row


def summary(rows):
    print(f"{'set':<16}{'files':>6}{'clang':>7}{'spile':>7}{'share':>8}{'insns':>8}   loads in the kernel (programs)")
    for name in dict.fromkeys(row["set"] for row in rows):
        mine = [r for r in rows if r["set"] == name]
        taken = [r for r in mine if r["clang"]]
        both = [r for r in taken if r["spile"]]
        ratio = geomean([r["insns"] / r["clang_insns"] for r in both if r.get("clang_insns") and r.get("insns")])
        line = (f"{name:<16}{len(mine):>6}{len(taken):>7}{len(both):>7}{100 * len(both) / max(1, len(taken)):>7.1f}%"
                f"{ratio:>8.3f}")
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
CLANG = corpora.Clang(options.clang, options.cache)
KERNEL = corpora.Kernel(options.cache, options.libbpf) if options.load else None
work = []
for folder in options.folder:
    work += [Source("folder", os.path.abspath(f), shlex.split(options.flags))
             for f in sorted(glob.glob(os.path.join(folder, "**", "*.c"), recursive=True)) if options.only in f]
if not options.folder:
    work = corpora.chosen(options, shlex.split(options.flags))
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
