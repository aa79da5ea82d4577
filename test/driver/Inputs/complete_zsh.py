# complete_zsh.py SCRIPT: what the completion offers, where there is a zsh: its own words for it are stood in for.
import shutil
import subprocess
import sys

if shutil.which("zsh") is None:
    sys.exit(0)
STAND_IN = 'compdef() { }; _files() { print files }; compadd() { shift; print -l -- "$@" }; source $1; shift; CURRENT=$#; words=("$@"); PREFIX=$words[-1]; _spile'
for line, wanted in ((["spile", "li"], "list"), (["spile", "list", "tra"], "tracepoint/syscalls/sys_enter_openat2"),
                     (["spile", "check", "--st"], "--states"), (["spile", "li"], "files")):
    out = subprocess.run(["zsh", "-f", "-c", STAND_IN, "zsh", sys.argv[1], *line], capture_output=True, text=True, timeout=20)
    assert wanted in out.stdout.split("\n"), (line, out)
