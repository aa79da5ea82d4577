// RUN: not %spile build --emit=ast %s 2>&1 | FileCheck %s
// A macro that no header has defined reads like a function with bare parameters; the hint says so.
int BPF_NOSUCHPROBE(handle, const void *ret)
{
	return 0;
}
// CHECK: error: parameters without types are not part of the language [OldStyleParameters]
// CHECK: hint: `BPF_NOSUCHPROBE` reads like a macro that no header has defined
