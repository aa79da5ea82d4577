# man.py SPILE FOLDER: the manual pages under FOLDER name every command, option and diagnostic, every page of the reference and what
# explains a diagnostic; groff, where there is one, has nothing to say against them.
import os
import re
import shutil
import subprocess
import sys

spile, folder = sys.argv[1:3]


def said(*arguments):
    return subprocess.run([spile, *arguments], capture_output=True, text=True, check=True).stdout


def plain(text):
    return text.replace("-", "\\-")


commands = re.findall(r"^  ([a-z]+) +\S", said("--help").split("commands (")[1].split("\n\n")[0], re.M)
options = {option for command in commands for option in re.findall(r"--[a-z][a-z-]*", said(command, "--help").split("options:")[1])}
diagnostics = set(re.findall(r"^\| (\w+) \| (?:Error|Warning) \|", said("tables", "diagnostics"), re.M))
WANTED = {"man1/spile.1": [f".SH SPILE {command.upper()}" for command in commands] + [plain(option) for option in options] + [".SH EXIT STATUS"],
          "man7/spile-language.7": [".SH ON THE KERNEL", "bpf_for_each_map_elem", ".SS printf"],
          "man7/spile-errors.7": [f".SS {name}\n" for name in diagnostics] + ["This is rejected:"]}
reference = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lang-spec", "reference")
for page in set(os.listdir(reference)) - {"README.md", "verifier.md", "messages"}:  # those are in spile-errors
    with open(os.path.join(reference, page), encoding="utf-8") as text:
        title = text.readline().lstrip("# ").strip()
    WANTED["man7/spile-language.7"].append(f".SH {plain(title.upper())}")
assert len(commands) > 10 and len(options) > 50 and len(diagnostics) > 300, (len(commands), len(options), len(diagnostics))
for name, wanted in WANTED.items():
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as page:
        text = page.read()
    missing = [what for what in wanted if what not in text]
    if missing:
        sys.exit(f"{name}: without {missing[:5]}")
    if shutil.which("groff"):
        complaints = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-Kutf8", "-z", path], capture_output=True, text=True).stderr
        if complaints:
            sys.exit(f"{name}: {complaints[:500]}")
    print(f"{name}: whole")
