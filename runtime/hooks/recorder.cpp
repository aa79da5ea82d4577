#include "runtime/hooks/recorder.h"

#include <fmt/ranges.h>

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
  const std::string hook = tracepoint.name();
  std::string line = fmt::format("+{}ns {} pid={} tid={} uid={} gid={} cpu={} comm={}", time - last_ns_,
                                 hook.contains(' ') ? quoted(hook) : hook, event.pid, event.tid, event.uid, event.gid,
                                 event.cpu, quoted(event.comm.data()));
  last_ns_ = time;
  if (tracepoint.kind == Tracepoint::Kind::Hit) {
    line += fmt::format(" function={:#x} cookie={}", event.function, event.cookie);
    if (hook.starts_with("usdt")) line += fmt::format(" args={}", quoted(event.arguments));
  }
  if (!event.user_stack.empty()) line += fmt::format(" stack={:#x}", fmt::join(event.user_stack, ","));
  for (const TracepointField &field : tracepoint.fields()) {
    // A field that a record has not is 0, and so is one that a line does not name.
    if (field.offset > event.ctx.size() || event.ctx.size() - field.offset < field.size) continue;
    const std::string_view bytes(reinterpret_cast<const char *>(event.ctx.data()) + field.offset, field.size);
    if (field.type.starts_with("char[")) {
      line += fmt::format(" ctx.{}={}", field.name, quoted(bytes.substr(0, bytes.find('\0'))));
      continue;
    }
    if (const auto located = located_field(field.name); located && field.size == sizeof(uint32_t)) {
      uint32_t place = 0;
      std::memcpy(&place, bytes.data(), sizeof place);
      const size_t offset = (place & 0xffff) + origin_of(*located, field.offset), size = place >> 16;
      if (offset + size > event.ctx.size()) continue;
      line += fmt::format(" ctx.{}={}", located->name, hex(event.ctx.subspan(offset, size)));
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
  keep(address, to);
  return true;
}

void Recorder::Memory::keep(uint64_t address, std::span<const std::byte> bytes) {
  MemoryPieces &pieces = open->pieces;
  const auto known = pieces.find(address);
  if (known != pieces.end() && known->second.size() >= bytes.size()) return;
  const size_t more = bytes.size() + kPieceCost - (known != pieces.end() ? known->second.size() + kPieceCost : 0);
  if (more > kMostMemory - open->size) {
    left_out++;
    return;
  }
  open->size += more;
  pieces.insert_or_assign(address, std::vector(bytes.begin(), bytes.end()));
}

void Recorder::begin(const Tracepoint &tracepoint, vm::Event &event, size_t program) {
  std::string hook = tracepoint.name();
  // The next program of an event has it at the same time, in the same task.
  if (open_count_ != 0 && (event.time_ns != open_[0].event.time_ns || event.tid != open_[0].event.tid)) finish();
  // One that waits for its own return gets two at one stop, when the function ends with a call of itself.
  size_t at = 0;
  while (at < open_count_ && (open_[at].hook != hook || open_[at].event.function != event.function ||
                              std::ranges::find(open_[at].programs, program) != open_[at].programs.end()))
    at++;
  if (at == open_.size()) open_.emplace_back();
  Open &open = open_[at];
  if (at == open_count_) {
    open_count_++;
    open.hook = std::move(hook);
    open.tracepoint = tracepoint;
    open.event = event;
    open.ctx.assign(event.ctx.begin(), event.ctx.end());
    open.event.ctx = open.ctx;
    open.stack.assign(event.user_stack.begin(), event.user_stack.end());
    open.event.user_stack = open.stack;
    open.programs.clear();
    open.pieces.clear();
    open.size = 0;
  }
  open.programs.push_back(program);
  memory_.open = &open;
  // One event may be shown to all of them, and then has the memory of the first already.
  if (event.memory != &memory_) memory_.live = std::exchange(event.memory, &memory_);
}

void Recorder::finish() {
  for (size_t i = 0; i < open_count_; i++) writer_.write(open_[i].tracepoint, open_[i].event, open_[i].pieces);
  open_count_ = 0;
}

}  // namespace spile::hooks
