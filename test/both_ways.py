# both_ways.py SPILE ARGUMENTS...: `spile run` on the command's system calls and on the kernel's tracepoints; prints what it printed
# when both say the same. Process ids differ from run to run: a number of three digits or more becomes N. The remarks at the end
# (stderr) have no order.
import re
import subprocess
import sys

spile, arguments = sys.argv[1], sys.argv[2:]
outcomes = {}
for way in ("ptrace", "kernel"):
    done = subprocess.run([spile, "run", f"--on={way}", *arguments], capture_output=True, timeout=60)
    remarks = b"".join(sorted(done.stderr.splitlines(keepends=True)))
    outcomes[way] = (done.returncode, re.sub(rb"\b\d{3,}\b", b"N", done.stdout + remarks))
if outcomes["ptrace"] != outcomes["kernel"]:
    for way, (code, text) in outcomes.items():
        print(f"--- {way}: exit status {code}\n{text.decode(errors='replace')}")
    sys.exit("the two ways differ")
sys.stdout.buffer.write(outcomes["kernel"][1])
print(f"exit status {outcomes['kernel'][0]}")
