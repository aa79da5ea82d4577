# helper_numbers.py bpf_helper_defs.h < `bpftool btf dump` of a kernel: what helpers have another number here, are missing, or are not the
# kernel's. Spile's own begin at 0x7000.
import re
import sys

ours = {name: int(number, 0) for name, number in re.findall(r"\(\* const bpf_(\w+)\)\(.*\) = \(void \*\) (\w+);", open(sys.argv[1]).read())}
ours = {name: number for name, number in ours.items() if number < 0x7000}
kernels = {name: int(number) for name, number in re.findall(r"'BPF_FUNC_(\w+)' val=(\d+)", sys.stdin.read())}
kernels.pop("unspec", None)
for name in sorted(ours.keys() | kernels.keys()):
    if ours.get(name) != kernels.get(name):
        print(name, "here:", ours.get(name), "kernel:", kernels.get(name))
print(len(ours.keys() & kernels.keys()), "helpers")
