# The `since` columns of our tables against history: when did each helper, type of map, of program and of attachment
# come into include/uapi/linux/bpf.h?
#
#   python3 bench/verifier/since.py LIBBPF
#
# LIBBPF: a git directory of libbpf, whose history keeps the kernel's commits of that header with their dates. A commit
# goes into the release after the one that was being made when it was written; one that was written while a merge window
# opened may be in either, which is why what differs by one release is listed as near.
import bisect
import pathlib
import re
import subprocess
import sys

TABLES = pathlib.Path(__file__).resolve().parents[2] / "lang-spec" / "tables"
RELEASES = """5.5 2020-01-26 5.6 2020-03-29 5.7 2020-05-31 5.8 2020-08-02 5.9 2020-10-11 5.10 2020-12-13 5.11 2021-02-14
5.12 2021-04-25 5.13 2021-06-27 5.14 2021-08-29 5.15 2021-10-31 5.16 2022-01-09 5.17 2022-03-20 5.18 2022-05-22
5.19 2022-07-31 6.0 2022-10-02 6.1 2022-12-11 6.2 2023-02-19 6.3 2023-04-23 6.4 2023-06-25 6.5 2023-08-27 6.6 2023-10-29
6.7 2024-01-07 6.8 2024-03-10 6.9 2024-05-12 6.10 2024-07-14 6.11 2024-09-15 6.12 2024-11-17 6.13 2025-01-19
6.14 2025-03-24 6.15 2025-05-25 6.16 2025-07-27 6.17 2025-09-28 6.18 2025-11-30 6.19 2026-02-08""".split()
VERSIONS, DATES = RELEASES[::2], RELEASES[1::2]
OLDEST = VERSIONS.index("5.10")  # the tables count from there

log = subprocess.run(["git", "-C", sys.argv[1], "log", "--reverse", "-p", "--format=@@@%as", "--",
                      "include/uapi/linux/bpf.h"], capture_output=True, check=True).stdout.decode(errors="replace")
first, date = {}, ""
for line in log.splitlines():
    if line.startswith("@@@"):
        date = line[3:]
    elif found := re.match(r"\+\s+(?:FN\((\w+)[,)]|(BPF_[A-Z0-9_]+)\s*(?:=[^,]*)?,)", line):
        first.setdefault(found[1] or found[2], date)


def by_history(name):
    """Index of the release, or None for what the header does not name."""
    if name not in first:
        return None
    return max(min(bisect.bisect_left(DATES, first[name]) + 1, len(VERSIONS) - 1), OLDEST)


rows = [(name, f"{major}.{minor}") for number, name, major, minor in re.findall(
    r"SPILE_HELPER\((\d+), (\w+),.*?linux\((\d+), (\d+)\)", (TABLES / "helpers.def").read_text(), re.S)
        if int(number) < 0x7000]
kernels = (TABLES / "kernels.def").read_text()
ATTACHMENTS = {"sk_skb/verdict": "BPF_SK_SKB_VERDICT", "sk_reuseport/migrate": "BPF_SK_REUSEPORT_SELECT_OR_MIGRATE",
               "syscall": "BPF_PROG_TYPE_SYSCALL", "kprobe.multi": "BPF_TRACE_KPROBE_MULTI", "lsm_cgroup": "BPF_LSM_CGROUP",
               "netfilter": "BPF_PROG_TYPE_NETFILTER", "uprobe.multi": "BPF_TRACE_UPROBE_MULTI", "tcx/": "BPF_TCX_INGRESS",
               "netkit/": "BPF_NETKIT_PRIMARY", "kprobe.session": "BPF_TRACE_KPROBE_SESSION",
               "uprobe.session": "BPF_TRACE_UPROBE_SESSION", "cgroup/connect_unix": "BPF_CGROUP_UNIX_CONNECT"}
for section, major, minor in re.findall(r'^SPILE_SECTION_SINCE\("([^"]+)", (\d+), (\d+)\)', kernels, re.M):
    if section in ATTACHMENTS:
        rows.append((ATTACHMENTS[section], f"{major}.{minor}"))
MAPS = {"29": "TASK_STORAGE", "30": "BLOOM_FILTER", "31": "USER_RINGBUF", "32": "CGRP_STORAGE", "33": "ARENA"}
for number, major, minor in re.findall(r"^SPILE_MAP_SINCE\((\d+), (\d+), (\d+)\)", kernels, re.M):
    rows.append((f"BPF_MAP_TYPE_{MAPS[number]}", f"{major}.{minor}"))
same, near, far = 0, [], []
for name, have in rows:
    wanted = by_history(name)
    if wanted is None:
        continue
    index = max(VERSIONS.index(have) if have in VERSIONS else 0, OLDEST)
    same += index == wanted
    if index != wanted:
        (near if abs(index - wanted) == 1 else far).append(f"{name}: {have}, written {first[name]}: {VERSIONS[wanted]}")
print(f"{len(rows)} rows, {same} as history has them, {len(near)} near, {len(far)} wrong")
print(*near, *far, sep="\n")
sys.exit(bool(far))
