# ./dev bench [FILTER]: what Spile costs beside its peers, as whole processes in one hyperfine run, and the engines'
# speed on the benchmark programs. Prints ratios: the machines are shared and noisy, so absolute times mean little.
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("filter", nargs="?", default="")
options = parser.parse_args()
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
spile = os.path.join(os.path.abspath(options.build), "bin", "spile")
CLANG = "/usr/lib/llvm-19/bin/clang"


def hyperfine(title, commands, runs=30):
    """Times the commands in turn; prints mean, minimum and the ratio to the first."""
    if options.filter and options.filter not in title:
        return
    print(f"== {title}", flush=True)
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        done = subprocess.run(["hyperfine", "-N", "-w", "5", "-m", str(runs), "--export-json", report.name, *commands.values()],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(done.stderr)
            return
        results = json.load(open(report.name))["results"]
    first = results[0]
    for name, result in zip(commands, results):
        ratio = result["median"] / first["median"]
        print(f"  {name:<28} median {result['median'] * 1000:8.2f} ms   min {result['min'] * 1000:8.2f} ms   {ratio:7.2f}x", flush=True)


def real_headers(folder):
    """The vmlinux.h of this kernel, as bpftool writes it: what a person compiles with today."""
    path = os.path.join(folder, "vmlinux.h")
    if not os.path.exists("/sys/kernel/btf/vmlinux") or not shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin"):
        return False
    with open(path, "w") as out:
        subprocess.run([shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin"), "btf", "dump", "file",
                        "/sys/kernel/btf/vmlinux", "format", "c"], stdout=out, check=True)
    return True


with tempfile.TemporaryDirectory() as folder:
    kill = os.path.join(root, "examples", "killsnoop.bpf.c")
    classic = os.path.join(root, "examples", "kill-classic.bpf.c")
    out = os.path.join(folder, "out.o")
    hyperfine("process start", {"spile version": f"{spile} version", "true": "/bin/true"}, runs=200)
    commands = {"spile build killsnoop": f"{spile} build {kill} -o {out}"}
    if real_headers(folder):
        # The shipped directory comes last: vmlinux.h and libbpf's headers are the real ones, only spile.h is ours.
        commands["clang-19, real headers"] = (f"{CLANG} -O2 -g -target bpf -I{folder} -idirafter {root}/lang-spec/include "
                                              f"-c {kill} -o {out}")
    commands["clang-19, our headers"] = (f"{CLANG} -O2 -g -target bpf -I{root}/lang-spec/include -I{options.build}/lang-spec/include "
                                         f"-c {kill} -o {out}")
    hyperfine("compile", commands)
    hyperfine("compile, classic", {
        "spile build kill-classic": f"{spile} build {classic} -o {out}",
        "clang-19, our headers": f"{CLANG} -O2 -g -target bpf -I{root}/lang-spec/include -I{options.build}/lang-spec/include -c {classic} -o {out}"})
    hyperfine("check", {"spile check killsnoop": f"{spile} check -q {kill}"})
    hyperfine("first event", {
        "spile run, interpreter": f"{spile} run -q {kill} -c true",
        "spile run, JIT": f"{spile} run -q --engine=jit {kill} -c true",
        "true": "/bin/true"})
if options.filter in "generated":
    print("== generated sources", flush=True)
    subprocess.run([os.path.join(root, "bench", "compile-time"), "--generated", "--spile", spile, "--largest", "2"], check=False)
if options.filter in "replay":
    print("== replay", flush=True)
    subprocess.run([os.path.join(root, "bench", "replay"), "--spile", spile], check=False)
if options.filter in "one-shot":
    print("== one shot", flush=True)
    subprocess.run([os.path.join(root, "bench", "one-shot"), "--spile", spile], check=False)
sys.exit(0)
