# ./dev selftests: the verdicts of our verifier beside those of the kernel, over the kernel's own tests of its verifier.
#
#   python3 test/selftests/run.py [--linux DIR] [--only SUBSTRING] [--set SET] [--causes] [--no-kernel] [--unprivileged]
#
# SET is `verifier` (progs/verifier_*.c and verifier/*.c; the default), `progs` or `tables` (one of these two), `wide`
# (every other program) or `all`. The tests come from Debian's linux-source-6.12, or from --linux; they are compiled here and
# never copied. Where bpf() is not allowed, the tests' own expectations stand for the kernel.
import argparse
import collections
import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
ARCHIVE = "/usr/src/linux-source-6.12.tar.xz"
PARTS = ["tools/testing/selftests/bpf", "tools/include", "tools/lib/bpf", "tools/lib/string.c", "arch/x86/include/uapi"]

parser = argparse.ArgumentParser(description="Our verdicts and the kernel's over the kernel's selftests.")
parser.add_argument("--build", default=os.path.join(PROJECT, "build", "release"))
parser.add_argument("--linux", default="", help="a tree of the kernel's sources; default: Debian's, unpacked when needed")
parser.add_argument("--work", default=os.path.join(PROJECT, "build", "selftests"), help="objects are kept here")
parser.add_argument("--libbpf", default="", help="folder of a libbpf.a and its include/, in place of the system's")
parser.add_argument("--vmlinux", default="", help="folder of a vmlinux.h; default: made with bpftool from this kernel")
parser.add_argument("--set", default="verifier", choices=["verifier", "progs", "tables", "wide", "all"])
parser.add_argument("--only", default="", help="only files with this in their name")
parser.add_argument("--causes", action="store_true", help="list each difference, grouped by cause")
parser.add_argument("--messages", action="store_true", help="also list rejections for another reason than is expected")
parser.add_argument("--no-kernel", action="store_true", help="compare with what the tests expect")
parser.add_argument("--unprivileged", action="store_true", help="the verdicts without capabilities (compared with the tests)")
parser.add_argument("-j", type=int, default=os.cpu_count())
options = parser.parse_args()


def run(command, timeout=600, **more):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, **more)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", "did not end in time")


def sources():
    """The kernel's tree: as given, or Debian's, of which the parts that are needed are unpacked once."""
    if options.linux:
        return os.path.abspath(options.linux)
    tree = os.path.join(options.work, "linux-source-6.12")
    if not os.path.isdir(os.path.join(tree, PARTS[0])):
        if not os.path.exists(ARCHIVE):
            sys.exit("selftests: install linux-source-6.12, or name a tree with --linux")
        os.makedirs(options.work, exist_ok=True)
        print("selftests: unpacking linux-source-6.12", file=sys.stderr)
        # Beside its place, so that a tree which was only unpacked in part is never taken for one.
        with tempfile.TemporaryDirectory(dir=options.work) as folder:
            subprocess.run(["tar", "-C", folder, "-xf", ARCHIVE] + [f"linux-source-6.12/{p}" for p in PARTS], check=True)
            os.rename(os.path.join(folder, "linux-source-6.12"), tree)
    return tree


def headers(tree):
    """libbpf's headers as the tree has them, with the list of helpers that its build writes, and vmlinux.h."""
    folder = os.path.join(options.work, "include")
    os.makedirs(os.path.join(folder, "bpf"), exist_ok=True)
    for header in glob.glob(os.path.join(tree, "tools/lib/bpf/*.h")):
        link = os.path.join(folder, "bpf", os.path.basename(header))
        if not os.path.exists(link):
            os.symlink(header, link)
    # The helpers' prototypes are made from the comments of uapi/linux/bpf.h; the installed libbpf may have older ones.
    defs = os.path.join(folder, "bpf", "bpf_helper_defs.h")
    if not os.path.exists(defs):
        script = os.path.join(tree, "scripts/bpf_doc.py")
        made = ""
        if os.path.exists(script):
            made = run([sys.executable, script, "--header", "--file", os.path.join(tree, "tools/include/uapi/linux/bpf.h")]).stdout
        if made:
            open(defs, "w").write(made)
        else:
            os.symlink("/usr/include/bpf/bpf_helper_defs.h", defs)
    vmlinux = options.vmlinux
    if not vmlinux:
        vmlinux = os.path.join(options.work, "vmlinux")
        os.makedirs(vmlinux, exist_ok=True)
        path = os.path.join(vmlinux, "vmlinux.h")
        if not os.path.exists(path):
            made = run(["bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"]).stdout
            if not made:
                sys.exit("selftests: no /sys/kernel/btf/vmlinux to make vmlinux.h of; name a folder with --vmlinux")
            open(path, "w").write(made)
    return [f"-I{vmlinux}", f"-I{folder}"]


def compiler_flags(tree):
    bpf = os.path.join(tree, PARTS[0])
    return ["-D__TARGET_ARCH_x86", *headers(tree), f"-I{bpf}", f"-I{tree}/tools/include/uapi", f"-I{tree}/tools/include",
            "-I/usr/include/x86_64-linux-gnu", "-std=gnu11", "-fno-strict-aliasing", "-Wno-compare-distinct-pointer-types"]


def compiled(path, flags):
    """clang's object of a program; None when it does not compile. Kept while the source and the command stay."""
    command = ["clang-19", "-target", "bpf", "-O2", "-g", "-mcpu=v3", "-w", *flags, f"-I{os.path.dirname(path)}", "-c", path]
    key = hashlib.sha1(" ".join(command).encode()).hexdigest()[:12]
    stem = os.path.join(options.work, "objects", os.path.basename(path)[:-2])
    stamp = f"{stem}.{key}"
    if not (os.path.exists(stamp) and os.path.getmtime(stamp) >= os.path.getmtime(path)):
        os.makedirs(os.path.dirname(stem), exist_ok=True)
        done = run(command + ["-o", f"{stem}.o"], cwd=os.path.dirname(path))
        open(stamp, "w").write("ok" if done.returncode == 0 else done.stderr)
    return f"{stem}.o" if open(stamp).read() == "ok" else None


def tool(name, source, flags, libraries):
    """A program of this folder, built against libbpf."""
    binary = os.path.join(options.work, name)
    if os.path.exists(binary) and os.path.getmtime(binary) > os.path.getmtime(source):
        return binary
    if options.libbpf:
        flags = [f"-I{options.libbpf}/include"] + flags
        libraries = [os.path.join(options.libbpf, "libbpf.a"), "-lelf", "-lz"]
    os.makedirs(options.work, exist_ok=True)
    subprocess.run(["clang-19", "-O1", "-w", "-o", binary, source, *flags, *libraries], check=True)
    return binary


Row = collections.namedtuple("Row", "file name ours reason theirs why expected differs")


def ours_of(obj):
    """{program: (verdict, the first reason, what its author expects, whether the message differs)}"""
    # What the selftests say of themselves needs no kernel; the numbers of its types and its options do.
    command = [os.path.join(options.build, "bin", "spile"), "check", "--expect", "--btf=host", "--kconfig=host", obj]
    if options.unprivileged:
        command.append("--unprivileged")
    found, last = {}, None
    done = run(command)
    for line in done.stderr.splitlines():
        head = re.match(r"spile: .*?: (\S+) \(.*?\): (accepted|rejected|cannot judge)(.*)", line)
        if head:
            last, word, rest = head.groups()
            accepted = word == "accepted"
            expected = None
            if rest.startswith(", as expected"):
                expected = accepted
            elif "expects success" in rest:
                expected = True
            elif "expects failure" in rest:
                expected = False
            elif "expects the message" in rest:
                expected = False
            found[last] = [{"accepted": "accept", "rejected": "reject"}.get(word, "unjudged"), "", expected, rest]
        elif last and line.startswith("spile:   instruction") and not found[last][1]:
            found[last][1] = line[len("spile:   "):]
    if done.returncode < 0:
        found[""] = ["unjudged", f"spile ended with {done.returncode} {done.stderr[-200:]}", None, ""]
    return found


def kernel_of(loader, obj):
    """{program: (verdict, the last line of the log)}, kept beside the object."""
    kept = obj + ".kernel"
    if not (os.path.exists(kept) and os.path.getmtime(kept) >= os.path.getmtime(obj)):
        open(kept, "w").write(run([loader, obj]).stdout)
    rows = (line.split("\t") for line in open(kept, errors="replace").read().splitlines())
    return {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows if len(row) >= 2}


def program_rows(path, flags, loader):
    name = os.path.basename(path)
    obj = compiled(path, flags)
    if obj is None:
        return name, None
    ours = ours_of(obj)
    theirs = kernel_of(loader, obj) if loader else {}
    rows = []
    for program, (verdict, reason, expected, differs) in ours.items():
        if loader:
            kernel, why = theirs.get(program, ("unjudged", "not there"))
        else:
            kernel, why = {True: "accept", False: "reject", None: "unjudged"}[expected], differs
        rows.append(Row(name, program, verdict, reason, kernel, why, expected, differs))
    return name, rows


def table_rows(tree, kernel):
    """The tests of verifier/*.c: a harness with the kernel's own runner inside writes them down, table_judge judges."""
    folder = os.path.join(options.work, "tables")
    os.makedirs(os.path.join(folder, "verifier"), exist_ok=True)
    parts = [f'{{ .descr = "file:{os.path.basename(path)}" }},\n#include "{path}"\n'
             for path in sorted(glob.glob(os.path.join(tree, PARTS[0], "verifier/*.c"))) if options.only in os.path.basename(path)]
    if not parts:
        return []
    text = "#ifdef FILL_ARRAY\n" + "".join(parts) + "#endif\n"
    listing = os.path.join(folder, "verifier/tests.h")
    if not os.path.exists(listing) or open(listing).read() != text:
        open(listing, "w").write(text)
        if os.path.exists(os.path.join(options.work, "table_harness")):
            os.unlink(os.path.join(options.work, "table_harness"))
    flags = [f"-I{folder}", f"-I{tree}/{PARTS[0]}", f"-I{tree}/tools/include", f"-I{tree}/tools/include/uapi"]
    harness = tool("table_harness", os.path.join(HERE, "table_harness.c"), flags, ["-lbpf", "-lelf", "-lz"])
    cases = os.path.join(folder, "cases")
    run([harness, cases] + (["kernel"] if kernel else []))
    done = run([os.path.join(options.build, "bin", "table_judge"), cases] + (["unprivileged"] if options.unprivileged else []))
    rows = []
    for line in done.stdout.splitlines():
        name, description, verdict, reason, expected, theirs, why = (line.split("\t") + [""] * 7)[:7]
        wanted = {"accept": True, "reject": False}.get(expected)
        if not kernel:
            theirs, why = expected, "as the test expects"
        rows.append(Row(name, description, verdict, reason, theirs, why, wanted, ""))
    if done.returncode != 0:
        rows.append(Row("verifier/*.c", "table_judge", "unjudged", f"ended with {done.returncode}", "accept", "", None, ""))
    return rows


def summary(rows, failed):
    print(f"{'file':<44}{'both +':>8}{'both -':>8}{'only we':>9}{'only they':>11}{'not ours':>10}{'not theirs':>12}")
    total = collections.Counter()
    for name in dict.fromkeys(row.file for row in rows):
        count = collections.Counter((r.ours, r.theirs) for r in rows if r.file == name)
        line = {
            "both +": count["accept", "accept"], "both -": count["reject", "reject"],
            "only we": count["accept", "reject"], "only they": count["reject", "accept"],
            "not ours": count["unjudged", "accept"] + count["unjudged", "reject"],
            "not theirs": sum(n for (_, theirs), n in count.items() if theirs == "unjudged"),
        }
        total.update(line)
        if line["only we"] or line["only they"] or line["not ours"] or options.only:
            print(f"{name:<44}" + "".join(f"{line[k]:>{w}}" for k, w in
                                          [("both +", 8), ("both -", 8), ("only we", 9), ("only they", 11), ("not ours", 10), ("not theirs", 12)]))
    print(f"{'all ' + str(len(set(r.file for r in rows))) + ' files':<44}" +
          "".join(f"{total[k]:>{w}}" for k, w in [("both +", 8), ("both -", 8), ("only we", 9), ("only they", 11), ("not ours", 10), ("not theirs", 12)]))
    judged = sum(total[k] for k in ["both +", "both -", "only we", "only they", "not ours"])
    agree = total["both +"] + total["both -"]
    # Where a machine cannot load a type of programs the tests' authors still say what their verdict is.
    silent = [r for r in rows if r.theirs == "unjudged" and r.expected is not None and r.ours != "unjudged"]
    print(f"agreement: {agree} of {judged} programs that {'the tests judge' if options.no_kernel else 'this kernel judges'}: "
          f"{100 * agree / max(1, judged):.2f} %; we accept {total['only we']} that it rejects")
    if silent:
        right = sum((r.ours == "accept") == r.expected for r in silent)
        print(f"of {len(silent)} more that say what they expect: {right} as expected")
    if failed:
        print("not compiled: " + ", ".join(failed))


def differences(rows):
    groups = collections.defaultdict(list)
    for r in rows:
        if r.theirs == "unjudged" and r.expected is not None:
            r = r._replace(theirs="accept" if r.expected else "reject", why="expected" + r.differs)
        if r.theirs == "unjudged" or r.ours == r.theirs:
            continue
        if r.ours == "accept":
            groups["we accept; they: " + re.sub(r"\d+", "N", r.why)].append(r)
        else:
            groups[("we cannot judge: " if r.ours == "unjudged" else "we reject: ") +
                   re.sub(r"\d+", "N", re.sub(r"^instruction \d+: ", "", r.reason))].append(r)
    for cause, members in sorted(groups.items(), key=lambda g: (not g[0].startswith("we accept"), -len(g[1]))):
        print(f"\n{len(members)} x {cause}")
        for r in members[:12]:
            print(f"    {r.file}: {r.name}: we {r.ours} ({r.reason}); they {r.theirs} ({r.why})")


def main():
    tree = sources()
    bpf = os.path.join(tree, PARTS[0])
    kernel = not options.no_kernel and not options.unprivileged
    rows, failed = [], []
    if options.set in ("verifier", "tables", "all"):
        rows += table_rows(tree, kernel)
    if options.set != "tables":
        flags = compiler_flags(tree)
        loader = tool("load_programs", os.path.join(HERE, "load_programs.c"), [], ["-lbpf", "-lelf", "-lz"]) if kernel else None
        files = [f for f in sorted(glob.glob(os.path.join(bpf, "progs/*.c"))) if options.only in os.path.basename(f)]
        named = [f for f in files if os.path.basename(f).startswith("verifier_")]
        if options.set in ("wide", "all"):
            named = files if options.set == "all" else [f for f in files if f not in named]
        with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
            for name, some in pool.map(lambda f: program_rows(f, flags, loader), named):
                if some is None:
                    failed.append(name)
                else:
                    rows += some
    summary(rows, failed)
    if options.causes:
        differences(rows)
    if options.messages:
        for r in rows:
            if "expects the message" in r.differs:
                print(f"    {r.file}: {r.name}: {r.reason}{r.differs}")


main()
