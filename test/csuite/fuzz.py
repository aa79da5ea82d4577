"""fuzz.py: `./dev fuzz compile --minutes N`: random programs until the time is over.

Each runs as we compile it (three levels, three instruction sets) and as clang does (for this machine, and for one BPF
instruction set after the other), on the interpreter, in the JIT and, as root, in the kernel; our verifier and the
kernel's judge every object. The spile that compiles is built with its checkers on: the IR after each pass, the replay of
the register allocation.

What the kernel alone computes otherwise with clang's object is counted, and no finding: native code, interpreter and
JIT agree there (Linux 6.18 prunes paths too early behind an atomic operation that fetches from the stack: the tracking
of precision does not see its load).

Each batch has a seed of its own, printed when something differs; the case is made small (reduce.py) and left in
build/fuzz/findings. Ends with the number of programs that ran.
"""
import argparse
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import program
import reduce
import run

BATCH = 40
CLANG_CPUS = ("v2", "v3", "v4")
MAX_REDUCED = 6  # of one batch: a compiler that is broken breaks them all
KERNELS_OWN = re.compile(r"\bcase_\d+ clang-v\d\.o kernel input")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--findings", required=True)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    tools = run.Tools(os.path.abspath(options.build))
    tools.kernel = "kernel" if os.geteuid() == 0 else "-"
    end = time.monotonic() + options.minutes * 60
    programs, findings, number, kernels_own = 0, 0, 0, 0
    while time.monotonic() < end:
        seed = options.seed * 1_000_000 + number * BATCH
        size = 3 + number % 8
        number += 1
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "batch.c")
            names = [f"case_{i}" for i in range(BATCH)]
            run.write_batch(source, [program.random_case(name, seed + i, size) for i, name in enumerate(names)])
            problems = run.check(tools, source, folder, clang_cpus=(CLANG_CPUS[number % len(CLANG_CPUS)],))
            programs += BATCH
            theirs = [problem for problem in problems if KERNELS_OWN.match(problem)]
            if theirs == problems:
                for problem in theirs:
                    print(f"seed {seed} size {size}: {problem}, the kernel alone", flush=True)
                kernels_own += len(theirs)
                continue
            for problem in problems:
                print(f"seed {seed} size {size}: {problem}", flush=True)
            for name in sorted({m for p in problems for m in re.findall(r"\bcase_\d+\b", p)})[:MAX_REDUCED]:
                findings += 1
                lines = reduce.Reducer(tools, name).run(reduce.case_text(source, name))
                os.makedirs(options.findings, exist_ok=True)
                path = os.path.join(options.findings, f"compile-{seed}-{name}.c")
                with open(path, "w") as out:
                    out.write(program.HEADER + "\n".join(lines or reduce.case_text(source, name)) + "\n")
                print(f"left {path}", flush=True)
    alone = f", the kernel alone differs on {kernels_own} of clang's" if kernels_own else ""
    print(f"{programs} programs, {findings} findings{alone}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
