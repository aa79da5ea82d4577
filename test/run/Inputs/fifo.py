# fifo.py FIFO FILE COMMAND...: runs COMMAND while FILE goes through FIFO, once and in small pieces.
import os
import signal
import subprocess
import sys

signal.alarm(60)  # where nobody opens it
fifo, path, *command = sys.argv[1:]
if os.path.lexists(fifo):
    os.unlink(fifo)
os.mkfifo(fifo)
run = subprocess.Popen(command)
with open(fifo, "wb", buffering=0) as pipe, open(path, "rb") as file:
    while piece := file.read(7):
        pipe.write(piece)
sys.exit(run.wait(timeout=60))
