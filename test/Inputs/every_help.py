# every_help.py SPILE COMMAND...: `spile COMMAND --help` ends with 0, begins with its usage and shows --help itself.
import subprocess
import sys

spile, *commands = sys.argv[1:]
for command in commands:
    done = subprocess.run([spile, command, "--help"], capture_output=True, text=True, timeout=20)
    for part in (f"usage: spile {'[run]' if command == 'run' else command}", "-h [ --help ]"):
        if done.returncode != 0 or part not in done.stdout:
            print(f"{command} --help: no `{part}` in:\n{done.stdout}{done.stderr}", file=sys.stderr)
            sys.exit(1)
