# kernel_load.py SPILE EXAMPLES [NAME...]: builds each example, without names all, and lets bpftool load all its programs into the kernel,
# pinned in a bpffs mount of our own that vanishes with this process's mount namespace.
import os
import subprocess
import sys

spile, examples = sys.argv[1], sys.argv[2]
SCRIPT = """
set -e
mount -t bpf bpf "$0"
bpftool prog loadall "$1" "$0/probe"
ls "$0/probe"
"""
everything = [name.removesuffix(".bpf.c") for name in sorted(os.listdir(examples)) if name.endswith(".bpf.c")] if examples else []
for name in sys.argv[3:] or everything:
    folder = os.path.join(os.getcwd(), f"bpffs-{os.getpid()}")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder + ".o")
    try:
        subprocess.run([spile, "build", os.path.join(examples, name + ".bpf.c"), "-o", path], check=True)
        done = subprocess.run(["unshare", "-m", "sh", "-c", SCRIPT, folder, path], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            print(f"{name}: refused\n{done.stderr}")
            sys.exit(1)
        print(f"{name}: loaded {' '.join(sorted(done.stdout.split()))}")
    finally:
        os.path.exists(path) and os.remove(path)
        os.rmdir(folder)
