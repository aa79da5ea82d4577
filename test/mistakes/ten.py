# ten.py SPILE FOLDER: each mistake of the folder ten times in one file is reported ten times, where it was made, and
# nothing else is: no error hides another or brings one.
#
# A copy is the program without its includes and its licence, with a number behind each name that it declares.
import json
import pathlib
import re
import subprocess
import sys
import tempfile

COPIES = 10
# What is wrong is the file as a whole, or is said once a file.
WHOLE_FILE = {"missing-core-header", "missing-helpers-header", "missing-license", "missing-sec-header", "missing-tracing-header",
              "wrong-header-name", "wrong-license", "missing-brace"}
ONCE = re.compile(r"^#\s*include|SEC\(\"license\"\)|^//")

spile, folder = sys.argv[1], pathlib.Path(sys.argv[2])
failures = 0


def reports(path):
    done = subprocess.run([spile, "check", "-q", "--max-errors=0", "--diagnostics=json", path], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=60)
    return [json.loads(text) for text in done.stderr.decode().splitlines() if text.startswith("{")]


def declared(text):
    """Names of functions, variables, types and macros at file scope."""
    return (set(re.findall(r"^\w[\w ()]*?[ *](?!__)(\w+)\((?!\()", text, re.M)) |
            set(re.findall(r"^}\s*(\w+)", text, re.M)) | set(re.findall(r"^(?:struct|#define|enum|union)\s+(\w+)", text, re.M)) |
            set(re.findall(r"^(?:static |const |unsigned )*\w+ \*?(\w+)(?:\[\w*\])?(?: = .*)?;", text, re.M))) - {"SEC", "license"}


for program in sorted(folder.glob("*.bpf.c")):
    if program.name.removesuffix(".bpf.c") in WHOLE_FILE:
        continue
    lines = program.read_text().splitlines()
    once = [line for line in lines if ONCE.search(line)]
    body = "\n".join(line for line in lines if not ONCE.search(line))
    names = re.compile(r"\b(" + "|".join(sorted(declared(body)) or ["$"]) + r")\b")
    copies = [names.sub(rf"\g<1>_{number}", body) for number in range(COPIES)]
    text = "\n".join(once + copies) + "\n"
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / program.name
        path.write_text(text)
        got = reports(path)
    wanted = [number for number, line in enumerate(text.splitlines(), 1) if "// expect: " in line]
    # One mistake may have several reports (a warning, and the verifier's error): as many for each copy.
    expected = sorted(r["name"] for r in reports(program) for _ in range(COPIES))
    where = {r.get("line") for r in got}
    if sorted(r["name"] for r in got) != expected or not where.issuperset(wanted):
        failures += 1
        print(f"{program.name}: {len(got)} reports, and not {len(expected)}; at lines {sorted(where)}, and not {wanted}")
        for r in got[:3]:
            print(f"    {r.get('line')} {r['name']} {r['message']}")
print(f"{failures} differ")
sys.exit(failures != 0)
