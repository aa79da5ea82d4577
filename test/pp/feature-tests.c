// RUN: %spile build -E %s | FileCheck %s
// Without it, a header that asks about the target or about a warning could take the branch of another compiler.
#if __is_target_arch(bpf) && __is_target_arch(BPFEL) && !__is_target_arch(x86_64) && !__is_target_arch(bpfeb)
arch
#endif
#if __is_target_vendor(unknown) && __is_target_os(none) && !__is_target_os(linux) && __is_target_environment(unknown)
system
#endif
#if __has_warning("-Wunused-variable") && __has_warning("-W" "extra") && __has_warning("-Wmap-key-padding")
known
#endif
#if __has_warning("-Wno-unused") || __has_warning("unused") || __has_warning("-Wfuture") || __is_target_variant_os(linux)
unknown
#endif
// CHECK: arch
// CHECK: system
// CHECK: known
// CHECK-NOT: unknown
