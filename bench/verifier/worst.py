# The worst that a program may ask of the verifier: a million processed instructions, in five shapes.
#
#   python3 bench/verifier/worst.py [--spile BIN] [--only SHAPE]
#
# Prints for each shape what was processed, and of the whole `check` the time of the processor (what else runs on the
# machine does not count) and the most memory. Exit 1 where one takes longer than --seconds or more than --megabytes.
import argparse
import os
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser(description="The worst programs for the verifier.")
parser.add_argument("--spile", default="build/release/bin/spile")
parser.add_argument("--only", default="")
parser.add_argument("--seconds", type=float, default=1.0)
parser.add_argument("--megabytes", type=float, default=200)
options = parser.parse_args()


def program(lines, functions=""):
    body = "".join(f'"{line};"' for line in lines)
    return f"""#include <bpf/bpf_helpers.h>
{functions}
SEC("socket") __attribute__((naked)) int worst(void *ctx) {{
  asm volatile({body} "r0 = 0; exit;");
}}
char LICENSE[] SEC("license") = "GPL";
"""


def straight():
    """One long path: no state is ever compared."""
    return program(["r1 = 1", "r2 = 0"] + ["r2 += r1", "r1 ^= r2"] * 100_000)


def branches():
    """Paths that never meet again: what each branch was decided by is kept and needed."""
    lines = ["r6 = r10", "r7 = 0"]
    for i in range(60):
        lines += ["call 7", f"if r0 s> {i + 1} goto +1", f"r7 += {1 << (i % 28)}"]
    return program(lines + ["if r7 == 12345 goto +1", "r0 = 0"])


def loop():
    """A counter to a high bound: every turn is a state of its own."""
    return program(["r6 = 0", "1: r7 = r6", "r7 &= 255", "r8 = r7", "r6 += 1", "if r6 < 250000 goto 1b"])


def stack_loop():
    """The same with a full stack frame in each state."""
    fill = [f"*(u64 *)(r10 - {8 * i}) = r6" for i in range(1, 65)]
    read = [f"r1 = *(u64 *)(r10 - {8 * i})" for i in range(1, 65, 8)]
    return program(["r6 = 0"] + fill + ["1:"] + read + ["r6 += 1", "if r6 < 250000 goto 1b"])


def calls():
    """A chain of functions, entered anew for each turn of a loop."""
    functions = ""
    for depth in range(6, 0, -1):
        inner = f'"call callee{depth + 1};"' if depth < 6 else ""
        functions += (f"static __attribute__((naked, noinline)) int callee{depth}(long x) {{\n"
                      f'  asm volatile("*(u64 *)(r10 - 8) = r1;" {inner} "r0 = *(u64 *)(r10 - 8); exit;");\n}}\n')
    return program(["r6 = 0", "1: r1 = r6", "call callee1", "r6 += 1", "if r6 < 250000 goto 1b"], functions)


def measure(source):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "worst.c")
        obj = os.path.join(folder, "worst.o")
        open(path, "w").write(source)
        built = subprocess.run([options.spile, "build", "-q", "-o", obj, path], capture_output=True, text=True)
        if built.returncode != 0:
            sys.exit(f"worst: {built.stderr[:400]}")
        child = subprocess.Popen([options.spile, "check", "-v", obj], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        text = child.stderr.read()
        _, _, usage = os.wait4(child.pid, 0)
    found = re.search(r"(\d+) instructions, (\d+) processed, (\d+) states at most", text)
    if not found:
        sys.exit(f"worst: {text[:400]}")
    instructions, processed, states = map(int, found.groups())
    return instructions, processed, states, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


bad = False
print(f"{'shape':<12}{'instructions':>14}{'processed':>12}{'states':>9}{'seconds':>10}{'MB':>8}")
for shape in (straight, branches, loop, stack_loop, calls):
    if options.only not in shape.__name__:
        continue
    instructions, processed, states, seconds, megabytes = measure(shape())
    over = seconds > options.seconds or megabytes > options.megabytes
    bad |= over
    print(f"{shape.__name__:<12}{instructions:>14}{processed:>12}{states:>9}{seconds:>10.3f}{megabytes:>8.0f}{'  too much' if over else ''}")
sys.exit(bad)
