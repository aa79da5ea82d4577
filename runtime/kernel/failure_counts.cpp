#include "runtime/kernel/failure_counts.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>

#include "backend/isa/builder.h"
#include "runtime/kernel/helper_calls.h"

namespace spile::kernel {

namespace {

// Those whose failure means that something is missing in what is printed.
constexpr uint32_t kCounted[] = {
    BPF_FUNC_map_update_elem,     BPF_FUNC_map_delete_elem,   BPF_FUNC_map_push_elem,
    BPF_FUNC_perf_event_output,   BPF_FUNC_ringbuf_output,    BPF_FUNC_ringbuf_reserve,
    BPF_FUNC_probe_read,          BPF_FUNC_probe_read_str,    BPF_FUNC_probe_read_user,
    BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_kernel_str,
    BPF_FUNC_get_stackid,         BPF_FUNC_get_stack};
// Error numbers of a row; ENOTSUPP (524) is the largest.
constexpr int32_t kErrors = 1024;
constexpr int32_t kRowBytes = kErrors * int32_t{sizeof(uint64_t)};
constexpr size_t kCounters = std::size(kCounted) * kErrors;

}  // namespace

Result<FailureCounts> FailureCounts::make() {
  Fd map(::bpf_map_create(BPF_MAP_TYPE_ARRAY, "spile_failures", sizeof(uint32_t), kCounters * sizeof(uint64_t), 1,
                          nullptr));
  if (!map.valid()) return os_error(errno, "a map of failed helpers");
  return FailureCounts(std::move(map));
}

// Uses r1 and r2, which no helper keeps.
std::vector<isa::Insn> FailureCounts::counting(size_t row) const {
  const bool gives_memory = kCounted[row] == BPF_FUNC_ringbuf_reserve;  // null: there is no room
  const auto number = gives_memory ? isa::sequence(isa::mov64(1, EAGAIN))
                                   : isa::sequence(isa::mov64(1, 0), isa::alu64_reg(isa::SUB, 1, 0),
                                                   isa::alu64(isa::AND, 1, kErrors - 1));
  const auto count =
      isa::sequence(number, isa::alu64(isa::LSH, 1, 3),
                    isa::lddw_pseudo(2, isa::kPseudoMapValue, map_.get(), static_cast<int32_t>(row) * kRowBytes),
                    isa::alu64_reg(isa::ADD, 2, 1), isa::mov64(1, 1), isa::atomic(isa::DW, isa::kAtomicAdd, 2, 0, 1));
  const isa::JumpOp works = gives_memory ? isa::JNE : isa::JSGE;
  return isa::sequence(isa::branch64(works, 0, 0, static_cast<int16_t>(count.size())), count);
}

std::vector<object::Insertion> FailureCounts::insertions(const object::Object &object) const {
  std::vector<object::Insertion> found;
  for_each_helper_call(object, [&](object::SectionId section, size_t at, uint32_t helper) {
    const auto *row = std::ranges::find(kCounted, helper);
    if (row != std::end(kCounted))
      found.push_back({section, at + sizeof(isa::Insn), counting(static_cast<size_t>(row - kCounted))});
  });
  return found;
}

void FailureCounts::for_each(const Visit &visit) const {
  std::vector<uint64_t> counts(kCounters);
  const uint32_t zero = 0;
  if (::bpf_map_lookup_elem(map_.get(), &zero, counts.data()) != 0) return;
  for (size_t i = 0; i < counts.size(); i++)
    if (counts[i] != 0) visit(kCounted[i / kErrors], -static_cast<int64_t>(i % kErrors), counts[i]);
}

}  // namespace spile::kernel
