"""The collections of corpora.toml as lists of programs, clang's objects of them, and what the kernel says of an object.

Shared by the scripts of this folder and by bench/codesize. Nothing here knows of Spile but the table of its flags.
"""
import glob
import hashlib
import json
import math
import os
import re
import shlex
import struct
import subprocess
import time
import tomllib
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
SPILE = os.path.join(PROJECT, "build", "release", "bin", "spile")
EM_BPF = 247
SHT_PROGBITS, SHF_EXECINSTR = 1, 4

# What is said to clang alone.
CLANG_ONLY = re.compile(r"^-(W|O|mcpu)")


@dataclass
class Source:
    """A program of a collection, and the flags that its own build gives."""
    set: str
    path: str
    flags: list

    def ours(self):
        return [flag for flag in self.flags if not CLANG_ONLY.match(flag)] + [f"-I{os.path.dirname(self.path)}"]

    def theirs(self):
        return self.flags + [f"-I{os.path.dirname(self.path)}"]


def _tables():
    with open(os.path.join(HERE, "corpora.toml"), "rb") as file:
        return tomllib.load(file)


def set_names():
    return list(_tables()["set"])


def add_options(parser):
    """The options that choose programs."""
    parser.add_argument("sets", nargs="*", help="names in corpora.toml; default: all")
    parser.add_argument("--root", default=os.environ.get("SPILE_CORPUS", ""), help="where the trees stand")
    parser.add_argument("--only", default="", help="only files with this in their path")
    parser.add_argument("--every", type=int, default=1, help="only each Nth file: a sample")
    parser.add_argument("--spile", type=os.path.abspath, default=SPILE)  # commands run in the folder of each source
    parser.add_argument("-j", type=int, default=2)


def sources_of(set_name, root, more_flags=()):
    """The programs of one set, by name."""
    tables = _tables()
    row = tables["set"][set_name]
    fill = lambda text: text.replace("{root}", root).replace("{project}", PROJECT)
    flags = [fill(flag) for flag in row["flags"] + tables["common"]["flags"]]
    files = sorted({f for pattern in row["files"] for f in glob.glob(os.path.join(root, fill(pattern)), recursive=True)})
    if not row.get("all"):
        files = [f for f in files if "SEC(" in open(f, errors="replace").read()]
    return [Source(set_name, f, flags + list(more_flags)) for f in files]


def chosen(options, more_flags=()):
    """The programs that the options of add_options ask for. Sets that need no trees are taken without --root."""
    root = os.path.abspath(options.root) if options.root else ""
    sources = [s for name in options.sets or set_names() for s in sources_of(name, root, more_flags)]
    return [s for s in sources if options.only in s.path][::options.every]


def run(command, timeout=60, cwd=None):
    """(exit code, output, seconds); a code of -99 for one that did not end in time."""
    begin = time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, cwd=cwd,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode(errors="replace"), time.monotonic() - begin
    except subprocess.TimeoutExpired:
        return -99, "error: did not end in time [Timeout]", time.monotonic() - begin


def geomean(values):
    values = [v for v in values if v > 0]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else 0.0


def instructions(path):
    """Instructions in the executable sections of an ELF object; 0 when it cannot be read."""
    try:
        data = open(path, "rb").read()
        if data[:4] != b"\x7fELF" or struct.unpack_from("<H", data, 18)[0] != EM_BPF:
            return 0
        table, = struct.unpack_from("<Q", data, 40)
        entry, count = struct.unpack_from("<HH", data, 58)
        total = 0
        for i in range(count):
            _, kind, flags, _, _, size = struct.unpack_from("<IIQQQQ", data, table + i * entry)
            if kind == SHT_PROGBITS and flags & SHF_EXECINSTR:
                total += size // 8
        return total
    except (OSError, struct.error):
        return 0


def elf_sections(data):
    """The content of each section of a 64-bit ELF object, by name."""
    table, = struct.unpack_from("<Q", data, 40)
    entry, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * entry) for i in range(count)]
    strings = data[headers[names][4]:][:headers[names][5]]
    return {strings[h[0]:strings.index(b"\0", h[0])].decode(): data[h[4]:h[4] + h[5]] for h in headers}


class Clang:
    """clang's objects of the sources, kept in a folder between runs and made again when the source is newer."""

    def __init__(self, command, cache):
        self.command, self.cache = shlex.split(command), cache

    def compile(self, source, root):
        """({ok, error}, path of the object)"""
        command = self.command + source.theirs() + ["-c", source.path]
        key = hashlib.sha1(" ".join(command).encode()).hexdigest()[:12]
        below = os.path.relpath(source.path, root) if root else os.path.basename(source.path)
        stem = os.path.join(self.cache, source.set, re.sub(r"[^A-Za-z0-9_.-]", "_", below).lstrip("._"))
        record, obj = f"{stem}.{key}.json", f"{stem}.o"
        if os.path.exists(record) and os.path.getmtime(record) > os.path.getmtime(source.path):
            return json.load(open(record)), obj
        os.makedirs(os.path.dirname(obj), exist_ok=True)
        if os.path.exists(obj):
            os.unlink(obj)
        code, text, _ = run(command + ["-o", obj], cwd=os.path.dirname(source.path))
        first = next((line for line in text.splitlines() if "error" in line), "")
        answer = {"ok": code == 0, "error": first}
        json.dump(answer, open(record, "w"))
        return answer, obj


class Kernel:
    """load.c, built against the system's libbpf or that in [libbpf]: loads the programs of an object one by one."""

    def __init__(self, folder, libbpf=""):
        self.binary = os.path.join(folder, "load")
        source = os.path.join(HERE, "load.c")
        if os.path.exists(self.binary) and os.path.getmtime(self.binary) > os.path.getmtime(source):
            return
        os.makedirs(folder, exist_ok=True)
        command = ["clang-19", "-O1", "-o", self.binary, source]
        if libbpf:
            command += [f"-I{libbpf}/include", os.path.join(libbpf, "libbpf.a"), "-lelf", "-lz"]
        else:
            command += ["-lbpf", "-lelf", "-lz"]
        subprocess.run(command, check=True)

    def loads(self, path):
        """{program: (accepted, processed instructions or errno)}"""
        _, text, _ = run([self.binary, path], timeout=300)
        result = {}
        for line in text.splitlines():
            words = line.split()
            if words[:1] == ["program"]:
                result[words[1]] = (words[2] == "ok", int(words[3]))
        return result

    def kept_loads(self, path):
        """The same, kept beside the object."""
        record = path + ".loads.json"
        if os.path.exists(record) and os.path.getmtime(record) > os.path.getmtime(path):
            return json.load(open(record))
        answer = self.loads(path)
        json.dump(answer, open(record, "w"))
        return answer
