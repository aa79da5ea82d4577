#include "runtime/session/output_ring.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "backend/object/print_value.h"
#include "support/numbers.h"

namespace spile::session {

namespace {

constexpr std::string_view kSection = ".spile.printf", kName = "___spile_format_";
// The macros of spile.h: ___SPILE_EXIT, ___SPILE_SIGNED and the others.
constexpr uint32_t kExit = 0xffffffff;
constexpr uint16_t kSigned = 0x1000, kBytes = 0x2000, kText = 0x4000, kSize = 0x0fff;
constexpr size_t kHeader = 8;

// "on_open.___spile_format_3.1": clang puts the function before the name of a static variable, and a number behind it.
std::optional<uint32_t> number_of(std::string_view variable) {
  const size_t at = variable.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = variable.substr(at + kName.size());
  uint32_t number = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

uint16_t load16(std::span<const std::byte> bytes, size_t at) {
  uint16_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Argument argument_of(uint16_t kind, std::span<const std::byte> bytes) {
  if ((kind & kText) != 0) return {Argument::Text, bytes};
  if ((kind & kBytes) != 0 || bytes.size() > sizeof(uint64_t)) return {Argument::Bytes, bytes};
  return {(kind & kSigned) != 0 ? Argument::Signed : Argument::Unsigned, bytes};
}

// The members type_1, type_2, ... count down as the macros of spile.h do: the last argument's is type_1.
std::vector<object::BtfId> types_of_arguments(const object::Btf &btf, object::BtfId variable, size_t count) {
  std::vector<object::BtfId> types(count);
  constexpr std::string_view kType = "type_";
  for (const object::BtfMember &member : btf.members(btf.resolve(variable))) {
    if (!member.name.starts_with(kType)) continue;
    const auto number = whole_number<size_t>(member.name.substr(kType.size()));
    const object::BtfType array = btf.type(btf.resolve(member.type));
    if (number && *number >= 1 && *number <= count && array.kind == object::BtfKind::Array)
      types[count - *number] = array.type;
  }
  return types;
}

}  // namespace

Result<OutputRing> OutputRing::of(const object::Object &object) {
  OutputRing ring;
  ring.btf_ = &object.btf;
  const object::SectionId section = object.find_section(kSection);
  const object::BtfId variables = object.btf.find(kSection, object::BtfKind::DataSec);
  if (!section || !variables) return ring;
  const std::span<const std::byte> bytes = object[section].bytes;
  for (const object::BtfVarSecInfo &info : object.btf.variables(variables)) {
    const std::string_view name = object.btf.type(info.var).name;
    const auto number = number_of(name);
    if (!number || uint64_t{info.offset} + info.size > bytes.size())
      return input_error("{}: `{}` in {} is no format of spile.h", object.path, name, kSection);
    const auto variable = bytes.subspan(info.offset, info.size);
    Format format;
    size_t at = 0;
    for (; at + sizeof(uint16_t) <= variable.size(); at += sizeof(uint16_t)) {
      const uint16_t kind = load16(variable, at);
      if (kind == 0) break;
      format.kinds.push_back(kind);
    }
    at = std::min(at + sizeof(uint16_t), variable.size());
    format.text.assign(reinterpret_cast<const char *>(variable.data() + at), variable.size() - at);
    format.text.resize(std::min(format.text.find('\0'), format.text.size()));
    format.types = types_of_arguments(object.btf, object.btf.type(info.var).type, format.kinds.size());
    if (!ring.formats_.emplace(*number, std::move(format)).second)
      return input_error("{}: two formats of printf have the number {}: link sources, not objects", object.path,
                         *number);
  }
  return ring;
}

OutputRing::Printed OutputRing::read(std::span<const std::byte> record, int64_t wall_ahead_ns) const {
  if (record.size() < kHeader) return {};
  uint32_t words[2];
  std::memcpy(words, record.data(), sizeof words);
  if (words[0] == kExit) return {{}, static_cast<int>(words[1])};
  const auto format = formats_.find(words[0]);
  if (format == formats_.end()) return {};
  std::vector<Argument> arguments;
  size_t at = kHeader;
  for (const uint16_t kind : format->second.kinds) {
    const size_t size = kind & kSize;
    if (at + size > record.size()) break;
    arguments.push_back(argument_of(kind, record.subspan(at, size)));
    at += (size + 7) / 8 * 8;
  }
  Printed printed;
  const ShowByType by_type = [&](size_t index) {
    const object::BtfId type = format->second.types[index];
    return type ? object::format_value(*btf_, type, arguments[index].bytes) : std::string();
  };
  append_formatted(format->second.text, arguments, wall_ahead_ns, printed.text, by_type);
  return printed;
}

}  // namespace spile::session
