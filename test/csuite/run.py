"""run.py: generated C functions, compiled by us, by clang for BPF and by clang for this machine, must compute the same.

    python3 test/csuite/run.py --build build/release [--cases N] [--only NAME] [--seed N]

Every case of families.py and N random ones (program.py), in batches. clang -O1 makes the native library whose results
are right; the objects are ours at every level and for several instruction sets, and clang's for BPF, which checks the
engines themselves. Prints the differences and counts; exit status 1 when there is one. The batch with a difference
stays in the folder that --keep names (test/csuite/reduce.py makes it small).
"""
import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import families
import program

CLANG = "/usr/lib/llvm-19/bin/clang"
MEANING = ["-w", "-fwrapv", "-fno-strict-aliasing", "-std=gnu11"]
# Level, instruction set: what each batch is compiled to.
TARGETS = [("0", "v3"), ("1", "v1"), ("2", "v2"), ("2", "v3"), ("2", "v4")]
BATCH = 60


class Tools:
    def __init__(self, build, use_jit=True):
        self.spile = os.path.join(build, "bin", "spile")
        self.runner = os.path.join(build, "bin", "csuite_runner")
        jit = os.path.join(build, "bin", "spile-jit.so")
        self.jit = jit if use_jit and os.path.exists(jit) else "-"
        self.kernel = "-"  # or `kernel`


def run(command, timeout=120):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    return done.returncode, done.stdout.decode(errors="replace")


def compile_native(source, library):
    return run([CLANG, *MEANING, "-O1", "-shared", "-fPIC", "-Wno-everything", source, "-o", library])


def compile_for_bpf(source, target, cpu="v4"):
    return run([CLANG, *MEANING, "-target", "bpf", f"-mcpu={cpu}", "-O2", "-g", "-c", source, "-o", target])


def compile_ours(tools, level, cpu, source, target):
    return run([tools.spile, "build", "-w", "-O", level, "--mcpu", cpu, source, "-o", target])


def check(tools, source, folder, targets=TARGETS, inputs=8, clang_cpus=("v4",)):
    """The differences of one source file: lines of text."""
    library = os.path.join(folder, "native.so")
    code, output = compile_native(source, library)
    if code != 0:
        return [f"clang does not take {source}: {output[:300]}"]
    problems, objects = [], []
    for cpu in clang_cpus:
        path = os.path.join(folder, f"clang-{cpu}.o")
        if compile_for_bpf(source, path, cpu)[0] == 0:
            objects.append(path)
    for level, cpu in targets:
        path = os.path.join(folder, f"O{level}-{cpu}.o")
        code, output = compile_ours(tools, level, cpu, source, path)
        if code == 0:
            objects.append(path)
        elif level != "0" or "StackTooLarge" not in output:  # variables that stay in memory may not all fit
            problems.append(f"O{level} {cpu}: spile build ends with {code}: {output.strip()[:600]}")
    if objects:
        code, output = run([tools.runner, library, tools.jit, tools.kernel, str(inputs), *objects], timeout=1200)
        lines = output.splitlines()
        if code != 0 or not lines or not lines[-1].endswith(" 0 differences"):
            problems += [line.replace(folder + "/", "") for line in lines if not line.endswith("differences")] or [f"runner ends with {code}"]
    return problems


def write_batch(path, cases):
    with open(path, "w") as out:
        out.write(program.HEADER + "".join(cases))


def batches(options):
    cases = list(families.all_cases()) + [(f"case_random_{i}", program.random_case(f"case_random_{i}", options.seed + i, 5))
                                          for i in range(options.cases)]
    if options.only:
        cases = [c for c in cases if options.only in c[0]]
    return [cases[i:i + BATCH] for i in range(0, len(cases), BATCH)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--cases", type=int, default=900, help="how many random cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name has this")
    parser.add_argument("--no-jit", action="store_true")
    parser.add_argument("--keep", help="a folder for batches with a difference")
    options = parser.parse_args()
    tools = Tools(os.path.abspath(options.build), not options.no_jit)
    work = batches(options)
    differences = 0

    def one(number):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, f"batch{number}.c")
            write_batch(source, [text for _, text in work[number]])
            problems = check(tools, source, folder)
            if problems and options.keep:
                os.makedirs(options.keep, exist_ok=True)
                shutil.copy(source, options.keep)
            return [p.replace(folder + "/", "") for p in problems]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for number, problems in enumerate(pool.map(one, range(len(work)))):
            differences += len(problems)
            for problem in problems:
                print(f"batch{number}: {problem}", flush=True)
    print(f"{sum(len(b) for b in work)} cases, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
