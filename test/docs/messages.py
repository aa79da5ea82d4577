# messages.py SPILE ROOT: every diagnostic has its part of the manual: what it means and what to do; where a source shows
# it, a bad example that is told exactly that, and a good one that is told nothing.
#
# In lang-spec/reference/messages: ```c build error=Name OPTIONS, or warning=Name, and then ```c build. What every probe
# has, includes and the licence, is left out where a program's SEC() shows that it is one. `build short`: the short form.
# `check` in place of `build`: what only `spile check` tells.
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

spile, root = sys.argv[1], pathlib.Path(sys.argv[2])
# What no short source shows: faults of files, of runs and of intermediate code, and limits that keep a machine alive.
WITHOUT_SOURCE = set("""
TooManyTokens TooMuchExpansion HeaderUnreadable IncludeTooDeep TooManyIncludes MacroTooDeep ConditionTooDeep NestingTooDeep
TypeTooDeep CodeTooDeep MemoryTooLarge JumpTooFar AsmTooFar BtfFault BadObjectCode IrSyntax IrUnknownName IrDuplicateName
IrMalformed AtomicSize UnknownAttachTarget
""".split()) | set(re.findall(r"^SPILE_DIAG\((\w+)", (root / "lang-spec/tables/diagnostics/run.def").read_text(), re.M))
PRELUDE = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n'
LICENSE = '\nchar LICENSE[] SEC("license") = "GPL";\n'
faults = []


def told(text, options, folder, number, is_short, command):
    if "SEC(" in text and "#include" not in text:
        text = PRELUDE + text + ("" if 'SEC("license")' in text else LICENSE)
    path = pathlib.Path(folder) / f"example{number}.c"
    path.write_text(text)
    what = ["-e", text] if is_short else [str(path)]
    output = [] if command == "check" else ["-o", f"{path}.o"]
    done = subprocess.run([spile, command, "-q", "--diagnostics=json", *options, *what, *output],
                          capture_output=True, text=True, timeout=60)
    return {json.loads(line)["name"] if line.startswith("{") else line for line in done.stderr.splitlines()}


def judge(folder, number, page, name, index, info, text):
    wanted = {word.split("=")[1] for word in info if word.startswith(("error=", "warning="))}
    options = [option for word in info if word.startswith("options=") for option in word[8:].split(",")]
    got = told(text, options, folder, number, "short" in info, info[0])
    if (index == 0) != (wanted == {name}):
        return f"{page}: {name}: the first example is the bad one, the second the good one"
    return None if got == wanted else f"{page}: {name}: wanted {sorted(wanted)}, got {sorted(got)}\n{text}"


parts, examples = {}, []
for page in sorted((root / "lang-spec/reference/messages").glob("*.md")):
    for name, part in re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page.read_text(), re.S | re.M):
        if name in parts:
            faults.append(f"{page.name}: {name} stands twice")
        blocks = re.findall(r"^```c ([^\n]*)\n(.*?)^```", part, re.S | re.M)
        parts[name] = len(blocks)
        if len(part.split("```")[0].split()) < 4:
            faults.append(f"{page.name}: {name} says nothing")
        if len(blocks) != (0 if name in WITHOUT_SOURCE else 2):
            faults.append(f"{page.name}: {name} has {len(blocks)} examples")
        examples += [(page.name, name, index, info.split(), text) for index, (info, text) in enumerate(blocks)]
rows = set()
for table in (root / "lang-spec/tables/diagnostics").glob("*.def"):
    if table.name != "verifier.def":  # test/driver/explain.py
        rows |= set(re.findall(r"^SPILE_DIAG\((\w+)", table.read_text(), re.M))
faults += [f"{name}: " + ("has no part in reference/messages" if name in rows else "is no diagnostic") for name in sorted(rows ^ set(parts))]
with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
    faults += filter(None, pool.map(lambda job: judge(folder, job[0], *job[1]), enumerate(examples)))
print(f"{len(parts)} messages, {len(examples)} examples, {len(faults)} faults", *faults, sep="\n")
sys.exit(bool(faults))
