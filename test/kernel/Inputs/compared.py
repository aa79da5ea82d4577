# compared.py ROOT: every helper that the engines here answer is held against the kernel's, by BPF_PROG_TEST_RUN of a
# program that calls it, or is named below with the reason why it cannot be. Prints what is neither.
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
COMPARED = [
    "kernel/helpers-*.c", "driver/exec-packet-helpers.c", "driver/exec-fib-lookup.c", "driver/exec-sk-lookup.c",
    "driver/exec-snprintf-btf.c", "driver/exec-syncookies.c", "driver/exec-tunnel.c", "driver/exec-kernel.c",
]
NOT_COMPARED = {
    # The answer is the machine's or the moment's own.
    "get_current_pid_tgid": "of the process that asks", "get_current_cgroup_id": "of the process that asks",
    "get_socket_cookie": "a test run makes a socket, of a cookie of its own",
    "get_socket_uid": "a test run makes a socket, which somebody owns",
    "sk_cgroup_id": "of the group that the socket was made in", "sk_ancestor_cgroup_id": "the same",
    "sk_assign": "a test run is no ingress",
    # The kernel test-runs no programs of the types that may call it.
    "sock_ops_cb_flags_set": "SOCK_OPS", "get_retval": "CGROUP_SOCKOPT and its like", "set_retval": "CGROUP_SOCKOPT and its like",
    "get_func_ip": "KPROBE", "read_branch_records": "PERF_EVENT", "sk_redirect_map": "SK_SKB", "sk_redirect_hash": "SK_SKB",
    # It takes an object of the kernel, which a program that the engines here run cannot have.
    "inode_storage_get": "an inode", "inode_storage_delete": "an inode", "cgrp_storage_get": "a control group",
    "cgrp_storage_delete": "a control group", "kptr_xchg": "an object in a slot",
}  # fmt: skip

table = (root / "lang-spec/tables/helpers.def").read_text()
answered = {
    name for number, name in re.findall(r"^SPILE_HELPER\(\s*(\w+),\s*(\w+),", table, re.M) if int(number, 0) < 0x7000
}
called = set()
for pattern in COMPARED:
    for file in (root / "test").glob(pattern):
        text = file.read_text()
        called |= set(re.findall(r"\bbpf_(\w+)\(", text))
        made = re.findall(r"\bbpf_(\w+)##", text)  # by a macro, of what stands in its arguments
        called |= {name for name in answered if any(name.startswith(start) for start in made)}
wrong = [f"{name}: no program compares it" for name in sorted(answered - called - set(NOT_COMPARED))]
wrong += [f"{name}: is no helper that is answered" for name in sorted(set(NOT_COMPARED) - answered)]
print("\n".join(wrong))
sys.exit(bool(wrong))
