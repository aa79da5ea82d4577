"""The compilations that bench/link-order and bench/profile watch: what spile is made to be quick at."""
import glob
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("asm", "codegen", "core", "lower", "object", "pp", "run", "sema", "verifier")
SYSTEM_HEADERS = ["-I/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]


def default_sources():
    """The examples, the benchmark programs and the tests that are programs."""
    patterns = ["examples/*.bpf.c", "../shared/bench/*.c", *(f"test/{folder}/*.c" for folder in FOLDERS)]
    return sorted(path for pattern in patterns for path in glob.glob(os.path.join(ROOT, pattern)))


def compilations(spile, sources, out):
    """Commands: each source with the headers that ship, and with the system's. Some fail: tests of errors."""
    for source in sources:
        for headers in ([], SYSTEM_HEADERS):
            yield [spile, "build", "-w", *headers, source, "-o", out]
