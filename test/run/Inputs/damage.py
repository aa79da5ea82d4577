# damage.py FILE COMMAND...: runs the command on damaged copies of FILE, which it names as @: with bytes changed, with a
# part gone. It gives events, or an error that names the file; it never crashes.
import random
import subprocess
import sys

path, *command = sys.argv[1:]
with open(path, "rb") as file:
    whole = file.read()
damaged = path + ".damaged"
chance = random.Random(1)
said = 0
for i in range(80):
    data = bytearray(whole)
    if i % 4 == 0:
        data = data[: chance.randrange(12, len(data))]
    # What describes the events comes first, and its sizes lead furthest astray.
    for _ in range(chance.choice([1, 1, 4])):
        data[chance.randrange(12, chance.choice([len(data), min(len(data), 600)]))] = chance.choice([0, 1, 0x7f, 0x80, 0xff])
    with open(damaged, "wb") as file:
        file.write(data)
    run = subprocess.run([word.replace("@", damaged) for word in command], capture_output=True, text=True, errors="replace", timeout=60)
    if run.returncode not in (0, 1, 5) or (run.returncode == 1 and damaged not in run.stderr and "no program of the probe" not in run.stderr):
        sys.exit(f"copy {i}: {run.returncode} {run.stderr}")
    said += run.returncode == 1
print("errors:", said > 0)
