# The mistakes of every day: each program here has one. Counts how many are found on the right line, and how many come
# with a hint; the first thing that is said must be about that line.
#
#     check.py SPILE FOLDER
#
# `// expect: Name` stands on the line of the mistake (or, behind a missing brace, where the file ends); `*` takes any
# name: the message is another stage's.
import json
import pathlib
import re
import subprocess
import sys

spile, folder = sys.argv[1], pathlib.Path(sys.argv[2])
right, hinted, wrong = 0, 0, []
programs = sorted(folder.glob("*.bpf.c"))
for program in programs:
    lines = program.read_text().splitlines()
    expected = [(number, re.search(r"// expect: (\S+)", line).group(1))
                for number, line in enumerate(lines, 1) if "// expect: " in line]
    assert len(expected) == 1, f"{program.name}: one mistake a program"
    line, name = expected[0]
    done = subprocess.run([spile, "check", "-q", "--diagnostics=json", str(program)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=60)
    reports = [json.loads(text) for text in done.stderr.decode().splitlines() if text.startswith("{")]
    here = [r for r in reports if r.get("line") == line and name in ("*", r["name"])]
    if not here or reports[0].get("line") != line:
        wrong.append(f"{program.name}:{line}: wanted {name}, got " +
                     "; ".join(f"{r.get('line')} {r['name']} {r['message']}" for r in reports))
        continue
    right += 1
    if any(r["hints"] or r["fixits"] for r in here):
        hinted += 1
    else:
        print(f"no hint: {program.name}")
print(f"{len(programs)} programs, {right} on the right line, {hinted} with a hint")
for text in wrong:
    print(text)
sys.exit(bool(wrong) or hinted < 40)
