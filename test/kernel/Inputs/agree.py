# agree.py SPILE FILE.c OPTIONS...: every program of FILE.c in the kernel and on each engine here: all must leave the same.
# OPTIONS are of `spile exec`; programs that take no packet get none.
import re
import subprocess
import sys

spile, source, options = sys.argv[1], sys.argv[2], sys.argv[3:]
with open(source) as file:
    programs = re.findall(r'^SEC\("([^"]+)"\) int (\w+)\(', file.read(), re.M)
if not programs:
    sys.exit(f"{source} has no programs")
at = options.index("--packet")
without_packet = options[:at] + options[at + 2 :]
failed = False
for section, name in programs:
    given = without_packet if section in ("raw_tp", "syscall") else options
    command = [spile, "exec", source, "--prog", name, "--engine=kernel,interp,jit,checked", *given]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        failed = True
        print(f"{name}: {ran.stdout}{ran.stderr}")
sys.exit(failed)
