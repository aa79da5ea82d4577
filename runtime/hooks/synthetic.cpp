#include "runtime/hooks/synthetic.h"

#include <algorithm>
#include <cstring>

#include "runtime/hooks/code_events.h"
#include "support/numbers.h"

namespace spile::hooks {

namespace {

constexpr std::string_view kArguments = "args[", kOfRecord = "ctx.", kMemory = "mem:0x";

enum class Holds : uint8_t { Value, Text, Place };
struct Slot {
  uint32_t offset = 0, size = 0;
  Holds holds = Holds::Value;  // a number or an address; the bytes themselves; where they lie behind the record
  uint32_t origin = 0;         // Place: what its offset counts from
};

// Where the value of [name] goes: a field, or one of `args[N]`.
std::optional<Slot> slot_of(std::span<const TracepointField> fields, std::string_view name) {
  for (const TracepointField &field : fields) {
    if (field.name.substr(0, field.name.find('[')) == name) {
      const bool is_bytes = field.type.starts_with("char[") || field.size > sizeof(uint64_t);
      return Slot{field.offset, field.size, is_bytes ? Holds::Text : Holds::Value};
    }
    if (const auto located = located_field(field.name); located && located->name == name)
      return Slot{field.offset, field.size, Holds::Place, origin_of(*located, field.offset)};
    if (!field.name.starts_with(kArguments) || !name.starts_with(kArguments) || !name.ends_with(']')) continue;
    const std::string_view index = name.substr(kArguments.size(), name.size() - kArguments.size() - 1);
    if (index.size() == 1 && index[0] >= '0' && index[0] < static_cast<char>('0' + field.size / sizeof(uint64_t)))
      return Slot{field.offset + static_cast<uint32_t>(index[0] - '0') * 8, 8, Holds::Value};
  }
  return std::nullopt;
}

}  // namespace

bool SyntheticMemory::read(uint64_t address, std::span<std::byte> to) {
  for (const Piece &piece : pieces_) {
    const uint64_t into = address - piece.address;
    if (into > piece.bytes.size() || piece.bytes.size() - into < to.size()) continue;
    std::memcpy(to.data(), piece.bytes.data() + into, to.size());
    return true;
  }
  return false;
}

void SyntheticMemory::put(uint64_t address, std::span<const std::byte> bytes) {
  pieces_.push_back({address, {bytes.begin(), bytes.end()}});
}

uint64_t SyntheticMemory::add(std::span<const std::byte> bytes) {
  constexpr uint64_t kApart = 4096;
  const uint64_t address = next_;
  put(address, bytes);
  next_ += (bytes.size() / kApart + 1) * kApart;
  return address;
}

Result<bool> set_task_field(const std::string &name, const EventValue &value, vm::Event &event) {
  const auto number = static_cast<uint32_t>(value.number);
  if (name == "comm") {
    if (!value.bytes) return input_error("comm takes a string");
    if (value.bytes->size() > event.comm.size())
      return input_error("a comm has at most {} characters", event.comm.size() - 1);
    event.comm = {};
    std::memcpy(event.comm.data(), value.bytes->data(), value.bytes->size());
    return true;
  }
  if (name == "pid")
    event.pid = event.tid = number;
  else if (name == "tid")
    event.tid = number;
  else if (name == "uid")
    event.uid = number;
  else if (name == "gid")
    event.gid = number;
  else if (name == "cpu")
    event.cpu = number;
  else
    return false;
  return true;
}

// What an event of code says beside its registers.
class SyntheticRecord::CodeFields {
 public:
  CodeFields(SyntheticRecord &record, const Tracepoint &hook)
      : record_(record),
        is_code_(hook.is_of_code()),
        is_sample_(hook.kind == Tracepoint::Kind::Sample),
        is_usdt_(is_code_ && hook.name().starts_with("usdt")),
        is_entry_(is_code_ && hook.name().starts_with("uprobe")) {}

  // Whether it is one of them, which is taken then.
  Result<bool> take(std::string_view name, const EventValue &value) {
    if (!is_code_) return false;
    if (name == "stack") {
      std::vector<uint64_t> &stack = record_.stack_;
      stack.assign(1, value.number);
      if (value.bytes && value.bytes->size() / sizeof(uint64_t) > kMostFrames)
        return input_error("a stack has at most {} frames", kMostFrames);
      if (value.bytes) stack.resize(value.bytes->size() / sizeof(uint64_t));
      if (value.bytes) std::memcpy(stack.data(), value.bytes->data(), stack.size() * sizeof(uint64_t));
      return true;
    }
    if (is_sample_) return false;
    if (name == "function") {
      record_.task_.function = value.number;
      return true;
    }
    if (name == "cookie") {
      record_.cookie_ = value.number;
      return true;
    }
    return is_usdt_ ? take_argument(name, value) : false;
  }

  // The name of the field that is meant.
  std::string_view field_of(std::string_view name) const { return is_code_ ? register_of(name) : name; }
  std::string_view names() const {
    return is_usdt_     ? "arg0, …, args, function, cookie, stack, "
           : is_sample_ ? "stack, "
           : is_code_   ? "arg0 to arg5, ret, function, cookie, stack, "
                        : "";
  }

  // [ip]: in the context. At an entry it is the function's address, and that it: the step may give either. What it is
  // then.
  uint64_t finish(const std::byte *ip) {
    uint64_t address = 0;
    std::memcpy(&address, ip, sizeof address);
    uint64_t &function = record_.task_.function;
    if (is_entry_ && function == 0) function = address;
    if (is_entry_ && address == 0) address = function;
    for (const auto &argument : arguments_)
      record_.arguments_ += fmt::format("{}-8@${}", record_.arguments_.empty() ? "" : " ", argument);
    record_.task_.cookie = record_.cookie_.value_or(0);
    return address;
  }

 private:
  // Values as they are become constants, which a note can have too.
  Result<bool> take_argument(std::string_view name, const EventValue &value) {
    if (name == "args") {
      if (!value.bytes || value.bytes->size() > kLongestArguments)
        return input_error("args takes a note's string: \"-4@%edi 8@%rsi\"");
      const std::string_view note(reinterpret_cast<const char *>(value.bytes->data()), value.bytes->size());
      record_.arguments_ = note.substr(0, note.find('\0'));
      return true;
    }
    constexpr std::string_view kArgument = "arg";
    if (!name.starts_with(kArgument)) return false;
    const auto index = whole_number<uint32_t>(name.substr(kArgument.size()));
    if (!index || *index >= kMostArguments) return false;
    arguments_.resize(std::max<size_t>(arguments_.size(), *index + 1));
    arguments_[*index] = static_cast<int64_t>(value.bytes ? record_.memory_.add(*value.bytes) : value.number);
    return true;
  }

  static constexpr uint32_t kMostArguments = 12;  // BPF_USDT_MAX_ARG_CNT
  SyntheticRecord &record_;
  bool is_code_, is_sample_, is_usdt_, is_entry_;
  std::vector<int64_t> arguments_;
};

Result<SyntheticRecord> SyntheticRecord::make(const Tracepoint &tracepoint, const EventStep &step) {
  SyntheticRecord record;
  record.ctx_ = tracepoint_context();
  const std::vector<TracepointField> fields = tracepoint.fields();
  record.unset_ = fields;
  record.size_ = tracepoint.context_size;  // grows by the texts
  const auto store = [&](Slot slot, std::span<const std::byte> value) {
    std::ranges::copy(value.first(std::min<size_t>(slot.size, value.size())), record.ctx_.get() + slot.offset);
    std::erase_if(record.unset_, [&](const TracepointField &field) {
      return slot.offset >= field.offset && slot.offset < field.offset + field.size;
    });
  };
  const auto store_number = [&](Slot slot, uint64_t value) { store(slot, std::as_bytes(std::span(&value, 1))); };
  if (tracepoint.syscall != nullptr)
    store_number({fields[0].offset, fields[0].size}, static_cast<uint64_t>(tracepoint.syscall->number()));
  CodeFields code(record, tracepoint);
  for (const auto &[name, value] : step.fields) {
    if (name.starts_with(kMemory)) {
      const auto address = whole_number<uint64_t>(std::string_view(name).substr(kMemory.size()), 16);
      if (!address || !value.bytes) return input_error("`{}`: memory is mem:0xADDRESS=hex:BYTES, or a string", name);
      record.memory_.put(*address, *value.bytes);
      continue;
    }
    // kill() has a pid too, which is not the sender's: it is `ctx.pid`.
    const bool is_of_record = name.starts_with(kOfRecord);
    const auto of_task = is_of_record ? Result<bool>(false) : set_task_field(name, value, record.task_);
    if (!of_task) return std::unexpected(of_task.error());
    if (*of_task) continue;
    const auto of_code = is_of_record ? Result<bool>(false) : code.take(name, value);
    if (!of_code) return std::unexpected(of_code.error());
    if (*of_code) continue;
    const auto slot =
        slot_of(fields, code.field_of(std::string_view(name).substr(is_of_record ? kOfRecord.size() : 0)));
    if (step.is_loose && (!slot || (slot->holds == Holds::Value && value.bytes))) continue;
    if (!slot) {
      std::string have;
      for (const TracepointField &field : fields) have += fmt::format("{}{}", have.empty() ? "" : ", ", field.name);
      auto error = input_error("`{}` has no field `{}`", tracepoint.name(), name);
      error.error().hint = fmt::format("it has {}{}; and there are pid, tid, uid, gid, cpu, comm", code.names(), have);
      return error;
    }
    if (!value.capture.empty()) return input_error("`{}` is no packet", name);
    if (!value.bytes || slot->holds == Holds::Value) {
      store_number(*slot, value.bytes ? record.memory_.add(*value.bytes) : value.number);
    } else if (slot->holds == Holds::Text) {
      store(*slot, *value.bytes);
    } else {
      if (value.bytes->size() > kRecordRoom - record.size_)
        return input_error("`{}`: the record has {} bytes without it, and none has more than {}", name, record.size_,
                           kRecordRoom);
      std::ranges::copy(*value.bytes, record.ctx_.get() + record.size_);
      store_number(*slot, value.bytes->size() << 16 | (record.size_ - slot->origin));
      record.size_ += value.bytes->size();
    }
  }
  if (const auto ip = slot_of(fields, code.field_of("ip")); ip && tracepoint.is_of_code()) {
    const uint64_t address = code.finish(record.ctx_.get() + ip->offset);
    if (address != 0) store_number(*ip, address);
  }
  return record;
}

void SyntheticRecord::show(vm::Event &event) {
  const uint64_t time = event.time_ns;
  event = task_;
  event.time_ns = time;
  event.ctx = {ctx_.get(), kRecordRoom};
  event.memory = &memory_;
  event.user_stack = stack_;
  event.arguments = arguments_;
}

std::string_view SyntheticRecord::unset_field(uint64_t offset, uint64_t size) const {
  for (const TracepointField &field : unset_)
    if (offset < field.offset + field.size && field.offset < offset + size) return field.name;
  return {};
}

}  // namespace spile::hooks
