#!/usr/bin/env python3
"""The engines beside native code: `./dev bench engines`, or with options:

    bench/engines/run.py --build build/release --programs DIR [--only NAME] [--seconds S] [--ubpf DIR] [--objects DIR]

DIR holds bench.h and programs in the way of its `BENCH(body)`: one source, compiled here by clang for BPF and natively with
-O2. Everything is timed in one process, in random order, by CPU time; what is printed are medians as ratios to native code.
At the end: how long the JIT compiles each of them, by CPU time, from bytecode to code that can be called; with --objects
only that, of all programs in the objects under DIR.
--ubpf: a built checkout of iovisor/ubpf (build/lib/libubpf.a); its interpreter runs the programs that use no maps.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CLANG = "/usr/lib/llvm-19/bin/clang"
OPERATIONS = 1000  # that an op_* program does in a run
# The JIT compiles for this machine's CPU, native code here is for any: hence 0.9.
GOALS = {"pinned": 8.7, "checked": 12.7, "jit": 0.9, "checked-jit": 1.5}


def compile_all(folder, programs, only):
    """Pairs of an object and a shared object, by name."""
    sources = [os.path.join(d, f) for d in (programs, HERE) for f in sorted(os.listdir(d)) if f.endswith(".c") and f != "ubpf.c"]
    pairs = {}
    for source in sources:
        name = os.path.splitext(os.path.basename(source))[0]
        if only and only not in name:
            continue
        paths = os.path.join(folder, name + ".o"), os.path.join(folder, name + ".so")
        include = ["-I", programs, "-Wno-everything"]
        subprocess.run([CLANG, "-target", "bpf", "-mcpu=v3", "-O2", "-fno-builtin", "-g", "-DKERN", *include, "-c", source, "-o", paths[0]], check=True)
        subprocess.run([CLANG, "-O2", "-shared", "-fPIC", "-DNATIVE", "-DFN=bench_native", *include, source, "-o", paths[1]], check=True)
        pairs[name] = paths
    return pairs


def ubpf_times(options, folder, pairs):
    """Nanoseconds of a run in ubpf's interpreter, where it can run the program."""
    runner = os.path.join(folder, "ubpf")
    subprocess.run([CLANG, "-O2", "-I", os.path.join(options.ubpf, "vm/inc"), "-I", os.path.join(options.ubpf, "build/vm"),
                    os.path.join(HERE, "ubpf.c"), os.path.join(options.ubpf, "build/lib/libubpf.a"), "-lm", "-o", runner], check=True)
    times = {}
    for name in pairs:
        source = os.path.join(options.programs, name + ".c")
        if name.startswith("op_") or name == "hashmap" or not os.path.exists(source):
            continue
        bare = os.path.join(folder, name + ".bare.o")
        subprocess.run([CLANG, "-target", "bpf", "-mcpu=v3", "-O2", "-fno-builtin", "-Wno-everything", "-I", options.programs, "-c", source, "-o", bare], check=True)
        done = subprocess.run([runner, bare, str(options.seconds)], capture_output=True, text=True)
        if done.returncode == 0:
            times[name] = float(done.stdout)
    return times


def compile_times(build, objects, repetitions=3):
    """(program, instructions, microseconds) of each program in the objects, and how many could not be compiled."""
    done = subprocess.run([os.path.join(build, "bin/engines_compile"), "--repetitions", str(repetitions), *objects], stdout=subprocess.PIPE, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [(r["program"], r["insns"], r["us"]) for r in rows if "insns" in r], sum(r.get("left_out", 0) for r in rows)


def print_compile_times(rows, left_out, each):
    if not rows:
        return
    print(f"\n{'compiled':<16}{'insns':>9}{'us':>11}{'us an insn':>12}")
    for name, insns, us in rows if each else []:
        print(f"{name.split('/')[0]:<16}{insns:>9}{us:>11.0f}{us / insns:>12.1f}")
    insns, us = sum(r[1] for r in rows), sum(r[2] for r in rows)
    print(f"{f'all {len(rows)}':<16}{insns:>9}{us:>11.0f}{us / insns:>12.1f}")
    ratios = sorted(r[2] / r[1] for r in rows)
    at = lambda share: ratios[min(len(ratios) - 1, int(share * len(ratios)))]
    print(f"us an insn, by program: least {ratios[0]:.0f}, quarter {at(.25):.0f}, half {at(.5):.0f}, three quarters {at(.75):.0f}, "
          f"most {ratios[-1]:.0f} (goal 60); left out: {left_out}")


def geomean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--programs", default=os.path.join(HERE, "../../../shared/bench"))
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=0.1, help="of each measurement")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--ubpf")
    parser.add_argument("--objects")
    options = parser.parse_args()
    if options.objects:
        found = sorted(os.path.join(d, f) for d, _, names in os.walk(options.objects) for f in names if f.endswith(".o"))
        return print_compile_times(*compile_times(options.build, found), each=False)
    if not os.path.exists(os.path.join(options.programs, "bench.h")):
        sys.exit(f"bench/engines: no programs in {options.programs}: give a folder with --programs")
    with tempfile.TemporaryDirectory() as folder:
        pairs = compile_all(folder, options.programs, options.only)
        done = subprocess.run(
            [os.path.join(options.build, "bin/engines_bench"), *(p for pair in pairs.values() for p in pair), "--benchmark_format=json",
             "--benchmark_enable_random_interleaving=true", f"--benchmark_min_time={options.seconds}",
             f"--benchmark_repetitions={options.repetitions}"], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(1)
        compiled = compile_times(options.build, [object for object, _ in pairs.values()])
        times, insns = {}, {}
        for row in json.loads(done.stdout)["benchmarks"]:
            if row.get("aggregate_name") != "median":
                continue
            name, engine = row["run_name"].split("/")[:2]
            times.setdefault(name, {})[engine] = row["cpu_time"]
            insns[name] = row["insns"]
        if options.ubpf:
            for name, ns in ubpf_times(options, folder, pairs).items():
                times[name]["ubpf"] = ns
    engines = [e for e in ("native", "pinned", "portable", "checked", "jit", "checked-jit", "ubpf") if any(e in t for t in times.values())]
    programs = [n for n in times if not n.startswith("op_") and n != "minimal"]
    if programs:
        print(f"{'program':<16}{'insns':>9}{'native ns':>11}" + "".join(f"{e:>12}" for e in engines[1:]))
        for name in programs:
            t = times[name]
            print(f"{name:<16}{insns[name]:>9.0f}{t['native']:>11.1f}" +
                  "".join(f"{t[e] / t['native']:>11.2f}x" if e in t else f"{'-':>12}" for e in engines[1:]))
        ratios = {e: [times[n][e] / times[n]["native"] for n in programs if e in times[n]] for e in engines}
        print(f"{'geomean':<36}" + "".join(f"{geomean(ratios[e]):>11.2f}x" for e in engines[1:]))
        print(f"{'worst':<36}" + "".join(f"{max(ratios[e]):>11.2f}x" for e in engines[1:]))
        print(f"{'M insns/s':<36}" +
              "".join(f"{geomean([insns[n] / times[n][e] * 1000 for n in programs if e in times[n]]):>12.0f}" for e in engines[1:]))
        print(f"{'goal':<36}" + "".join(f"{GOALS[e]:>11.2f}x" if e in GOALS else f"{'':>12}" for e in engines[1:]))
    peer = [n for n in programs if "ubpf" in times[n]]
    for e in ("pinned", "checked"):
        if peer:
            print(f"ubpf's interpreter takes {geomean([times[n]['ubpf'] / times[n][e] for n in peer]):.1f} times as long as {e}, on {len(peer)} programs (goal 7)")
    engines.insert(engines.index("jit") + 1, "jit-2")
    print(f"\n{'ns of one':<16}" + "".join(f"{e:>12}" for e in engines))
    for name, t in times.items():
        if name.startswith("op_") or name == "minimal":
            # An entry is compared with a call of native code that does the same.
            count, less = (OPERATIONS, 0) if name.startswith("op_") else (1, t["native"])
            print(f"{name.removeprefix('op_') if count > 1 else 'entry':<16}" +
                  "".join(f"{(t[e] - less) / count:>12.2f}" if e in t else f"{'-':>12}" for e in engines))
    print_compile_times(*compiled, each=True)


main()
