/* The kernel's types, as bpftool writes them from its BTF; here they are taken from the BTF itself, each when it is named.
 * Like the real one, it has no macros but its guard. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma spile import vmlinux
#else
#pragma spile import vmlinux-offsets
#endif

#endif /* __VMLINUX_H__ */
