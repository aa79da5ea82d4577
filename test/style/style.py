# The checks of the sources themselves: format, one README per folder, recipes that name real paths, no
# adaptivePredict in the generated parser. One line per check: `passed|failed|skipped: name -- detail`.
import argparse
import os
import re
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
options = parser.parse_args()
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def git_files(*patterns):
    return subprocess.run(["git", "ls-files", *patterns], cwd=root, capture_output=True, text=True, check=True).stdout.split()


def report(name, problems):
    if problems:
        print(f"failed: {name} -- " + "\\n".join(problems[:40]), flush=True)
    else:
        print(f"passed: {name}", flush=True)


def has(tool):
    return subprocess.run(["sh", "-c", f"command -v {tool}"], capture_output=True).returncode == 0


# The shipped headers are the language's, not ours to format as C++.
sources = [name for name in git_files("*.cpp", "*.h") if not name.startswith("lang-spec/include/")]

# clang-format: the text as it would be is the text as it is.
if has("clang-format-19"):
    done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *sources], cwd=root, capture_output=True, text=True)
    report("clang-format", sorted({line.split(":")[0] + ": run ./dev fmt" for line in done.stderr.splitlines() if "error:" in line}))
else:
    print("skipped: clang-format -- clang-format-19 is not installed")

# A README of at most 60 lines in every folder that holds sources.
problems = []
for folder in sorted({os.path.dirname(name) for name in sources} - {""}):
    if folder.startswith("test/unit/"):
        continue
    path = os.path.join(root, folder, "README.md")
    if not os.path.exists(path):
        problems.append(f"{folder}/README.md is missing")
    elif sum(1 for _ in open(path)) > 60:
        problems.append(f"{folder}/README.md is longer than 60 lines")
report("a README in every folder", problems)

# The recipes name paths that exist.
recipes = open(os.path.join(root, "docs", "recipes.md"), encoding="utf-8").read()
paths = set(re.findall(r"`((?:lang-spec|support|backend|frontend|ir|verifier|runtime|driver|test|docs|examples)/[\w./-]+)`", recipes))
report("the paths in docs/recipes.md exist", [p for p in sorted(paths) if not os.path.exists(os.path.join(root, p))])

# The grammar stays LL(1): the generated parser never asks ANTLR to look further ahead.
generated = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(options.build, "frontend"))
             for name in names if name.endswith("Parser.cpp") or name == "SpileC.cpp"]
problems = [] if generated else ["no generated parser found"]
for path in generated:
    found = open(path, encoding="utf-8", errors="replace").read().count("adaptivePredict")
    if found:
        problems.append(f"{os.path.relpath(path, options.build)}: adaptivePredict occurs {found} times")
report("the parser is LL(1): no adaptivePredict", problems)

# A diagnostic that no test names could change its words, its place or its very existence.
rows = {name: os.path.basename(path) for path in git_files("lang-spec/tables/diagnostics/*.def")
        for name in re.findall(r"^SPILE_DIAG\((\w+),", open(os.path.join(root, path), encoding="utf-8").read(), re.M)}
words = set()
for path in git_files("test/*", "lang-spec/reference/*.md"):
    text = open(os.path.join(root, path), encoding="utf-8", errors="replace").read()
    # A heading of the manual tries nothing.
    words.update(re.findall(r"\w+", re.sub(r"^###.*", "", text, flags=re.M) if path.endswith(".md") else text))
report("every diagnostic is named in a test",
       [f"{rows[name]}: {name}" for name in sorted(rows) if name not in words])

# Nothing of one machine in the tree.
problems = [line for line in subprocess.run(["git", "grep", "-nIE", r"/work/(main|shared|\.library)|/home/[a-z]+/"], cwd=root,
            capture_output=True, text=True).stdout.splitlines() if not line.startswith("test/style/style.py:")]
report("no path of one machine", problems)
