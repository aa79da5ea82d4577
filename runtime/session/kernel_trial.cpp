#include <linux/bpf.h>
#include <sched.h>

#include <cstring>

#include "runtime/kernel/kernel_map.h"
#include "runtime/kernel/kernel_object.h"
#include "runtime/session/print_maps.h"
#include "runtime/session/trial.h"

namespace spile::session {

namespace {

// The context of a packet program is made by the kernel; it takes a __sk_buff only to set what may be set.
std::vector<std::byte> ctx_of(const tables::ProgramType &type, const TrialInput &input) {
  if (type.hook != tables::HookKind::Packet) {
    std::vector<std::byte> ctx = input.ctx;
    put_values(input.values, ctx);
    return ctx;
  }
  if (input.values.empty()) return {};
  std::vector<std::byte> ctx(sizeof(__sk_buff));
  put_values(input.values, ctx);
  return ctx;
}

// These get back the whole frame; for others the kernel makes up the Ethernet header of what it gives back.
bool gives_frame_back(const tables::ProgramType &type) {
  return type.number == BPF_PROG_TYPE_XDP || type.number == BPF_PROG_TYPE_SCHED_CLS ||
         type.number == BPF_PROG_TYPE_SCHED_ACT;
}

// The kernel runs the program on the CPU of the caller, whose elements of per-CPU maps it changes; the engines are on
// the first. Where this thread may not go there, it stays.
class OnFirstCpu {
 public:
  OnFirstCpu() : is_known_(::sched_getaffinity(0, sizeof before_, &before_) == 0) {
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    if (is_known_) ::sched_setaffinity(0, sizeof first, &first);
  }
  ~OnFirstCpu() {
    if (is_known_) ::sched_setaffinity(0, sizeof before_, &before_);
  }
  OnFirstCpu(const OnFirstCpu &) = delete;
  OnFirstCpu &operator=(const OnFirstCpu &) = delete;

 private:
  cpu_set_t before_;
  bool is_known_;
};

}  // namespace

Result<TrialResult> try_in_kernel(const object::Object &object, std::span<const Accepted> programs, size_t chosen,
                                  const TrialInput &input) {
  std::vector<kernel::Wanted> wanted;
  for (const Accepted &accepted : programs) wanted.push_back({accepted.program->name, accepted.type});
  const auto loaded = kernel::KernelObject::load(object, wanted);
  if (!loaded) return std::unexpected(loaded.error());
  const tables::ProgramType &type = *programs[chosen].type;
  const std::vector<std::byte> ctx = ctx_of(type, input);
  kernel::TestInput test{.ctx = ctx, .repeat = input.repeat};
  if (type.hook == tables::HookKind::Packet) test.packet = input.packet;
  const OnFirstCpu on_first_cpu;
  auto ran = loaded->test_run(programs[chosen].program->name, test);
  if (!ran) return std::unexpected(ran.error());
  TrialResult result;
  result.r0 = ran->r0;
  result.ns_per_run = ran->ns_per_run;
  if (gives_frame_back(type)) result.memory = std::move(ran->packet);
  for (const object::Map &map : object.maps) {
    const int fd = loaded->map_fd(map.name);
    if (map.is_global_data || fd < 0) continue;
    kernel::KernelMap in_kernel(definition_of(object, map), fd);
    print_map(object, map, {}, in_kernel, result.maps);
  }
  return result;
}

}  // namespace spile::session
