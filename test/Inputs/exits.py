# exits.py CODE COMMAND...: runs the command; succeeds when it ends with exactly this exit status, within 60 s.
import subprocess
import sys

wanted = int(sys.argv[1])
done = subprocess.run(sys.argv[2:], timeout=60)
if done.returncode != wanted:
    print(f"exit status {done.returncode}, wanted {wanted}", file=sys.stderr)
    sys.exit(1)
