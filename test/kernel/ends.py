# ends.py SPILE: how a run on the kernel's events ends: by a signal, by its reader, by the process that it watches.
import os
import signal
import subprocess
import sys
import time

spile = sys.argv[1]
for ignored in (signal.SIGINT, signal.SIGHUP):  # what runs the tests may have them ignored
    signal.signal(ignored, signal.SIG_DFL)
PROBE = 'begin { printf("begins\\n") } tracepoint/syscalls/sys_enter_kill { count(kills, comm) } end { printf("ends\\n") }'


def start(*options, **how):
    """A run that sees events: it says so where there is no command; a command runs when all is attached."""
    run = subprocess.Popen([spile, "run", "--on=kernel", *options, "-e", PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)
    assert run.stdout.readline() == "begins\n"
    if "-c" in options:
        assert run.stdout.readline() == "runs\n"
    else:
        assert run.stderr.readline() == "spile: attached; Ctrl-C ends the run\n"
    return run


def finish(run, code=0):
    out, _ = run.communicate(timeout=20)
    assert run.returncode == code, (run.returncode, out)
    return out


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    run = start("-c", "sh -c 'echo runs; exec sleep 60'")
    run.send_signal(number)
    # As with ptrace: the command is asked to end, and its status is that of the run.
    assert finish(run, 128 + signal.SIGTERM) == "ends\n"
    print(f"{number.name}: ends in good order")

watched = subprocess.Popen(["sh", "-c", "read line; kill -0 $$; sh -c 'kill -0 $$'; echo done; read line"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, text=True)
stranger = subprocess.Popen(["sh", "-c", "read line; kill -0 $$"], stdin=subprocess.PIPE, text=True)
run = start("-p", str(watched.pid))
stranger.communicate("go\n")
watched.stdin.write("go\n")
watched.stdin.flush()
assert watched.stdout.readline() == "done\n"
run.send_signal(signal.SIGUSR1)
assert run.stdout.readline() == 'kills["sh"] = 2\n'
watched.communicate("end\n")
print("-p:", finish(run).split("\n"))

run = start("-T", "60s")
run.send_signal(signal.SIGTERM)
assert finish(run).startswith("ends\n")
print("without a command: 0")

# A reader that goes away ends the run; nobody waits for ever.
begin = time.monotonic()
line = subprocess.run(["sh", "-c", '"$0" run -q --on=kernel -e \'interval/10ms { printf("tick\\n") } tracepoint/syscalls/sys_enter_kill { }\' | head -1',
                       spile], capture_output=True, text=True, timeout=20).stdout
assert line == "tick\n" and time.monotonic() - begin < 10
print("closed pipe: ends")

gone = subprocess.run([spile, "run", "--on=kernel", "-p", "4194304", "-e", PROBE], capture_output=True, text=True, timeout=20)
print("no process:", gone.returncode, gone.stderr.strip())
missing = subprocess.run([spile, "run", "--on=kernel", "-c", "./not-there", "-e", PROBE], capture_output=True, text=True, timeout=20)
print("no command:", missing.returncode, missing.stderr.strip().split("\n")[0])
inside = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", spile, "run", "--on=kernel", "-c", "true", "-e", PROBE], capture_output=True, text=True, timeout=20)
print("namespace:", inside.returncode, inside.stderr.strip().split("\n")[0])
left = subprocess.run([spile, "run", "--on=kernel", "-c", "sh -c 'sleep 3 >/dev/null 2>&1 & exit 3'", "-e", PROBE], capture_output=True, text=True, timeout=20)
print("left:", left.returncode, left.stderr.strip())
