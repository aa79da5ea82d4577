# record.py SPILE FOLDER: recordings of the kernel's events of a process that runs, of all processes, with a reader that does not come
# for a while; they end by a signal. What was sent is what was recorded and what is said to be lost.
import os
import signal
import subprocess
import sys

spile, folder = sys.argv[1:]
KILLS = 1500

# Waits for a line, kills nobody so many times, says so.
actor = subprocess.Popen(
    [sys.executable, "-c", f"import os\nfor line in iter(input, ''):\n for i in range({KILLS}): os.kill(os.getpid(), 0)\n print(flush=True)"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def act():
    actor.stdin.write("go\n")
    actor.stdin.flush()
    actor.stdout.readline()


def record(name, program, about, sleeps=False):
    file = os.path.join(folder, name)
    recorder = subprocess.Popen([spile, "record", "--on=kernel", "-o", file, "-e", program, *about], stderr=subprocess.PIPE, text=True)
    try:
        said = recorder.stderr.readline()
        if sleeps:
            recorder.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, recorder.pid, os.WSTOPPED | os.WNOWAIT)
        act()
        recorder.send_signal(signal.SIGCONT)
        recorder.terminate()
        said += recorder.communicate(timeout=30)[1]
    finally:
        recorder.kill()
    return file, recorder.returncode, said


def count(file, program):
    return subprocess.run([spile, "run", "-q", "-e", program, "-i", file], capture_output=True, text=True, timeout=60).stdout.strip()


try:
    counting = f"tracepoint/syscalls/sys_enter_kill {{ if (pid == {actor.pid}) count(kills) }}"
    file, code, _ = record("process.evb", "tracepoint/syscalls/sys_enter_kill { }", ["-p", str(actor.pid)])
    print("-p:", code, count(file, counting) == f"kills = {KILLS}")
    file, code, _ = record("all.evb", "tracepoint/syscalls/sys_enter_kill { }", [])
    print("all:", code, count(file, counting) == f"kills = {KILLS}")
    # Each event has more than the 100th part of what the ring holds.
    reading = "char from[16384], to[16384]; tracepoint/syscalls/sys_enter_kill { bpf_probe_read_kernel(to, sizeof(to), from); }"
    file, code, said = record("lost.evb", reading, ["-p", str(actor.pid)], sleeps=True)
    lost = [int(word) for line in said.splitlines() if "not in the recording" in line for word in line.split() if word.isdigit()]
    kept = int(count(file, counting).split()[-1])
    print("lost:", code, lost and lost[0] > 0 and lost[0] + kept == KILLS)
    again = subprocess.run([spile, "run", "-e", counting, "-i", file], capture_output=True, text=True, timeout=60).stderr
    print("replay:", "not in the recording" in again)
finally:
    actor.kill()
    actor.wait()
