// Hits of functions and samples where they are written down: what their hooks are called, and their contexts by fields.
//
//     +5us  uprobe:libc.so.6:malloc   pid=7 comm="cat" arg0=32
//     +1us  usdt:shop:shop:sold       pid=7 arg0=3 arg1="milk"
//     +9us  profile:99hz              pid=7 comm="cat" ip=0x401136 stack=0x401136,0x4011ff
//
// A hook is called as a SEC() that waits for it alone: a hit for `uprobe.multi/libc.so.6:m*` is one of
// `uprobe/libc.so.6:malloc`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/hooks/tracepoint.h"
#include "runtime/hooks/user_probe.h"

namespace spile::hooks {

// struct pt_regs, which the registers that ptrace shows begin with; struct bpf_perf_event_data adds period and address.
#ifdef __aarch64__
inline constexpr size_t kHitContextSize = 34 * sizeof(uint64_t);
#else
inline constexpr size_t kHitContextSize = 21 * sizeof(uint64_t);
#endif
inline constexpr size_t kSampleContextSize = kHitContextSize + 2 * sizeof(uint64_t);

// As much as one event may have: frames (the kernel gives 127 unless it is told to give more), bytes of a note's
// arguments.
inline constexpr size_t kMostFrames = 1024, kLongestArguments = 4096;

// What [hook] gives its programs: its fields are the registers by the kernel's names of them. [hook]: "uprobe/FILE:f",
// "uretprobe/FILE:f", "usdt/FILE:provider:name", "profile/99hz" or "perf_event"; none: it is none of those.
std::optional<Tracepoint> find_code_event(std::string_view hook);

Tracepoint hit_event(std::string_view hook);
Tracepoint sample_event(std::string_view hook);  // "perf_event" is the same as "profile/99hz"

// The register that holds "arg0" … "arg5", "ret" where C functions are called: "di". Other names stay.
std::string_view register_of(std::string_view name);

// "uprobe/libc.so.6:malloc": a hit of [place] (UserPlace::name) for who waits for [probe].
std::string hit_name(const UserProbeName &probe, std::string_view place);

// Whether who waits for [probe] gets hits that are written down as [hit]. Files agree when one's name ends as the other
// one's path, and with `libc` for `libc.so.6`.
bool is_hit_of(const UserProbeName &hit, const UserProbeName &probe);

}  // namespace spile::hooks
