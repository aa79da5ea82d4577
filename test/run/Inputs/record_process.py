# record_process.py SPILE FILE: a process that runs is recorded by its number, until it has ended; then the recording is shown.
import subprocess
import sys

spile, file = sys.argv[1:]
program = "tracepoint/syscalls/sys_enter_kill { count(kills) }"
actor = subprocess.Popen([sys.executable, "-c", "import os\ninput()\nfor i in range(3): os.kill(os.getpid(), 0)"], stdin=subprocess.PIPE, text=True)
recorder = subprocess.Popen([spile, "record", "-o", file, "-e", program, "-p", str(actor.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
try:
    recorder.stderr.readline()  # it is attached
    actor.communicate("\n", timeout=30)
    recorder.communicate(timeout=30)
    shown = subprocess.run([spile, "run", "-q", "-e", program, "-i", file], capture_output=True, text=True, timeout=30)
    print(recorder.returncode, shown.stdout.strip())
finally:
    for process in (actor, recorder):
        process.kill()
        process.wait()
