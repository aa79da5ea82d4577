# What our messages say of programs that are rejected: one score for each goal, and the messages that miss one.
#
#   python3 bench/verifier/messages.py [--spile BIN] [--every N] [--list] [--show] FOLDER_OR_FILE...
#
# A file is an object of any compiler, or a source that Spile compiles. In a folder: every object; or, in a collection of
# cases, every `buggy.bpf.c` with the kernel's `verifier.log` beside it, which names the line where the kernel gave up.
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]

# A range or a number of bytes is what these are about: they must say what is there and what is allowed.
BOUNDS = {"MapValueBounds", "MapKeyBounds", "StackBounds", "PacketBounds", "MemoryBounds", "ObjectBounds",
          "NegativeIndex", "UnboundedIndex", "UnboundedStackIndex", "UnboundedPointer", "SizeNegative", "SizeZero",
          "SizeUnbounded", "ReturnRange", "CallbackReturn"}
LIMITS = {"TooComplex", "TooManyBranches", "InfiniteLoop", "StackTooDeep", "CallTooDeep"}
# What is missing is elsewhere: the origin of a value, the check that was lost, the acquisition of a reference.
ELSEWHERE = BOUNDS | LIMITS | {"NullDereference", "NullArgument", "NullArithmetic", "NotAPointer", "ReferenceLeak",
                               "UninitializedValue", "ArgumentType", "KfuncArgument", "GlobalArgument", "MixedPointers",
                               "UnreferencedRelease", "DynptrRule", "LockRule", "PointerArithmetic"}
INNER = re.compile(r"\b(inv|read_ok|r=\d|var_off|id=\d|umax|smin|ptr_|PTR_TO|fp-?\d+|scalar\(|off=|reg(?:ister)? type)")
REGISTER = re.compile(r"\b[rw](?:10|\d)\b")

parser = argparse.ArgumentParser(description="Scores of our messages about rejected programs.")
parser.add_argument("paths", nargs="+")
parser.add_argument("--spile", default=str(PROJECT / "build" / "release" / "bin" / "spile"))
parser.add_argument("--every", type=int, default=1, help="only each Nth file")
parser.add_argument("--list", action="store_true", help="list what misses a goal")
parser.add_argument("--show", action="store_true", help="print every message as a user sees it")
options = parser.parse_args()


def inputs():
    files = []
    for path in map(pathlib.Path, options.paths):
        if path.is_dir():
            files += sorted(path.rglob("buggy.bpf.c")) or sorted(path.rglob("*.o"))
        else:
            files.append(path)
    return files[::options.every]


def run(path, *more):
    done = subprocess.run([options.spile, "check", "-q", "--btf=host", *more, str(path)], capture_output=True,
                          timeout=120, stdin=subprocess.DEVNULL)
    return done.stderr.decode(errors="replace")


def kernel_line(path):
    """The line where the kernel gave up, by its log; None without one."""
    log = path.with_name("verifier.log")
    if path.suffix != ".c" or not log.exists():
        return None
    places = re.findall(r"^;.* @ \S+?:(\d+)$", log.read_text(errors="replace"), re.M)
    return int(places[-1]) if places else None


scores = collections.defaultdict(lambda: [0, 0])
missed = collections.defaultdict(list)


def score(goal, held, where):
    scores[goal][0] += bool(held)
    scores[goal][1] += 1
    if not held:
        missed[goal].append(where)


def lines_of(text):
    """Lines of each message, by the errors that head them."""
    return [len(part.splitlines()) for part in re.split(r"^(?=\S+:\d+:\d+: error: |spile: error: )", text, flags=re.M)
            if ": error: " in part]


def mended(path):
    """Whether `check --fix=apply` makes the source pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(path, folder)
        done = subprocess.run([options.spile, "check", "-q", "--btf=host", "--fix=apply", copy], capture_output=True,
                              timeout=120, stdin=subprocess.DEVNULL)
    return done.returncode == 0


def judge(path):
    reports = [json.loads(line) for line in run(path, "--diagnostics=json").splitlines() if line.startswith("{")]
    text = run(path)
    if options.show:
        print(f"==== {path}\n{text}")
    if path.suffix == ".c":
        score("mended by --fix=apply", mended(path), str(path))
    expected = kernel_line(path)
    if expected is not None:
        lines = [r.get("line", 0) for r in reports]
        score("the line where the kernel gives up", expected in lines, f"{path}: {expected}, ours {lines}")
    for count in lines_of(text):
        score("at most 12 lines", count <= 12, f"{path}: {count} lines")
    for r in reports:
        where = f"{path}:{r.get('line', 0)}: {r['message']} [{r['name']}]"
        source = ""
        if os.path.exists(r.get("file", "")) and r.get("line", 0) > 0:
            rows = pathlib.Path(r["file"]).read_text(errors="replace").splitlines()
            source = rows[r["line"] - 1] if r["line"] <= len(rows) else ""
        notes = [n for n in r["notes"] if not n["message"].startswith("kernel says")]
        words = [r["message"], *(n["message"] for n in notes), *r["hints"]]
        score("has a line", r.get("line", 0) > 0, where)
        # Who writes assembly knows registers.
        assembly = REGISTER.search(source) or "asm" in source or "__naked" in source
        if not assembly:
            score("names, not registers", not any(REGISTER.search(w) for w in words), where)
            score("a hint", r["hints"], where)
            if r["name"] in ELSEWHERE:
                placed = any(n.get("line", 0) not in (0, r.get("line")) for n in notes)
                score("says where what is missing was lost or should be",
                      placed or any(re.search(r"line \d+", h) for h in r["hints"]), where)
        if r["name"] in BOUNDS:
            joined = " ".join(words)
            score("bounds: have and need", re.search(r"\d", joined) and re.search(
                r"must (?:be|stay|lie)|limit|at most|proven|which has|which is|fit|not be|allowed", joined), where)
        if r["name"] in LIMITS:
            score("limits: place and count", any(re.search(r"\d", w) for w in words), where)
        score("none of the kernel's inner words", not any(INNER.search(w) for w in words), where)
        score("the kernel's message beside it", len(notes) < len(r["notes"]), where)
    return len(reports)


files = inputs()
silent = [path for path in files if judge(path) == 0]
print(f"{len(files)} files, {len(silent)} of them without a message")
for goal, (held, total) in sorted(scores.items()):
    print(f"  {held:5} of {total:5}  {100 * held / total:5.1f} %  {goal}")
if options.list:
    for goal, wheres in sorted(missed.items()):
        print(f"{goal}:")
        for where in wheres:
            print(f"  {where}")
    for path in silent:
        print(f"no message: {path}")
