# ./dev test [FILTER]: builds what the tests need and runs every suite; ends with `N passed, N failed, N skipped`.
#
# Suites: lit (test/**, the examples, the executable pages of lang-spec/reference and the README), the GoogleTest
# programs (one result per test case), the checks of the sources themselves (layers, names, format, clang-tidy). Root
# runs the lit suite a second time, as nobody: all but the kernel's part works without privileges.
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("--no-style", action="store_true", help="leave out clang-format and clang-tidy")
parser.add_argument("--as-nobody", action="store_true", help="only the lit suite as an unprivileged user (root)")
parser.add_argument("filter", nargs="?", default="", help="a regular expression on test names")
options = parser.parse_args()
build = os.path.abspath(options.build)
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
jobs = str(os.cpu_count() or 1)
LIT = "/usr/lib/llvm-19/build/utils/lit/lit.py"


def prepare_sanitizer():
    """SPILE_PRESET=asan|tsan: what it finds is a test's failure, with where it was."""
    try:
        with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as cache:
            settings = cache.read()
    except OSError:
        return
    if re.search(r"^SPILE_ASAN:\w+=ON$", settings, re.M):
        os.environ["SPILE_SANITIZER"] = "asan"
        os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    elif "-fsanitize=thread" in settings:
        os.environ["SPILE_SANITIZER"] = "tsan"
        os.environ.setdefault("TSAN_OPTIONS", "suppressions=" + os.path.join(root, "test", "unit", "maps", "tsan.supp"))


prepare_sanitizer()
passed, failed, skipped = 0, 0, 0
failures = []


def heading(text):
    print(f"== {text}", flush=True)


def count(name, outcome, detail=""):
    """One result. [outcome]: passed, failed or skipped."""
    global passed, failed, skipped
    if outcome == "passed":
        passed += 1
    elif outcome == "skipped":
        skipped += 1
        print(f"skipped: {name} {detail}".rstrip(), flush=True)
    else:
        failed += 1
        failures.append(name)
        print(f"FAILED: {name}\n{detail}", flush=True)


def run_build():
    heading("build")
    done = subprocess.run(["ninja", "-C", build, "-j", jobs, "unit_tests"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    count("build unit tests", "passed" if done.returncode == 0 else "failed", done.stdout.decode(errors="replace")[-4000:])


def run_unit():
    heading("unit tests")
    folder = os.path.join(build, "bin", "unit")
    for program in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, program)
        if not os.access(path, os.X_OK) or (options.filter and not re.search(options.filter, "unit/" + program)):
            continue
        with tempfile.NamedTemporaryFile(suffix=".xml") as report:
            start = time.monotonic()
            try:
                done = subprocess.run([path, "--gtest_brief=1", f"--gtest_output=xml:{report.name}"], cwd=root,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
                code, output = done.returncode, done.stdout.decode(errors="replace")
            except subprocess.TimeoutExpired:
                code, output = -1, "timed out after 600 s"
            try:
                cases = list(ElementTree.parse(report.name).getroot().iter("testcase"))
            except ElementTree.ParseError:
                cases = []
        bad = 0
        for case in cases:
            name = f"unit/{program}/{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None:
                bad += 1
                count(name, "failed", case.find("failure").get("message", "")[:2000])
            elif case.find("skipped") is not None or case.get("result") == "skipped":
                note = case.find("skipped")
                count(name, "skipped", f"({note.get('message', '')})" if note is not None else "")
            else:
                count(name, "passed")
        if code != 0 and not bad:
            count(f"unit/{program}", "failed", f"exit {code}\n{output[-2000:]}")
        print(f"   {program}: {len(cases)} cases, {time.monotonic() - start:.1f} s", flush=True)


def run_lit(python=sys.executable, prefix=(), folder=None, settings=None, name=""):
    """[prefix]: words before the command; [folder]: where it may write; [settings]: of its environment."""
    heading("lit" + name)
    report = os.path.join(folder or tempfile.gettempdir(), f"spile-lit-{os.getpid()}.json")
    command = [*prefix, python, LIT, "-q", "-j", jobs, "-o", report, "--allow-empty-runs", os.path.join(root, "test")]
    if options.filter:
        command += ["--filter", options.filter]
    subprocess.run(command, env={**os.environ, "SPILE_BUILD_DIR": build, **(settings or {})})
    try:
        with open(report) as results:
            tests = json.load(results)["tests"]
        os.unlink(report)
    except (OSError, ValueError, KeyError):
        count("lit" + name, "failed", "lit gave no results")
        return
    for test in tests:
        outcome = {"PASS": "passed", "FLAKYPASS": "passed", "XFAIL": "passed", "UNSUPPORTED": "skipped"}.get(test["code"], "failed")
        count(test["name"] + name, outcome, "" if outcome != "failed" else "(above)")


def run_lit_as_nobody():
    """What nobody writes goes to a folder of its own; the checkout and the build are read."""
    name, nobody = " as nobody", 65534
    path = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])  # a python3 of root's own may be out of reach
    python = shutil.which("python3", path=path)
    prefix = ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]
    if subprocess.run([*prefix, "test", "-r", os.path.join(build, "bin", "spile"), "-a", "-r", __file__]).returncode != 0:
        return count("lit" + name, "skipped", "(the checkout is out of their reach)")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, nobody, nobody)
        run_lit(python, prefix, folder, {"PATH": path, "TMPDIR": folder, "SPILE_TEST_OUTPUT": os.path.join(folder, "test"),
                                         "PYTHONDONTWRITEBYTECODE": "1"}, name)


def run_style():
    for script, needs in (("layers.py", ()), ("style.py", ())):
        heading(script)
        done = subprocess.run([sys.executable, os.path.join(root, "test", "style", script), "--build", build, *needs],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in done.stdout.decode(errors="replace").splitlines():
            outcome, _, rest = line.partition(": ")
            if outcome in ("passed", "failed", "skipped"):
                name, _, detail = rest.partition(" -- ")
                count(f"style/{name}", outcome, detail.replace("\\n", "\n"))
        if done.returncode not in (0, 1):
            count(f"style/{script}", "failed", done.stdout.decode(errors="replace")[-2000:])


if options.as_nobody and os.geteuid() != 0:
    sys.exit("run.py: --as-nobody is for root; whoever else runs the suite is unprivileged already")
if options.as_nobody:
    run_lit_as_nobody()
else:
    run_build()
    run_unit()
    run_lit()
    if not options.filter and os.geteuid() == 0:
        run_lit_as_nobody()
    if not options.filter and not options.no_style:
        run_style()
if failures:
    print("failed:\n  " + "\n  ".join(failures))
print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
sys.exit(1 if failed or not passed else 0)
