# run_page.py SPILE ROOT PAGE.md|FOLDER: executes a page of documentation, or every page of a folder.
#
#   ```c                    is checked by `spile check` and must be accepted
#   ```c error=Name         must be rejected with that diagnostic
#   ```c warning=Name       must be accepted with that diagnostic
#   ```c build              is compiled, not verified: what it needs of a kernel is not here
#   ```c fragment           is shown, not run (a piece of a file that is run elsewhere)
#   ```console              `$ command` lines are run, in a scratch folder that holds the page's files; what follows
#                           must be what they print (stdout and stderr). `N` stands for any number, `...` for any text.
#   ```console requires=X   likewise, where `spile info --has=X` says yes
#   ```c file=NAME          is checked, and written under that name for the commands that follow
import os
import re
import subprocess
import sys
import tempfile

spile, root = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
if os.path.isdir(sys.argv[3]):
    pages = sorted(os.path.join(sys.argv[3], name) for name in os.listdir(sys.argv[3]) if name.endswith(".md"))
    codes = [subprocess.run([sys.executable, __file__, spile, root, page]).returncode for page in pages]
    sys.exit(1 if any(codes) or not codes else 0)
page = sys.argv[3]
blocks = re.findall(r"^```(\w+)[ ]*([^\n]*)\n(.*?)^```", open(page, encoding="utf-8").read(), re.S | re.M)
PRELUDE = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <spile.h>\n'
LICENSE = '\nchar LICENSE[] SEC("license") = "GPL";\n'
failures = 0
ran = 0
left_out = 0


def fail(what, detail):
    global failures
    failures += 1
    print(f"{page}: {what}\n{detail}\n")


def matches(wanted, got):
    pattern = re.escape(wanted.strip())
    pattern = pattern.replace(r"\.\.\.", ".*").replace(r"\N", "N")
    pattern = re.sub(r"\bN\b", r"\\d+", pattern)
    return re.fullmatch(pattern, got.strip(), re.S) is not None


def whole(text):
    """Examples leave out what every probe has: the includes and the licence."""
    if "#include" not in text:
        text = PRELUDE + text
    if 'SEC("license")' not in text:
        text += LICENSE
    return text


environment = {**os.environ, "NO_COLOR": "1", "PATH": os.path.dirname(spile) + ":" + os.environ["PATH"]}
with tempfile.TemporaryDirectory() as folder:
    os.symlink(os.path.join(root, "examples"), os.path.join(folder, "examples"))
    for index, (language, info, text) in enumerate(blocks):
        if language == "c" and "fragment" not in info:
            ran += 1
            named = re.search(r"file=(\S+)", info)
            path = os.path.join(folder, named[1] if named else f"example{index}.bpf.c")
            with open(path, "w") as out:
                out.write(text if named else whole(text))
            command = ["build", path, "-o", path + ".o"] if "build" in info.split() else ["check", path]
            done = subprocess.run([spile, *command], capture_output=True, text=True, timeout=60, env=environment)
            error = re.search(r"error=(\w+)", info)
            warning = re.search(r"warning=(\w+)", info)
            if error and (f"[{error[1]}]" not in done.stderr or done.returncode == 0):
                fail(f"example {index} must be rejected with {error[1]}", text + done.stderr)
            elif warning and f"[{warning[1]}]" not in done.stderr:
                fail(f"example {index} must be warned of with {warning[1]}", text + done.stderr)
            elif not error and done.returncode != 0 and not named:
                fail(f"example {index} must be accepted", text + done.stderr)
        elif language == "console":
            needed = re.search(r"requires=(\S+)", info)
            if needed and subprocess.run([spile, "info", f"--has={needed[1]}"], capture_output=True).returncode != 0:
                print(f"{page}: example {index} needs {needed[1]}: not run")
                left_out += 1
                continue
            for command, wanted in re.findall(r"^\$ ([^\n]*)\n(.*?)(?=^\$ |\Z)", text, re.S | re.M):
                ran += 1
                command = re.sub(r"^\./dev run", "spile run", command)
                done = subprocess.run(["sh", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, timeout=120, env=environment, errors="replace")
                if not matches(wanted, done.stdout):
                    fail(f"`{command}` printed something else", f"wanted:\n{wanted}\ngot:\n{done.stdout}")
print(f"{page}: {ran} examples run, {failures} failed")
sys.exit(1 if failures or not ran + left_out else 0)
