# lit's configuration: how the tests under test/ and the executable pages under lang-spec/ and examples/ are run.
import os
import shutil
import subprocess

import lit.formats

config.name = "spile"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".c", ".ir", ".s", ".test", ".md"]
config.excludes = ["Inputs", "unit", "fuzz", "selftests", "README.md", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
source = os.path.dirname(config.test_source_root)
build = os.environ["SPILE_BUILD_DIR"]
# Another folder than the build's for who may not write there (run.py --as-nobody).
config.test_exec_root = os.environ.get("SPILE_TEST_OUTPUT", os.path.join(build, "test"))

llvm = "/usr/lib/llvm-19/bin"
config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), llvm, "/usr/sbin", os.environ["PATH"]])
# Tests see neither the person's configuration nor their colours.
config.environment["HOME"] = config.test_exec_root
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["NO_COLOR"] = "1"
if "SPILE_VECTORS" in os.environ:
    config.environment["SPILE_VECTORS"] = os.environ["SPILE_VECTORS"]

spile = os.path.join(build, "bin", "spile")
config.substitutions += [
    # Every engine must give the same output: %run-all runs the probe on each and compares.
    ("%run-all", "python3 " + os.path.join(source, "test", "run_all.py") + " " + spile),
    # The kernel's tracepoints must give what a child's system calls give: %both-ways runs the probe on each and compares.
    ("%both-ways", "python3 " + os.path.join(source, "test", "both_ways.py") + " " + spile),
    ("%spile", spile),
    ("%clang-bpf", llvm + "/clang -target bpf -O2 -g -I " + os.path.join(build, "test", "real")
     + " -I " + os.path.join(source, "lang-spec", "include") + " -I " + os.path.join(build, "lang-spec", "include")),
    ("%examples", os.path.join(source, "examples")),
    ("%root", source),
    ("%build", build),
    ("%inputs", os.path.join(config.test_source_root, "Inputs")),
    ("%python", "python3"),
]


def works(command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


config.available_features.add("x86_64" if os.uname().machine == "x86_64" else os.uname().machine)
bpftool = shutil.which("bpftool", path=config.environment["PATH"])
if bpftool:
    config.available_features.add("bpftool")
# Spile takes the types of vmlinux.h from BTF; clang needs the text that bpftool makes of the same BTF.
frozen, real = os.path.join(build, "frontend", "btf", "vmlinux.btf"), os.path.join(build, "test", "real", "vmlinux.h")
if bpftool and (not os.path.exists(real) or os.path.getmtime(real) < os.path.getmtime(frozen)):
    os.makedirs(os.path.dirname(real), exist_ok=True)
    with open(real + ".tmp", "w") as header:
        subprocess.run([bpftool, "btf", "dump", "file", frozen, "format", "c"], stdout=header, check=True)
    os.rename(real + ".tmp", real)
if os.path.exists(os.path.join(llvm, "clang")) and os.path.exists(real):
    config.available_features.add("clang")
if works([llvm + "/clang", "-fsyntax-only", "-include", "sys/sdt.h", "-x", "c", os.devnull]):
    config.available_features.add("sdt")
if shutil.which("tcpdump", path=config.environment["PATH"]):
    config.available_features.add("tcpdump")
if shutil.which("strace", path=config.environment["PATH"]):
    config.available_features.add("strace")
if shutil.which("trace-cmd", path=config.environment["PATH"]):
    config.available_features.add("trace-cmd")
if works(["python3", "-c", "import ctypes; ctypes.CDLL('libtracecmd.so.1')"]):
    config.available_features.add("tracecmd")
# A debugger that may trace what it starts.
if works(["gdb", "-nx", "-batch", "-ex", "python pass", "-ex", "run", "--args", "true"]):
    config.available_features.add("gdb")
# Another machine: an emulator of its processes, and its C library (packages qemu-user, libc6-dev-arm64-cross).
cross = "/usr/aarch64-linux-gnu"
libraries = os.path.join(cross, "lib")
config.substitutions += [
    ("%clang-aarch64", f"{llvm}/clang --target=aarch64-linux-gnu -nostdlib -fuse-ld=lld -isystem {cross}/include -L{libraries}"
     + f" {libraries}/crt1.o {libraries}/crti.o {libraries}/crtn.o -lc"),
    ("%qemu-aarch64", f"qemu-aarch64 -L {cross}"),
]
if shutil.which("qemu-aarch64", path=config.environment["PATH"]) and os.path.exists(os.path.join(libraries, "crt1.o")):
    config.available_features.add("qemu-aarch64")
if os.path.exists("/sys/kernel/btf/vmlinux"):
    config.available_features.add("kernel-btf")
# A trivial program that the kernel takes from us: root, bpf() allowed.
if works(["python3", os.path.join(source, "test", "probe_bpf.py")]):
    config.available_features.add("bpf")
# A network namespace of one's own, with links in it.
if works(["unshare", "-n", "ip", "link", "add", "type", "veth"]):
    config.available_features.add("netns")
# ptrace of an own child, which some containers forbid.
if works([spile, "info", "--has=ptrace"]):
    config.available_features.add("ptrace")
# And tracepoints that programs may hang on.
if works([spile, "info", "--has=tracing"]):
    config.available_features.add("tracing")
if os.path.exists(os.path.join(build, "bin", "spile-engines")):
    config.available_features.add("static-spile")
if os.access(build, os.W_OK):
    config.available_features.add("own-build")
if os.path.exists(os.path.join(source, "..", "shared", "conformance", "vectors.tsv")):
    config.available_features.add("vectors")
# What run.py found the build to be made with.
for sanitizer in ("asan", "tsan"):
    if os.environ.get("SPILE_SANITIZER") == sanitizer:
        config.available_features.add(sanitizer)
for options in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if options in os.environ:
        config.environment[options] = os.environ[options]
