# emit_c.py SPILE "CLANG-BPF" EXAMPLES: `build --emit=c` of every tool of the gallery and of every one-liner is C that clang
# compiles, to an object that our verifier judges as it judges ours.
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

spile, clang, examples = sys.argv[1], shlex.split(sys.argv[2]), sys.argv[3]
arch = "x86" if os.uname().machine == "x86_64" else "arm64"


def programs():
    for path in sorted(glob.glob(os.path.join(examples, "*.bpf.c"))):
        yield os.path.basename(path), [path]
    page = open(os.path.join(examples, "oneliners.md"), encoding="utf-8").read()
    for line in re.findall(r"^\$ (.*)$", page, re.M):
        words = shlex.split(line)
        if "-e" in words:
            yield words[words.index("-e") + 1], ["-e", words[words.index("-e") + 1]]


def judged(path):
    done = subprocess.run([spile, "check", path], capture_output=True, text=True, timeout=60)
    return done.returncode, sorted(re.findall(r": (\w+) \([^)]*\): (accepted|rejected|cannot judge)", done.stderr)), done.stderr


faults = count = 0
with tempfile.TemporaryDirectory() as folder:
    source, theirs, ours = (os.path.join(folder, name) for name in ("emitted.bpf.c", "clang.o", "spile.o"))
    for name, what in programs():
        count += 1
        subprocess.run([spile, "build", *what, "-D__TARGET_ARCH_" + arch, "--emit=c", "-o", source], check=True, timeout=60)
        compiled = subprocess.run([*clang, "-D__TARGET_ARCH_" + arch, "-c", source, "-o", theirs], capture_output=True, text=True, timeout=120)
        if compiled.returncode == 0:
            subprocess.run([spile, "build", source, "-D__TARGET_ARCH_" + arch, "-o", ours], check=True, timeout=60)
            if judged(theirs)[:2] == judged(ours)[:2]:
                continue
        faults += 1
        print(f"{name}:\n{compiled.stderr}{judged(theirs) if compiled.returncode == 0 else ''}")
print(f"{count} programs, {faults} faults")
sys.exit(faults != 0 or count < 50)
