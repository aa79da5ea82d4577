#!/usr/bin/env python3
"""Writes the uapi headers that ship: lang-spec/include/{linux,asm,asm-generic}, from the headers of a Linux.

    lang-spec/include/generate-uapi.py [--from DIR]... [--check]

Each is the kernel's own text without its comments, so that a program means the same with it and with the real one. The
headers are those named in HEADERS and what they include. DIRs are searched in order; by default /usr/include and the
asm headers of x86-64 (Debian: linux-libc-dev). A newer linux/bpf.h comes with libbpf's sources: --from libbpf/include/uapi
--from /usr/include. --check writes nothing and fails when something would change.
"""
import argparse
import os
import re
import sys

HEADERS = """
linux/bpf.h linux/bpf_common.h linux/bpf_perf_event.h linux/btf.h linux/btf_ids.h linux/capability.h linux/const.h
linux/elf.h linux/errno.h linux/erspan.h linux/fcntl.h linux/filter.h linux/fs.h linux/hdlc/ioctl.h linux/icmp.h
linux/icmpv6.h linux/if.h linux/if_addr.h linux/if_arp.h linux/if_ether.h linux/if_link.h linux/if_packet.h linux/if_tun.h
linux/if_tunnel.h linux/if_vlan.h linux/if_xdp.h linux/igmp.h linux/in.h linux/in6.h linux/in_route.h linux/inet_diag.h
linux/ioctl.h linux/ip.h linux/ipv6.h linux/kernel.h linux/limits.h linux/lirc.h linux/magic.h linux/mman.h linux/mpls.h
linux/neighbour.h linux/netdevice.h linux/netfilter.h linux/netfilter_ipv4.h linux/netlink.h linux/nsfs.h linux/openat2.h
linux/param.h linux/perf_event.h linux/pkt_cls.h linux/pkt_sched.h linux/posix_types.h linux/prctl.h linux/ptrace.h
linux/resource.h linux/rtnetlink.h linux/sched.h linux/sched/types.h linux/seccomp.h linux/seg6.h
linux/seg6_local.h linux/signal.h linux/socket.h linux/sock_diag.h linux/sockios.h linux/stat.h linux/stddef.h
linux/string.h linux/swab.h linux/sysinfo.h linux/tc_act/tc_bpf.h linux/tcp.h linux/time.h linux/time_types.h linux/tls.h
linux/types.h linux/udp.h linux/uio.h linux/un.h linux/unistd.h linux/utsname.h linux/vm_sockets.h linux/wait.h
linux/byteorder/little_endian.h asm/bitsperlong.h asm/byteorder.h asm/errno.h asm/ptrace.h asm/socket.h asm/types.h
asm/unistd.h
""".split()

# Of other ABIs than that of the BPF target.
LEFT_OUT = {"asm/unistd_32.h", "asm/unistd_x32.h", "asm/posix_types_32.h", "asm/posix_types_x32.h"}


def without_comments(text):
    # Strings and characters are kept as they are; a comment becomes one space.
    token = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|//[^\n]*', re.S)
    text = token.sub(lambda m: m[0] if m[0][0] in "\"'" else " ", text)
    out = []
    for line in text.split("\n"):
        line = re.sub(r"[ \t]+", " ", line).rstrip()
        if line:
            out.append(re.sub(r"^ (?=\S)", "\t", line))
        elif out and out[-1].endswith("\\"):
            out[-1] = out[-1][:-1].rstrip()  # the empty line ended a macro
    return "\n".join(out) + "\n"


def without_mapper(text):
    """linux/bpf.h makes bpf_func_id by three levels of macros; its constants as text cost a tenth of that to read."""
    functions = re.findall(r"FN\((\w+), (\d+), ##ctx\)", text)
    constants = "".join(f"\tBPF_FUNC_{name} = {value},\n" for name, value in functions)
    return re.sub(r"(enum bpf_func_id \{\n)\s*___BPF_FUNC_MAPPER\(__BPF_ENUM_FN\)\n", lambda m: m[1] + constants, text)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="writes the uapi headers that ship")
    parser.add_argument("--from", dest="dirs", action="append", metavar="DIR")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    dirs = (options.dirs or ["/usr/include"]) + ["/usr/include/x86_64-linux-gnu"]

    def find(name):
        return next((os.path.join(d, name) for d in dirs if os.path.exists(os.path.join(d, name))), None)

    queue, seen, changed = list(HEADERS), set(), []
    while queue:
        name = queue.pop()
        if name in seen or name in LEFT_OUT:
            continue
        seen.add(name)
        path = find(name)
        if path is None:
            continue  # of a newer or older Linux
        with open(path, encoding="utf-8") as file:
            text = file.read()
        licence = re.search(r"SPDX-License-Identifier: ([^*\n]+)", text)
        body = without_mapper(without_comments(text))
        for included in re.findall(r"^\s*#\s*include\s*<([^>]+)>", body, re.M):
            if included.split("/")[0] in ("linux", "asm", "asm-generic"):
                queue.append(included)
        out = f"/* SPDX-License-Identifier: {licence[1].strip()} */\n" if licence else ""
        out += f"/* Of Linux, by generate-uapi.py: the whole of its text, however long, without comments. */\n{body}"
        target = os.path.join(here, name)
        old = None
        if os.path.exists(target):
            with open(target, encoding="utf-8") as file:
                old = file.read()
        if old == out:
            continue
        changed.append(name)
        if not options.check:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                file.write(out)
    print(f"{len(seen)} headers, {len(changed)} {'would change' if options.check else 'written'}")
    if options.check and changed:
        sys.exit("\n".join(sorted(changed)))


main()
