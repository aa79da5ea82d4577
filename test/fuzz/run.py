# ./dev fuzz [SECONDS] [NAME]: builds the fuzzers with AddressSanitizer and runs each for a while, from the examples and
# the tests as a corpus. A finding stays in build/fuzz/findings with the command that repeats it.
import argparse
import glob
import os
import shutil
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--root", required=True)
parser.add_argument("seconds", nargs="?", type=int, default=60)
parser.add_argument("name", nargs="?", default="")
options = parser.parse_args()
root = os.path.abspath(options.root)
build = os.path.join(root, "build", "fuzz")
SEEDS = {
    "source_fuzzer": ["examples/*.c", "test/*/*.c", "test/Inputs/*.c"],
    "ir_fuzzer": ["test/*/*.ir"],
    "object_fuzzer": ["build/*/test/**/*.o"],
    "verifier_fuzzer": [],
}
    "btf_fuzzer": ["build/*/test/btf/**/*.btf"],
if not os.path.exists(os.path.join(build, "build.ninja")):
    subprocess.run(["cmake", "--preset", "asan", "-B", build, "-DSPILE_FUZZ=ON"], cwd=root, check=True, stdout=subprocess.DEVNULL)
names = [name for name in SEEDS if options.name in name]
subprocess.run(["ninja", "-C", build, *names], check=True)
failed = False
for name in names:
    corpus = os.path.join(build, "corpus", name)
    findings = os.path.join(build, "findings", "")
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(findings, exist_ok=True)
    for pattern in SEEDS[name]:
        for path in glob.glob(os.path.join(root, pattern), recursive=True):
            shutil.copy(path, os.path.join(corpus, os.path.relpath(path, root).replace("/", "_")))
    print(f"== {name}: {options.seconds} s", flush=True)
    done = subprocess.run([os.path.join(build, "bin", "fuzz", name), corpus, f"-max_total_time={options.seconds}", "-timeout=10",
                           "-rss_limit_mb=4096", "-max_len=16384", f"-artifact_prefix={findings}{name}-", "-verbosity=0",
                           "-print_final_stats=1"])
    failed |= done.returncode != 0
sys.exit(1 if failed else 0)
