#include "runtime/kernel/printk_tap.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "backend/isa/builder.h"
#include "runtime/kernel/helper_calls.h"

namespace spile::kernel {

namespace {

// As long as the kernel's own lines can be (MAX_BPRINTF_BUF).
constexpr int32_t kLine = 1024;
constexpr uint32_t kRingBytes = 1 << 18;

// For each line: reserve, copy, submit.
std::vector<isa::Insn> taking(int ring, const TaskSet *only) {
  const auto gate = only == nullptr ? std::vector<isa::Insn>{} : only->gate();
  return isa::sequence(gate, isa::load(isa::DW, 6, 1, 0),  // the text
                       isa::lddw_pseudo(1, isa::kPseudoMapFd, ring), isa::mov64(2, kLine), isa::mov64(3, 0),
                       isa::call(BPF_FUNC_ringbuf_reserve), isa::branch64(isa::JEQ, 0, 0, 8), isa::mov64_reg(7, 0),
                       isa::mov64_reg(1, 7), isa::mov64(2, kLine), isa::mov64_reg(3, 6),
                       isa::call(BPF_FUNC_probe_read_kernel_str), isa::mov64_reg(1, 7), isa::mov64(2, 0),
                       isa::call(BPF_FUNC_ringbuf_submit), isa::mov64(0, 0), isa::exit());
}

}  // namespace

bool PrintkTap::is_needed(const object::Object &object) {
  bool is_called = false;
  for_each_helper_call(object, [&](object::SectionId, size_t, uint32_t helper) {
    is_called |= helper == BPF_FUNC_trace_printk || helper == BPF_FUNC_trace_vprintk;
  });
  return is_called;
}

Result<PrintkTap> PrintkTap::open(const TaskSet *only) {
  Fd ring(::bpf_map_create(BPF_MAP_TYPE_RINGBUF, "spile_printk", 0, 0, kRingBytes, nullptr));
  if (!ring.valid()) return os_error(errno, "a ring buffer for bpf_printk()");
  const std::vector<isa::Insn> code = taking(ring.get(), only);
  Fd program(::bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "spile_printk", "GPL",
                             reinterpret_cast<const bpf_insn *>(code.data()), code.size(), nullptr));
  if (!program.valid()) return os_error(errno, "a program that takes what bpf_printk() prints");
  Fd link(::bpf_raw_tracepoint_open("bpf_trace_printk", program.get()));
  if (!link.valid()) return os_error(errno, "raw tracepoint bpf_trace_printk");
  return PrintkTap(std::move(ring), std::move(program), std::move(link));
}

std::string_view PrintkTap::line_of(std::span<const std::byte> record) {
  const std::string_view text(reinterpret_cast<const char *>(record.data()), record.size());
  return text.substr(0, text.find('\0'));
}

}  // namespace spile::kernel
