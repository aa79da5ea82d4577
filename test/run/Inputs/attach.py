# attach.py TIMES PROGRAM -- SPILE ARGUMENTS...: starts PROGRAM, runs spile on it that often (PID among the arguments is its
# process), ends its input, and prints what it said last and how it ended.
import subprocess
import sys

times, program, separator, *spile = sys.argv[1:]
target = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
try:
    assert target.stdout.readline() == "ready\n"
    for _ in range(int(times)):
        subprocess.run([word.replace("PID", str(target.pid)) for word in spile], timeout=60, check=True)
    print(target.communicate(timeout=60)[0].strip(), target.returncode)
finally:
    target.kill()
