# each.py SPILE FOLDER: every `// expect: Name [Name…]` of the folder's files is reported on its line, and nothing else is.
#
# The first line of a file may give options: `// options: -Wall`; or be `// check`: the verifier's verdict counts too.
import json
import pathlib
import re
import subprocess
import sys

failures = 0
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.c")):
    lines = path.read_text().splitlines()
    options = re.match(r"// options: (.*)", lines[0])
    wanted = sorted((number, name) for number, line in enumerate(lines, 1) if "// expect: " in line
                    for name in line.split("// expect: ")[1].split())
    command = ["check"] if lines[0] == "// check" else ["build", "--emit=ir"]
    done = subprocess.run([sys.argv[1], *command, "-q", "--diagnostics=json", "--max-errors=0",
                           *(options[1].split() if options else []), str(path)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    got = []
    for text in done.stderr.decode().splitlines():
        report = json.loads(text) if text.startswith("{") else {"line": 0, "name": text}
        got.append((report.get("line", 0), report["name"]))
    for number, name in sorted(set(wanted) - set(got)):
        print(f"{path.name}:{number}: {name} is not reported")
        failures += 1
    for number, name in sorted(set(got) - set(wanted)):
        print(f"{path.name}:{number}: {name} is reported, and not expected")
        failures += 1
    if not wanted:
        print(f"{path.name}: expects nothing")
        failures += 1
sys.exit(failures != 0)
