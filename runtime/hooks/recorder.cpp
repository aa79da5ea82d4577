#include "runtime/hooks/recorder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/hooks/scenario.h"

namespace spile::hooks {

void EventTextWriter::begin(uint64_t clock_ns) {
  last_ns_ = clock_ns;
  write_(fmt::format("!clock {}ns\n", std::max<uint64_t>(clock_ns, 1)));
}

void EventTextWriter::write(const Tracepoint &tracepoint, const vm::Event &event, const MemoryPieces &memory) {
  const uint64_t time = std::max(event.time_ns, last_ns_);
  std::string line =
      fmt::format("+{}ns {} pid={} tid={} uid={} gid={} cpu={} comm={}", time - last_ns_, tracepoint.name(), event.pid,
                  event.tid, event.uid, event.gid, event.cpu, quoted(event.comm.data()));
  last_ns_ = time;
  for (const TracepointField &field : tracepoint.fields()) {
    const std::string_view bytes(reinterpret_cast<const char *>(event.ctx.data()) + field.offset, field.size);
    if (field.type.starts_with("char[")) {
      line += fmt::format(" ctx.{}={}", field.name, quoted(bytes.substr(0, bytes.find('\0'))));
      continue;
    }
    if (field.name.starts_with(kDataLoc)) {
      uint32_t place = 0;
      std::memcpy(&place, bytes.data(), sizeof place);
      const size_t offset = place & 0xffff, size = place >> 16;
      if (offset + size > event.ctx.size()) continue;
      line += fmt::format(" ctx.{}=hex:", field.name.substr(kDataLoc.size()));
      for (const std::byte byte : event.ctx.subspan(offset, size))
        line += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
      continue;
    }
    // An array of arguments is as many fields.
    const bool is_array = field.size > sizeof(uint64_t);
    for (uint32_t at = 0; at < field.size; at += sizeof(uint64_t)) {
      uint64_t value = 0;
      std::memcpy(&value, bytes.data() + at, std::min<size_t>(field.size, sizeof value));
      const std::string_view name = field.name.substr(0, field.name.find('['));
      line += is_array ? fmt::format(" ctx.{}[{}]={:#x}", name, at / sizeof value, value)
                       : fmt::format(" ctx.{}={:#x}", name, value);
    }
  }
  for (const auto &[address, piece] : memory) {
    line += fmt::format(" mem:{:#x}=hex:", address);
    for (const std::byte byte : piece) line += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
  write_(line + "\n");
}

bool Recorder::Memory::read(uint64_t address, std::span<std::byte> to) {
  if (live == nullptr || !live->read(address, to)) return false;
  std::vector<std::byte> &piece = pieces[address];
  if (piece.size() < to.size()) piece.assign(to.begin(), to.end());
  return true;
}

void Recorder::begin(const Tracepoint &tracepoint, vm::Event &event) {
  std::string hook = tracepoint.name();
  // The next program of an event has it at the same time, in the same task.
  if (event.time_ns != event_.time_ns || event.tid != event_.tid || hook != hook_) {
    finish();
    hook_ = std::move(hook);
    tracepoint_ = tracepoint;
    event_ = event;
    ctx_.assign(event.ctx.begin(), event.ctx.end());
    event_.ctx = ctx_;
  }
  memory_.live = std::exchange(event.memory, &memory_);
}

void Recorder::finish() {
  if (hook_.empty()) return;
  writer_.write(tracepoint_, event_, memory_.pieces);
  hook_.clear();
  memory_.pieces.clear();
}

}  // namespace spile::hooks
