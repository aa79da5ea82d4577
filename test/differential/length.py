# length.py SPILE CLANG EXAMPLES NAME...: our code for an example is no longer than clang's: instructions per program.
import os
import re
import subprocess
import sys
import tempfile

spile, clang, examples = sys.argv[1], sys.argv[2].split(), sys.argv[3]


def lengths(path):
    """Function name -> instructions, from llvm-objdump's view of the object (user-side sections are not code there)."""
    text = subprocess.run(["llvm-objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    result, name = {}, None
    for line in text.splitlines():
        if match := re.match(r"[0-9a-f]+ <(\w+)>:", line):
            name = match[1]
        elif name and re.match(r"\s+[0-9a-f]+:\s", line):
            # lddw counts as two, as in the kernel.
            result[name] = result.get(name, 0) + (2 if " ll" in line else 1)
    return result


worse = False
with tempfile.TemporaryDirectory() as folder:
    for name in sys.argv[4:]:
        source = os.path.join(examples, name + ".bpf.c")
        subprocess.run([spile, "build", source, "-o", os.path.join(folder, "ours.o")], check=True)
        subprocess.run([*clang, "-mcpu=v3", "-c", source, "-o", os.path.join(folder, "theirs.o")], check=True)
        ours, theirs = lengths(os.path.join(folder, "ours.o")), lengths(os.path.join(folder, "theirs.o"))
        for function, length in ours.items():
            print(f"{name} {function}: {length} instructions, clang {theirs.get(function, 0)}")
            worse |= length > theirs.get(function, 0)
print("longer than clang's" if worse else "none is longer")
sys.exit(worse)
