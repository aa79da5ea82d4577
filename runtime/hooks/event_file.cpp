#include "runtime/hooks/event_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/hooks/code_events.h"
#include "support/check.h"
#include "support/numbers.h"

namespace spile::hooks {

namespace {

enum class RecordKind : uint16_t { Hook = 1, Event = 2, Notice = 3, Trouble = 4, Hit = 5 };

struct FileHeader {
  char magic[7];
  uint8_t version;
  uint64_t clock_ns;
};
struct RecordHeader {
  uint32_t size;  // with this header; a multiple of 8
  RecordKind kind;
  uint16_t hook;
};
struct EventRecord {
  RecordHeader header;
  uint64_t time_ns;
  uint32_t cpu, pid, tid, uid, gid;
  uint32_t ctx_size;
  char comm[16];
  // then ctx, then the pieces, each filled up to 8 bytes
};
// Of a function, or a sample. Behind ctx come the stack and the arguments, then the pieces.
struct HitRecord {
  EventRecord event;
  uint64_t function, cookie;
  uint32_t stack_size, arguments_size;  // bytes
};
struct PieceHeader {
  uint64_t address;
  uint64_t size;
};
static_assert(sizeof(FileHeader) == 16 && sizeof(RecordHeader) == 8 && sizeof(EventRecord) == 56 &&
              sizeof(HitRecord) == 80);

constexpr uint32_t kMaxStack = kMostFrames * sizeof(uint64_t), kMaxArguments = kLongestArguments;
// No record that this writes is larger: kRecordRoom, and the recorder's kMostMemory.
constexpr uint32_t kMaxRecord = 256u << 20;
static_assert(kMostMemory + kRecordRoom + kMaxStack + kMaxArguments + sizeof(HitRecord) < kMaxRecord);

constexpr size_t filled(size_t size) { return (size + 7) & ~size_t{7}; }

void append(std::string &to, std::span<const std::byte> bytes) {
  to.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  to.resize(filled(to.size()));
}
template <class T>
void append_struct(std::string &to, const T &value) {
  to.append(reinterpret_cast<const char *>(&value), sizeof value);
}

// A line: words with tabs between them.
std::vector<std::string_view> split(std::string_view line, char at) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t end = line.find(at);
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end + 1);
  }
}

std::string describe(const Tracepoint &tracepoint) {
  std::string text = fmt::format("{}\t{}", tracepoint.name(), tracepoint.context_size);
  for (const TracepointField &field : tracepoint.fields())
    text += fmt::format("\n{}\t{}\t{}\t{}", field.type, field.name, field.offset, field.size);
  return text;
}

// What describe() wrote.
std::optional<Tracepoint> described(std::string_view text) {
  const auto lines = split(text, '\n');
  const auto head = split(lines[0], '\t');
  const auto size = head.size() == 2 ? whole_number<uint32_t>(head[1]) : std::nullopt;
  if (!size || *size > kRecordRoom) return std::nullopt;
  RecordFormat format{std::string(head[0]), {}, *size};
  for (size_t i = 1; i < lines.size(); i++) {
    const auto words = split(lines[i], '\t');
    const auto at = words.size() == 4 ? whole_number<uint32_t>(words[2]) : std::nullopt;
    const auto length = words.size() == 4 ? whole_number<uint32_t>(words[3]) : std::nullopt;
    if (!at || !length || *at > kRecordRoom || *length > kRecordRoom - *at) return std::nullopt;
    format.fields.push_back({std::string(words[0]), std::string(words[1]), *at, *length});
  }
  // Of a system call whose fields are not told, they are where every 64-bit kernel has them.
  const auto known = lines.size() == 1 ? find_tracepoint(head[0]) : std::unexpected(Error{});
  const auto of_code = find_code_event(head[0]);
  return known ? *known : Tracepoint::of(std::move(format), of_code ? of_code->kind : Tracepoint::Kind::Recorded);
}

// The pieces of one event, where they lie in the file's bytes.
class PiecesInFile final : public vm::TaskMemory {
 public:
  void show(std::span<const std::byte> pieces) { pieces_ = pieces; }
  bool read(uint64_t address, std::span<std::byte> to) override {
    for (std::span<const std::byte> rest = pieces_; rest.size() >= sizeof(PieceHeader);) {
      PieceHeader piece;
      std::memcpy(&piece, rest.data(), sizeof piece);
      rest = rest.subspan(sizeof piece);
      if (piece.size > rest.size()) return false;
      const uint64_t into = address - piece.address;
      if (into <= piece.size && piece.size - into >= to.size()) {
        std::memcpy(to.data(), rest.data() + into, to.size());
        return true;
      }
      rest = rest.subspan(std::min(filled(piece.size), rest.size()));
    }
    return false;
  }

 private:
  std::span<const std::byte> pieces_;
};

class EventFile final : public Recording {
 public:
  explicit EventFile(ByteStream bytes) : bytes_(std::move(bytes)) {}

  Result<void> open() {
    const auto got = bytes_.take(sizeof(FileHeader));
    if (!got) return std::unexpected(got.error());
    if (got->size() < sizeof(FileHeader)) return damaged();
    FileHeader header;
    std::memcpy(&header, got->data(), sizeof header);
    if (header.version == 0 || header.version > kEventFileVersion) {
      auto error = unsupported_error("`{}` has version {} of the form of recorded events, and this reads up to {}",
                                     bytes_.path(), header.version, kEventFileVersion);
      error.error().hint = "a later `spile` wrote it: there, `spile record -o F.evt -i F.evb PROBE` makes a text of it";
      return error;
    }
    clock_ns_ = header.clock_ns;
    return {};
  }

  Result<bool> next(uint32_t &hook, vm::Event &event) override {
    for (;;) {
      const auto head = bytes_.look(sizeof(RecordHeader));
      if (!head) return std::unexpected(head.error());
      if (head->empty()) return false;
      if (head->size() < sizeof(RecordHeader)) return damaged();
      RecordHeader header;
      std::memcpy(&header, head->data(), sizeof header);
      if (header.size < sizeof header || header.size % 8 != 0 || header.size > kMaxRecord) return damaged();
      const auto record = bytes_.take(header.size);
      if (!record) return std::unexpected(record.error());
      if (record->size() < header.size) return damaged();
      switch (header.kind) {
        case RecordKind::Trouble: {
          const std::string_view text = text_of(*record);
          const size_t end = std::min(text.find('\n'), text.size());
          const auto kind =
              static_cast<Error::Kind>(std::min<int>(header.hook, static_cast<int>(Error::Kind::Unsupported)));
          return std::unexpected(Error{kind, std::string(text.substr(0, end)),
                                       std::string(text.substr(std::min(end + 1, text.size()))), 0});
        }
        case RecordKind::Notice:
          notices_.emplace_back(text_of(*record));
          continue;
        case RecordKind::Hook: {
          auto tracepoint = described(text_of(*record));
          if (!tracepoint || header.hook != hooks_.size()) return damaged();
          hooks_.push_back(std::move(*tracepoint));
          continue;
        }
        case RecordKind::Event:
          if (header.size < sizeof(EventRecord) || header.hook >= hooks_.size()) return damaged();
          hook = header.hook;
          return show(*record, event);
        case RecordKind::Hit:
          if (header.size < sizeof(HitRecord) || header.hook >= hooks_.size()) return damaged();
          hook = header.hook;
          return show_hit(*record, event);
      }
      return damaged();
    }
  }
  const std::vector<Tracepoint> &hooks() const override { return hooks_; }
  uint64_t clock_ns() const override { return clock_ns_; }
  std::vector<std::string> notices() const override { return notices_; }

 private:
  static std::string_view text_of(std::span<const std::byte> record) {
    const auto text = record.subspan(sizeof(RecordHeader));
    const std::string_view words(reinterpret_cast<const char *>(text.data()), text.size());
    return words.substr(0, words.find('\0'));
  }
  Result<bool> show(std::span<const std::byte> bytes, vm::Event &event) {
    EventRecord record;
    std::memcpy(&record, bytes.data(), sizeof record);
    const size_t pieces = sizeof record + filled(record.ctx_size);
    if (pieces > bytes.size() || record.ctx_size > kRecordRoom) return damaged();
    event.function = event.cookie = 0;
    event.user_stack = {};
    event.arguments = {};
    show(record, bytes.subspan(sizeof record, record.ctx_size), event);
    memory_.show(bytes.subspan(pieces));
    return true;
  }
  Result<bool> show_hit(std::span<const std::byte> bytes, vm::Event &event) {
    HitRecord record;
    std::memcpy(&record, bytes.data(), sizeof record);
    if (record.event.ctx_size > kRecordRoom || record.stack_size > kMaxStack || record.arguments_size > kMaxArguments)
      return damaged();
    const size_t stack = sizeof record + filled(record.event.ctx_size), arguments = stack + filled(record.stack_size),
                 pieces = arguments + filled(record.arguments_size);
    if (pieces > bytes.size()) return damaged();
    event.function = record.function;
    event.cookie = record.cookie;
    stack_.resize(record.stack_size / sizeof(uint64_t));
    if (!stack_.empty()) std::memcpy(stack_.data(), bytes.data() + stack, stack_.size() * sizeof(uint64_t));
    event.user_stack = stack_;
    event.arguments = {reinterpret_cast<const char *>(bytes.data()) + arguments, record.arguments_size};
    show(record.event, bytes.subspan(sizeof record, record.event.ctx_size), event);
    memory_.show(bytes.subspan(pieces));
    return true;
  }
  void show(const EventRecord &record, std::span<const std::byte> ctx, vm::Event &event) {
    event.time_ns = record.time_ns;
    event.cpu = record.cpu;
    event.pid = record.pid;
    event.tid = record.tid;
    event.uid = record.uid;
    event.gid = record.gid;
    std::memcpy(event.comm.data(), record.comm, sizeof record.comm);
    event.comm.back() = '\0';
    // Programs are shown a copy.
    event.ctx = {const_cast<std::byte *>(ctx.data()), ctx.size()};
    event.memory = &memory_;
    count_++;
  }
  std::unexpected<Error> damaged() const {
    return input_error("`{}` is damaged or ends too early, behind {} events", bytes_.path(), count_);
  }

  ByteStream bytes_;
  uint64_t clock_ns_ = 0, count_ = 0;
  std::vector<Tracepoint> hooks_;
  std::vector<std::string> notices_;
  PiecesInFile memory_;
  std::vector<uint64_t> stack_;  // of the event
};

}  // namespace

void EventFileWriter::begin(uint64_t clock_ns) {
  FileHeader header{{}, kEventFileVersion, clock_ns};
  std::ranges::copy(kEventFileMagic, header.magic);
  record_.clear();
  append_struct(record_, header);
  write_(record_);
}

uint16_t EventFileWriter::hook_of(const Tracepoint &tracepoint) {
  const std::string name = tracepoint.name();
  if (const auto found = hooks_.find(name); found != hooks_.end()) return found->second;
  const auto hook = static_cast<uint16_t>(hooks_.size());
  hooks_.emplace(name, hook);
  write_text(static_cast<uint16_t>(RecordKind::Hook), hook, describe(tracepoint));
  return hook;
}

void EventFileWriter::write_text(uint16_t kind, uint16_t hook, const std::string &text) {
  record_.clear();
  append_struct(record_, RecordHeader{static_cast<uint32_t>(sizeof(RecordHeader) + filled(text.size() + 1)),
                                      static_cast<RecordKind>(kind), hook});
  append(record_, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
  write_(record_);
}

void EventFileWriter::trouble(const Error &error) {
  write_text(static_cast<uint16_t>(RecordKind::Trouble), static_cast<uint16_t>(error.kind),
             fmt::format("{}\n{}", error.message, error.hint));
}

void EventFileWriter::notice(const std::string &text) {
  write_text(static_cast<uint16_t>(RecordKind::Notice), 0, text);
}

void EventFileWriter::write(const Tracepoint &tracepoint, const vm::Event &event, const MemoryPieces &memory) {
  write(hook_of(tracepoint), event, memory, tracepoint.is_of_code());
}

void EventFileWriter::write(uint16_t hook, const vm::Event &event, const MemoryPieces &memory, bool is_of_code) {
  EventRecord record{};
  record.header = {0, is_of_code ? RecordKind::Hit : RecordKind::Event, hook};
  record.time_ns = event.time_ns;
  record.cpu = event.cpu;
  record.pid = event.pid;
  record.tid = event.tid;
  record.uid = event.uid;
  record.gid = event.gid;
  SPILE_CHECK(event.ctx.size() <= kRecordRoom, "a source of events gives no longer records");
  record.ctx_size = static_cast<uint32_t>(event.ctx.size());
  std::ranges::copy(event.comm, record.comm);
  record_.clear();
  append_struct(record_, record);
  const auto stack = std::as_bytes(event.user_stack);
  SPILE_CHECK(stack.size() <= kMaxStack && event.arguments.size() <= kMaxArguments,
              "as much as sources of events give");
  if (is_of_code) {
    append_struct(record_, event.function);
    append_struct(record_, event.cookie);
    append_struct(record_, static_cast<uint32_t>(stack.size()));
    append_struct(record_, static_cast<uint32_t>(event.arguments.size()));
  }
  append(record_, event.ctx);
  if (is_of_code) {
    append(record_, stack);
    append(record_, std::as_bytes(std::span(event.arguments)));
  }
  for (const auto &[address, bytes] : memory) {
    append_struct(record_, PieceHeader{address, bytes.size()});
    append(record_, bytes);
  }
  const auto size = static_cast<uint32_t>(record_.size());
  std::memcpy(record_.data(), &size, sizeof size);
  write_(record_);
}

Result<std::unique_ptr<Recording>> read_event_file(ByteStream bytes) {
  auto file = std::make_unique<EventFile>(std::move(bytes));
  if (auto opened = file->open(); !opened) return std::unexpected(opened.error());
  return file;
}

}  // namespace spile::hooks
