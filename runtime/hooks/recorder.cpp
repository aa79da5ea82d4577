#include "runtime/hooks/recorder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/hooks/scenario.h"

namespace spile::hooks {

namespace {

constexpr std::string_view kArguments = "args[";
// What is written for a piece beside its bytes: where it is, and how long.
constexpr size_t kPieceCost = 24;

std::string hex(std::span<const std::byte> bytes) {
  std::string text = "hex:";
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace

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
    // A field that a record has not is 0, and so is one that a line does not name.
    if (field.offset > event.ctx.size() || event.ctx.size() - field.offset < field.size) continue;
    const std::string_view bytes(reinterpret_cast<const char *>(event.ctx.data()) + field.offset, field.size);
    if (field.type.starts_with("char[")) {
      line += fmt::format(" ctx.{}={}", field.name, quoted(bytes.substr(0, bytes.find('\0'))));
      continue;
    }
    if (field.name.starts_with(kDataLoc) && field.size == sizeof(uint32_t)) {
      uint32_t place = 0;
      std::memcpy(&place, bytes.data(), sizeof place);
      const size_t offset = place & 0xffff, size = place >> 16;
      if (offset + size > event.ctx.size()) continue;
      line += fmt::format(" ctx.{}={}", field.name.substr(kDataLoc.size()), hex(event.ctx.subspan(offset, size)));
      continue;
    }
    const std::string_view name = field.name.substr(0, field.name.find('['));
    const bool is_wide = field.size > sizeof(uint64_t);
    if (is_wide && !field.name.starts_with(kArguments)) {
      line += fmt::format(" ctx.{}={}", name, hex(event.ctx.subspan(field.offset, field.size)));
      continue;
    }
    // An array of arguments is as many fields.
    for (uint32_t at = 0; at < field.size; at += sizeof(uint64_t)) {
      uint64_t value = 0;
      std::memcpy(&value, bytes.data() + at, std::min<size_t>(field.size - at, sizeof value));
      line += is_wide ? fmt::format(" ctx.{}[{}]={:#x}", name, at / sizeof value, value)
                      : fmt::format(" ctx.{}={:#x}", name, value);
    }
  }
  for (const auto &[address, piece] : memory) line += fmt::format(" mem:{:#x}={}", address, hex(piece));
  write_(line + "\n");
}

void EventTextWriter::notice(const std::string &text) { write_(fmt::format("# {}\n", text)); }

bool Recorder::Memory::read(uint64_t address, std::span<std::byte> to) {
  if (live == nullptr || !live->read(address, to)) return false;
  const auto known = pieces.find(address);
  if (known != pieces.end() && known->second.size() >= to.size()) return true;
  const size_t more = to.size() + kPieceCost - (known != pieces.end() ? known->second.size() + kPieceCost : 0);
  if (more > kMostMemory - size) {
    left_out++;
    return true;
  }
  size += more;
  pieces.insert_or_assign(address, std::vector(to.begin(), to.end()));
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
  // One event may be shown to all of them, and then has the memory of the first already.
  if (event.memory != &memory_) memory_.live = std::exchange(event.memory, &memory_);
}

void Recorder::finish() {
  if (hook_.empty()) return;
  writer_.write(tracepoint_, event_, memory_.pieces);
  hook_.clear();
  memory_.pieces.clear();
  memory_.size = 0;
}

}  // namespace spile::hooks
