# every_instruction.py SPILE PROGRAM FUNCTION ARGUMENT...: probes each instruction of FUNCTION while PROGRAM runs; it must print
# what it prints else. Prints how many of them there are.
import re
import shlex
import subprocess
import sys
import tempfile

spile, program, function, *arguments = sys.argv[1:]
listing = subprocess.run(["llvm-objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True).stdout
start, body = re.search(rf"^([0-9a-f]+) <{function}>:\n(.*?)(?:\n\n|\Z)", listing, re.S | re.M).groups()
code = [line.split(":\t") if ":\t" in line else line.split(":", 1) for line in body.splitlines() if re.match(r"\s*[0-9a-f]+:", line)]
offsets = [int(address, 16) - int(start, 16) for address, text in code if "int3" not in text]
probe = '#include "vmlinux.h"\n#include <spile_tables.h>\nCOUNT(hits, u64);\n'
for offset in offsets:
    probe += f'SEC("uprobe/{program}:{function}+{offset}") int at_{offset}(void *ctx) {{ count(hits, {offset}); return 0; }}\n'
with tempfile.NamedTemporaryFile("w", suffix=".bpf.c") as file:
    file.write(probe + 'char LICENSE[] SEC("license") = "GPL";\n')
    file.flush()
    command = [program, *arguments]
    alone = subprocess.run(command, capture_output=True, text=True, timeout=60)
    probed = subprocess.run([spile, "run", "--on=ptrace", file.name, "-c", shlex.join(command)], capture_output=True, text=True, timeout=120)
hits = [line for line in probed.stdout.splitlines() if line.startswith("hits[")]
rest = "".join(line + "\n" for line in probed.stdout.splitlines() if not line.startswith("hits["))
if (rest, probed.stderr, probed.returncode) != (alone.stdout, "", alone.returncode):
    sys.exit(f"{command}: {alone.returncode}\n{alone.stdout}\nwith probes: {probed.returncode}\n{rest}{probed.stderr}")
print(f"{function}: {len(offsets)} instructions, {len(hits)} of them run, the same output")
