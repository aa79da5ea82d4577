# on_terminal.py COMMAND...: runs it with a terminal as its stderr, and prints what that shows; ends with its status.
import os
import subprocess
import sys

controller, terminal = os.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=terminal)
os.close(terminal)
shown = b""
while True:
    try:
        piece = os.read(controller, 4096)
    except OSError:  # EIO: nobody has it open any more
        break
    if not piece:
        break
    shown += piece
sys.stdout.write(shown.decode())
sys.exit(child.wait(timeout=60))
