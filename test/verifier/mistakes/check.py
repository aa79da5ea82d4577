# What people run into with the verifier: each program has one mistake. Each must be reported on its line, with the place
# where what is missing was lost, the kernel's message and a hint; the program as its author would mend it must pass;
# and all are mended by `check --fix` too, but those whose mend only their author knows.
#
#     check.py SPILE FOLDER [OUT]
#
# OUT gets the mended programs, NAME.bpf.c, for the kernel to judge.
#
# `// expect: Name` stands on the line of the mistake (`*`: any name), `// lost` on lines that a note must name. With
# -DMENDED the program follows the hint.
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What the program is for decides how it is mended: another member, another number, which of two sums is meant.
AUTHOR_KNOWS = {"field-of-other-programs.bpf.c", "return-of-any-number.bpf.c", "sum-checked-apart.bpf.c"}
spile, folder = sys.argv[1], pathlib.Path(sys.argv[2])
wrong, mended = [], []


def check(*arguments):
    done = subprocess.run([spile, "check", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def judge(program):
    text = program.read_text().splitlines()
    expected = [(number, re.search(r"// expect: (\S+)", line)[1]) for number, line in enumerate(text, 1) if "// expect: " in line]
    assert len(expected) == 1, f"{program.name}: one mistake a program"
    line, name = expected[0]
    code, out = check("-q", "--diagnostics=json", program)
    reports = [json.loads(row) for row in out.splitlines() if row.startswith("{")]
    here = [r for r in reports if r.get("line") == line and name in ("*", r["name"])]
    if code != 1 or not here or reports[0].get("line") != line:
        return f"wanted {name} on line {line}, got " + "; ".join(f"{r.get('line')} {r['name']}" for r in reports)
    report = here[0]
    named = {note.get("line") for note in report["notes"]}
    for number, row in enumerate(text, 1):
        if "// lost" in row and number not in named:
            return f"line {number} is not named"
    if not report["hints"]:
        return "no hint"
    if not any(note["message"].startswith("kernel says: ") for note in report["notes"]):
        return "not what the kernel says"
    if len(check("-q", program)[1].splitlines()) > 12 * len(reports):
        return "more than 12 lines"
    code, out = check("-q", "-DMENDED", program)
    return f"does not pass when mended: {out}" if code else None


with tempfile.TemporaryDirectory() as scratch:
    programs = sorted(folder.glob("*.bpf.c"))
    for program in programs:
        why = judge(program)
        if why:
            wrong.append(f"{program.name}: {why}")
        copy = pathlib.Path(scratch) / program.name
        shutil.copy(program, copy)
        if check("--fix=apply", copy)[0] == 0:
            mended.append(program.name)
            if len(sys.argv) > 3:
                shutil.copy(copy, sys.argv[3])
        elif program.name not in AUTHOR_KNOWS:
            wrong.append(f"{program.name}: not mended by the tool")
print(f"{len(programs)} programs, {len(programs) - len(wrong)} told well, {len(mended)} mended by the tool")
for text in wrong:
    print(text)
sys.exit(bool(wrong) or len(mended) + len(AUTHOR_KNOWS) != len(programs))
