#include "runtime/hooks/recorder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/hooks/scenario.h"

namespace spile::hooks {

Recorder::Recorder(std::function<void(const std::string &)> write, uint64_t clock_ns)
    : write_(std::move(write)), last_ns_(clock_ns) {
  write_(fmt::format("!clock {}ns\n", std::max<uint64_t>(clock_ns, 1)));
}

bool Recorder::Memory::read(uint64_t address, std::span<std::byte> to) {
  if (live == nullptr || !live->read(address, to)) return false;
  std::vector<std::byte> &piece = pieces[address];
  if (piece.size() < to.size()) piece.assign(to.begin(), to.end());
  return true;
}

void Recorder::begin(const Tracepoint &tracepoint, vm::Event &event) {
  std::string line = fmt::format("{} pid={} tid={} uid={} gid={} cpu={} comm={}", tracepoint.name(), event.pid,
                                 event.tid, event.uid, event.gid, event.cpu, quoted(event.comm.data()));
  for (const TracepointField &field : tracepoint.fields()) {
    // An array of arguments is as many fields.
    const bool is_array = field.size > sizeof(uint64_t);
    for (uint32_t at = 0; at < field.size; at += sizeof(uint64_t)) {
      uint64_t value = 0;
      std::memcpy(&value, event.ctx.data() + field.offset + at, std::min<size_t>(field.size, sizeof value));
      const std::string_view name = field.name.substr(0, field.name.find('['));
      line += is_array ? fmt::format(" ctx.{}[{}]={:#x}", name, at / sizeof value, value)
                       : fmt::format(" ctx.{}={:#x}", name, value);
    }
  }
  // The next program of an event has it at the same time.
  if (event.time_ns != last_ns_ || !line_.ends_with(line)) {
    finish();
    line_ = fmt::format("+{}ns {}", event.time_ns - last_ns_, line);
    last_ns_ = event.time_ns;
  }
  memory_.live = std::exchange(event.memory, &memory_);
}

void Recorder::finish() {
  if (line_.empty()) return;
  for (const auto &[address, bytes] : memory_.pieces) {
    line_ += fmt::format(" mem:{:#x}=hex:", address);
    for (const std::byte byte : bytes) line_ += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
  write_(line_ + "\n");
  line_.clear();
  memory_.pieces.clear();
}

}  // namespace spile::hooks
