# beside_strace.py SPILE: the system calls of commands that nobody here wrote, counted by Spile and by `strace -f -c`.
#
# What a command does is not the same each time (who waits first, what the kernel's random numbers were), so strace runs
# twice, before and after: of the calls of which it counts the same twice Spile must count as many, calls that wait for
# another task left out. Under load even then one may differ by chance, though hardly three times.
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

spile = sys.argv[1]
PROBE = "tracepoint/raw_syscalls/sys_enter { count(calls, ctx->id) }"
MAKEFILE = "all: a b c\na b c:\n\t@echo $@ >$@; cat $@ >/dev/null\n"
COMMANDS = {
    "apt-get": ["apt-get", "--version"],
    "git": ["git", "status"],
    "python3": ["python3", "-S", "-c", "import threading; t = threading.Thread(target=print); t.start(); t.join()"],
    "make": ["make", "-j2", "-B"],
}


def by_strace(command, folder, names):
    out = os.path.join(folder, "strace.out")
    subprocess.run(["strace", "-f", "-c", "-U", "calls,name", "-o", out, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    counts = {}
    for line in open(out):
        words = line.split()
        if len(words) == 2 and words[0].isdigit() and words[1] in names:
            counts[names[words[1]]] = int(words[0])
    return counts


def by_spile(command, folder):
    out = os.path.join(folder, "spile.out")
    subprocess.run([spile, "run", "-q", "-f", "json", "-o", out, "-e", PROBE, "-c", " ".join(f"'{word}'" for word in command)],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    rows = [json.loads(line) for line in open(out)]
    return {row["key"]: row["value"] for row in rows if row["map"] == "calls"}


def numbers_of_calls():
    """The names of strace are those of unistd.h."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    column = 1 if os.uname().machine == "x86_64" else 2
    rows = re.findall(r'^SPILE_SYSCALL\((\w+), (-?\d+), (-?\d+), "(\w+)"', open(os.path.join(root, "lang-spec/tables/syscalls.def")).read(), re.M)
    return {row[3]: int(row[column]) for row in rows}


def compare(name, command):
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "Makefile"), "w").write(MAKEFILE)
        if name == "git":
            subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
            subprocess.run(["git", "status"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        before = by_strace(command, folder, names)
        ours = by_spile(command, folder)
        after = by_strace(command, folder, names)
    same = {number: count for number, count in before.items() if after.get(number) == count and number not in waiting}
    wrong = {number: (count, ours.get(number, 0)) for number, count in same.items() if ours.get(number, 0) != count}
    unseen = [number for number in ours if number not in before and number not in after and number not in waiting | unreturned]
    return before, same, wrong, unseen


names = numbers_of_calls()
waiting = {names[name] for name in ("futex", "wait4", "rt_sigreturn", "restart_syscall", "poll", "pselect6", "ppoll", "sched_yield") if name in names}
unreturned = {names["exit"], names["exit_group"]}  # strace counts no call that does not return
for name, command in COMMANDS.items():
    if shutil.which(command[0]) is None:
        continue
    for _ in range(3):
        before, same, wrong, unseen = compare(name, command)
        if not wrong and not unseen:
            break
    print(f"{name}: {len(same)} of {len(before)} are the same each time, {sum(same.values())} calls; wrong: {wrong} unseen: {unseen}")
    assert len(same) > len(before) / 2 and not wrong and not unseen, name
