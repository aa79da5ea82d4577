# %run-all ARGS…: runs `spile run ARGS…` on every engine; all must agree on stdout and exit status. Prints it once.
import subprocess
import sys

spile, *args = sys.argv[1:]
results = {}
for engine in ("interp", "jit"):
    done = subprocess.run([spile, "run", f"--engine={engine}", *args], capture_output=True, timeout=60)
    results[engine] = (done.returncode, done.stdout, done.stderr)
first, second = results["interp"], results["jit"]
if first[:2] != second[:2]:
    print("engines disagree", file=sys.stderr)
    for engine, (code, out, err) in results.items():
        print(f"--- {engine}: exit {code}\n{out.decode(errors='replace')}{err.decode(errors='replace')}", file=sys.stderr)
    sys.exit(99)
sys.stdout.buffer.write(first[1])
sys.stderr.buffer.write(first[2])
sys.exit(first[0])
