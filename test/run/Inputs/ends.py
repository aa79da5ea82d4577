# ends.py SPILE: how a run on a command's system calls, on a recording, and on time alone ends: by signals, by its
# reader, by what becomes of the command.
import signal
import subprocess
import sys
import time

spile = sys.argv[1]
for ignored in (signal.SIGINT, signal.SIGHUP):  # what runs the tests may have them ignored
    signal.signal(ignored, signal.SIG_DFL)
PROBE = 'begin { printf("begins\\n") } tracepoint/syscalls/sys_enter_kill { count(kills, comm) } end { printf("ends\\n") }'


def start(command, probe=PROBE):
    run = subprocess.Popen([spile, "run", "-e", probe, *(["-c", command] if command else [])], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    lines = {run.stdout.readline(), run.stdout.readline()} if command else {run.stdout.readline()}
    assert "begins\n" in lines and (not command or "runs\n" in lines), lines
    return run


def finish(run):
    out, err = run.communicate(timeout=20)
    return run.returncode, out, err


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    run = start("sh -c 'kill -0 $$; echo runs; exec sleep 60'")
    run.send_signal(number)
    print(f"{number.name}:", finish(run)[:2])

signal.signal(signal.SIGHUP, signal.SIG_IGN)
run = start("sh -c 'kill -HUP $$; echo runs; sleep 60'")
run.send_signal(signal.SIGHUP)
time.sleep(0.2)
print("nohup:", "goes on" if run.poll() is None else finish(run))
run.send_signal(signal.SIGTERM)
finish(run)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A command that does not want to end is given some time; a second Ctrl-C does not wait.
run = start("sh -c 'trap \"echo told\" TERM; echo runs; while :; do sleep 0.1; done'")
run.send_signal(signal.SIGINT)
assert run.stdout.readline() == "told\n"
begin = time.monotonic()
run.send_signal(signal.SIGINT)
print("twice:", run.wait(timeout=20), "at once" if time.monotonic() - begin < 1 else "late")
run.communicate()

run = start("sh -c 'kill -0 $$; echo runs; sleep 60'")
run.send_signal(signal.SIGUSR1)
print("USR1:", run.stdout.readline())
run.send_signal(signal.SIGTERM)
finish(run)

run = start("sh -c 'echo runs; kill -KILL $$'")
print("killed:", finish(run)[:2])

run = start(None, 'begin { printf("begins\\n") } interval/10ms { } end { printf("ends\\n") }')
run.send_signal(signal.SIGHUP)
print("time alone:", finish(run)[:2])

gone = subprocess.run(["sh", "-c", '"$0" run -e \'tracepoint/syscalls/sys_enter_kill { printf("seen\\n") }\' -c "sh -c \'while :; do kill -0 $$; done\'" | head -1',
                       spile], capture_output=True, text=True, timeout=20)
print("closed pipe:", gone.stdout.strip(), gone.stderr.strip())
