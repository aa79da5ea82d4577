#include "lang-spec/tables/kfuncs.h"

#include <linux/bpf.h>

#include <algorithm>
#include <array>

namespace spile::tables {
namespace {

constexpr auto kKfuncs = [] {
  using enum KfuncArg;
  return std::to_array<Kfunc>({
#define SPILE_KFUNC(name, flags, Hooks, ...) {#name, flags, Hooks, {__VA_ARGS__}},
#include "lang-spec/tables/kfuncs.def"
  });
}();

constexpr bool names_rise() {
  for (size_t i = 1; i < kKfuncs.size(); i++)
    if (kKfuncs[i - 1].name >= kKfuncs[i].name) return false;
  return true;
}
static_assert(names_rise(), "kfuncs.def: rows must stand in the order of their names");

// bpf_prog_type_to_kfunc_hook()
uint16_t hook_of(uint32_t program) {
  constexpr uint32_t kNetfilterType = 32;
  switch (program) {
    case BPF_PROG_TYPE_XDP:
      return kXdp;
    case BPF_PROG_TYPE_SCHED_CLS:
    case BPF_PROG_TYPE_SCHED_ACT:
      return kTc;
    case BPF_PROG_TYPE_STRUCT_OPS:
      return kStructOps;
    case BPF_PROG_TYPE_TRACING:
    case BPF_PROG_TYPE_TRACEPOINT:
    case BPF_PROG_TYPE_PERF_EVENT:
    case BPF_PROG_TYPE_LSM:
      return kTracing;
    case BPF_PROG_TYPE_SYSCALL:
      return kSyscall;
    case BPF_PROG_TYPE_CGROUP_SKB:
    case BPF_PROG_TYPE_CGROUP_SOCK:
    case BPF_PROG_TYPE_CGROUP_DEVICE:
    case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
    case BPF_PROG_TYPE_CGROUP_SOCKOPT:
    case BPF_PROG_TYPE_CGROUP_SYSCTL:
    case BPF_PROG_TYPE_SOCK_OPS:
      return kCgroup;
    case BPF_PROG_TYPE_SK_SKB:
      return kSkSkb;
    case BPF_PROG_TYPE_SOCKET_FILTER:
      return kSocketFilter;
    case BPF_PROG_TYPE_LWT_OUT:
    case BPF_PROG_TYPE_LWT_IN:
    case BPF_PROG_TYPE_LWT_XMIT:
    case BPF_PROG_TYPE_LWT_SEG6LOCAL:
      return kLwt;
    case kNetfilterType:
      return kNetfilter;
    case BPF_PROG_TYPE_KPROBE:
      return kKprobe;
    default:
      return 0;
  }
}

}  // namespace

const Kfunc *find_kfunc(std::string_view name) {
  const auto *it = std::ranges::lower_bound(kKfuncs, name, {}, &Kfunc::name);
  return it != kKfuncs.end() && it->name == name ? it : nullptr;
}

uint32_t index_of(const Kfunc &kfunc) { return static_cast<uint32_t>(&kfunc - kKfuncs.data()); }
const Kfunc *kfunc_at(uint32_t index) { return index < kKfuncs.size() ? &kKfuncs[index] : nullptr; }

bool is_available(const Kfunc &kfunc, uint32_t program) {
  return (kfunc.hooks & (kCommon | hook_of(program))) != 0 || program == BPF_PROG_TYPE_EXT;
}

}  // namespace spile::tables
