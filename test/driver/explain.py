# explain.py SPILE ROOT: every diagnostic of the verifier has its part of the manual, and the manual names no other.
import pathlib
import re
import subprocess
import sys

spile, root = sys.argv[1], pathlib.Path(sys.argv[2])
rows = set(re.findall(r"^SPILE_DIAG\((\w+)", (root / "lang-spec/tables/diagnostics/verifier.def").read_text(), re.M))
parts = set(re.findall(r"^### (\w+)$", (root / "lang-spec/reference/verifier.md").read_text(), re.M))
for name in sorted(rows ^ parts):
    print(f"{name}: " + ("has no part in verifier.md" if name in rows else "is no diagnostic of the verifier"))
short = [name for name in sorted(rows & parts)
         if len(subprocess.run([spile, "explain", name], capture_output=True, text=True).stdout.splitlines()) < 3]
for name in short:
    print(f"{name}: `spile explain` says nothing")
sys.exit(rows != parts or bool(short))
