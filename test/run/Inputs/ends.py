# ends.py SPILE: how a run on a command's system calls, on a recording, and on time alone ends: by signals, by its
# reader, by what becomes of the command.
import os
import signal
import subprocess
import sys
import tempfile
import threading

spile = sys.argv[1]
for ignored in (signal.SIGINT, signal.SIGHUP):  # what runs the tests may have them ignored
    signal.signal(ignored, signal.SIG_DFL)
PROBE = ["-e", 'begin { printf("begins\\n") } tracepoint/syscalls/sys_enter_kill { count(kills, comm) } end { printf("ends\\n") }']
ENDLESS = [os.path.join(os.path.dirname(__file__), "endless_end.bpf.c")]


class Run:
    """A run that has begun, with its command. Where it does not end by itself, it is killed, and its command with it."""

    def __init__(self, command, probe=PROBE, verb=("run",)):
        self.process = subprocess.Popen([spile, *verb, *probe, *(["-c", command] if command else [])], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.watch = threading.Timer(60, self.process.kill)
        self.watch.start()
        expected = {"begins\n", "runs\n"} if command else {"begins\n"}
        lines = {self.line() for _ in expected}
        assert lines == expected, lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.end()

    def line(self):
        return self.process.stdout.readline()

    def send(self, number):
        self.process.send_signal(number)

    def end(self):
        """What it is still to print, which may have been read ahead together with a line; and its status."""
        out = self.process.stdout.read()
        status = self.process.wait()
        self.watch.cancel()
        return status, out


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    with Run("sh -c 'kill -0 $$; echo runs; exec sleep 60'") as run:
        run.send(number)
        print(f"{number.name}:", run.end())

# A recording is whole when a signal ends it.
with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, "kills.evt")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Run("sh -c 'kill -0 $$; echo runs; exec sleep 60'", verb=("record", "-o", file)) as run:
            run.send(number)
            status, live = run.end()
        again = subprocess.run([spile, "run", "-q", *PROBE, "-i", file], capture_output=True, text=True, timeout=60).stdout
        print(f"recorded, {number.name}:", status, again == "begins\n" + live)
        os.unlink(file)

# Whoever ignores a signal from the beginning goes on: it ends by the other one.
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with Run("sh -c 'kill -HUP $$; echo runs; exec sleep 60'") as run:
    run.send(signal.SIGHUP)
    run.send(signal.SIGUSR1)
    print("nohup:", "goes on" if run.line() == 'kills["sh"] = 1\n' else run.end())
    run.send(signal.SIGTERM)
    run.end()
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The first Ctrl-C ends the run in good order, which never ends here; a second one does not wait.
with Run("sh -c 'echo runs; exec sleep 60'", ENDLESS) as run:
    run.send(signal.SIGINT)
    assert run.line() == "ends\n"
    run.send(signal.SIGINT)
    print("twice:", run.end())

with Run("sh -c 'kill -0 $$; echo runs; sleep 60'") as run:
    run.send(signal.SIGUSR1)
    print("USR1:", run.line())
    run.send(signal.SIGTERM)
    run.end()

with Run("sh -c 'echo runs; kill -KILL $$'") as run:
    print("killed:", run.end())

with Run(None, ["-e", 'begin { printf("begins\\n") } interval/10ms { } end { printf("ends\\n") }']) as run:
    run.send(signal.SIGHUP)
    print("time alone:", run.end())

gone = subprocess.run(["sh", "-c", '"$0" run -e \'tracepoint/syscalls/sys_enter_kill { printf("seen\\n") }\' -c "sh -c \'while :; do kill -0 $$; done\'" | head -1',
                       spile], capture_output=True, text=True, timeout=60)
print("closed pipe:", gone.stdout.strip(), gone.stderr.strip())
