# live_trace_dat.py SPILE FILE: records what a command of ours does in an instance of tracefs of its own, lets trace-cmd
# write the instance into FILE, and compares what spile counts in it with the instance's own text. Runs in a mount
# namespace of its own (unshare -m), where trace-cmd can write to the instance alone: it would stop the machine's own
# tracing, and take the filters of all its events away.
import atexit
import os
import re
import subprocess
import sys
import tempfile
import time

spile, path = sys.argv[1:]
TRACING = "/sys/kernel/tracing"


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


own = tempfile.mkdtemp()
atexit.register(os.rmdir, own)
mount("-t", "tracefs", "tracefs", own)
atexit.register(subprocess.run, ["umount", own])
if os.path.ismount(TRACING):  # here only: this namespace's mounts are its own
    subprocess.run(["umount", TRACING], check=True)
mount("-t", "tracefs", "tracefs", TRACING)
mount("-o", "remount,bind,ro", TRACING)
mount("--bind", f"{own}/instances", f"{TRACING}/instances")
# It reads this twice, and gives up when a program has been loaded or is gone in between.
with tempfile.NamedTemporaryFile("w") as symbols:
    symbols.write("ffffffff81000000 T _text\n")
    symbols.flush()
    mount("--bind", symbols.name, "/proc/kallsyms")
mount("--bind", "/dev/null", "/proc/sys/kernel/kptr_restrict")  # which it sets for a moment
name = f"spile-test-{os.getpid()}"
instance = f"{TRACING}/instances/{name}"


def write(file, text):
    with open(f"{instance}/{file}", "w") as to:
        to.write(text)


def read(file):
    with open(file) as opened:
        return opened.read()


os.mkdir(instance)
try:
    write("options/event-fork", "1")
    gate, go = os.pipe()
    command = os.fork()
    if command == 0:
        os.read(gate, 1)
        os.execvp("sh", ["sh", "-c", "for i in 1 2 3 4 5; do cat /dev/null; ls /not-there 2>/dev/null; done; kill -0 $$"])
    write("set_event_pid", str(command))
    for event in ("syscalls/sys_enter_openat", "syscalls/sys_exit_openat", "syscalls/sys_enter_kill", "sched/sched_process_exec"):
        write(f"events/{event}/enable", "1")
    os.write(go, b"x")
    os.waitpid(command, 0)
    write("tracing_on", "0")
    text = read(f"{instance}/trace")
    subprocess.run(["trace-cmd", "extract", "-B", name, "-o", path], check=True, stdout=subprocess.DEVNULL, timeout=60)
finally:
    # trace-cmd may have removed it.
    if os.path.exists(instance):
        for _ in range(100):
            try:
                os.rmdir(instance)
                break
            except OSError:
                time.sleep(0.05)

there = {
    "opens": len(re.findall(r": sys_openat\(", text)),
    "missing": len(re.findall(r": sys_openat -> 0xfffffffffffffffe", text)),
    "kills": len(re.findall(r": sys_kill\(", text)),
    "execs": len(re.findall(r": sched_process_exec:", text)),
}
PROBE = """tracepoint/syscalls/sys_enter_openat { count(opens) }
tracepoint/syscalls/sys_exit_openat { if (ctx->ret == -2) count(missing) }
tracepoint/syscalls/sys_enter_kill { count(kills) }
tracepoint/sched/sched_process_exec { count(execs) }"""
run = subprocess.run([spile, "run", "-e", PROBE, "--on=replay", "-i", path], capture_output=True, text=True, timeout=60)
counted = {found[0]: int(found[1]) for found in re.findall(r"^(\w+) = (\d+)$", run.stdout, re.M)}
print("counts:", counted == there or (counted, there, run.stderr), min(there.values()) > 0, there["execs"] == 11)
