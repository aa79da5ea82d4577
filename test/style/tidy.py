# clang-tidy over the project's own translation units, in parallel, with a stamp per file so that an unchanged tree is
# not analysed again. Prints the findings; exit 1 when there are any.
import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
options = parser.parse_args()
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
build = os.path.abspath(options.build)


def digest(paths):
    h = hashlib.sha256()
    for path in paths:
        h.update(path.encode())
        with open(os.path.join(root, path), "rb") as file:
            h.update(file.read())
    return h.hexdigest()


def git_files(*patterns):
    return subprocess.run(["git", "ls-files", *patterns], cwd=root, capture_output=True, text=True, check=True).stdout.split()


shared = digest([".clang-tidy", *git_files("*.h", "*.def")])
stamps = os.path.join(build, "tidy")
os.makedirs(stamps, exist_ok=True)
ours = {os.path.join(root, name): name for name in git_files("*.cpp") if not name.startswith("test/")}
units = sorted({entry["file"] for entry in json.load(open(os.path.join(build, "compile_commands.json")))} & set(ours))


def check(path):
    stamp = os.path.join(stamps, hashlib.sha256((shared + digest([ours[path]])).encode()).hexdigest())
    if os.path.exists(stamp):
        return ""
    done = subprocess.run(["clang-tidy-19", "-quiet", "-p", build, path], capture_output=True, text=True)
    if done.returncode == 0:
        open(stamp, "w").close()
        return ""
    return done.stdout.replace(root + "/", "")


with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
    findings = [text for text in pool.map(check, units) if text]
for text in findings:
    for line in text.splitlines():
        if ": error: " in line or ": warning: " in line:
            print(line)
sys.exit(1 if findings else 0)
