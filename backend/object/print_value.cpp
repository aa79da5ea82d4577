#include "backend/object/print_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include "backend/object/value.h"

namespace spile::object {

namespace {

// Structs inside structs; only a hostile BTF goes deeper, or round in a circle.
constexpr int kMaxDepth = 32;
// Types of size 0 would let a few bytes print for ever; past this the text ends with "...".
constexpr size_t kMaxText = size_t{1} << 20;

using Bytes = std::span<const std::byte>;

class ValuePrinter {
 public:
  explicit ValuePrinter(const Btf &btf) : btf_(btf) {}

  void print(BtfId id, Bytes bytes, int depth = 0) {
    if (text_.size() > kMaxText || depth > kMaxDepth) {
      text_ += "...";
      return;
    }
    id = btf_.resolve(id);
    const BtfType type = btf_.type(id);
    const uint64_t size = btf_.size_of(id);
    if (size > bytes.size()) return print_hex(bytes);
    bytes = bytes.first(size);
    switch (type.kind) {
      case BtfKind::Int:
        return print_int(type, bytes);
      case BtfKind::Enum:
      case BtfKind::Enum64:
        return print_enum(id, type, load(bytes, type.is_signed));
      case BtfKind::Ptr:
        return append("{:#x}", load(bytes, false));
      case BtfKind::Float:
        return print_float(bytes);
      case BtfKind::Array:
        return print_array(type, bytes, depth);
      case BtfKind::Struct:
      case BtfKind::Union:
        return print_members(id, bytes, depth);
      case BtfKind::DataSec:
        return print_variables(id, bytes, depth);
      case BtfKind::Var:
        return print(type.type, bytes, depth + 1);
      case BtfKind::Void:
      case BtfKind::Fwd:
      case BtfKind::Typedef:
      case BtfKind::Volatile:
      case BtfKind::Const:
      case BtfKind::Restrict:
      case BtfKind::Func:
      case BtfKind::FuncProto:
      case BtfKind::DeclTag:
      case BtfKind::TypeTag:
        return print_hex(bytes);
    }
  }

  void print_hex(Bytes bytes) {
    const char *separator = "";
    for (const std::byte byte : bytes) {
      append("{}{:02x}", separator, std::to_integer<unsigned>(byte));
      separator = " ";
      if (text_.size() > kMaxText) return;
    }
  }

  std::string take() { return std::move(text_); }

 private:
  template <class... Args>
  void append(fmt::format_string<Args...> format, Args &&...args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  // Up to 8 bytes, little endian; sign-extended when asked.
  static uint64_t load(Bytes bytes, bool is_signed) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return is_signed ? extend_sign(value, static_cast<unsigned>(bytes.size() * 8)) : value;
  }
  static uint64_t extend_sign(uint64_t value, unsigned bits) {
    if (bits == 0 || bits >= 64) return value;
    const unsigned unused = 64 - bits;
    return static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
  }

  void print_int(const BtfType &type, Bytes bytes) {
    if (bytes.size() > sizeof(uint64_t)) return print_wide(bytes);
    print_number(type, load(bytes, type.is_signed));
  }
  void print_number(const BtfType &type, uint64_t value) {
    if (type.is_bool) return append("{}", value == 0 ? "false" : value == 1 ? "true" : "true (not 1)");
    if (type.is_signed) return append("{}", static_cast<int64_t>(value));
    append("{}", value);
  }
  // __int128: hex, most significant byte first.
  void print_wide(Bytes bytes) {
    text_ += "0x";
    for (size_t i = bytes.size(); i-- > 0;) append("{:02x}", std::to_integer<unsigned>(bytes[i]));
  }

  void print_enum(BtfId id, const BtfType &type, uint64_t value) {
    for (const BtfEnumerator &enumerator : btf_.enumerators(id))
      if (static_cast<uint64_t>(enumerator.value) == value) return append("{}", enumerator.name);
    print_number(type, value);
  }

  void print_float(Bytes bytes) {
    if (bytes.size() == sizeof(float)) {
      float value = 0;
      std::memcpy(&value, bytes.data(), sizeof value);
      append("{}", value);
    } else if (bytes.size() == sizeof(double)) {
      double value = 0;
      std::memcpy(&value, bytes.data(), sizeof value);
      append("{}", value);
    } else {
      print_hex(bytes);
    }
  }

  // clang says `char` by name and signedness, not by the CHAR encoding; `unsigned char` is a number.
  void print_array(const BtfType &array, Bytes bytes, int depth) {
    if (is_character(btf_, array.type)) return print_string(bytes);
    const uint64_t size = btf_.size_of(array.type);
    text_ += '[';
    for (uint32_t i = 0; i < array.length && text_.size() <= kMaxText; i++) {
      if (i != 0) text_ += ", ";
      print(array.type, bytes.subspan(i * size, size), depth + 1);
    }
    text_ += ']';
  }

  void print_string(Bytes bytes) {
    text_ += '"';
    for (const std::byte byte : bytes) {
      const auto c = std::to_integer<unsigned char>(byte);
      if (c == 0 || text_.size() > kMaxText) break;
      switch (c) {
        case '"':
          text_ += "\\\"";
          break;
        case '\\':
          text_ += "\\\\";
          break;
        case '\n':
          text_ += "\\n";
          break;
        case '\t':
          text_ += "\\t";
          break;
        case '\r':
          text_ += "\\r";
          break;
        default:
          if (c < 0x20 || c == 0x7f)
            append("\\x{:02x}", c);
          else
            text_ += static_cast<char>(c);  // UTF-8 passes as it is
      }
    }
    text_ += '"';
  }

  void print_members(BtfId id, Bytes bytes, int depth) {
    const char *separator = " ";
    text_ += '{';
    for (const BtfMember &member : btf_.members(id)) {
      text_ += separator;
      if (!member.name.empty()) append(".{} = ", member.name);
      print_member(member, bytes, depth);
      separator = ", ";
      if (text_.size() > kMaxText) break;
    }
    text_ += " }";
  }

  void print_member(const BtfMember &member, Bytes bytes, int depth) {
    const size_t offset = member.bit_offset / 8;
    if (member.bitfield_size != 0) return print_bitfield(member, bytes);
    print(member.type, bytes.subspan(std::min(offset, bytes.size())), depth + 1);
  }

  void print_bitfield(const BtfMember &member, Bytes bytes) {
    const BtfId id = btf_.resolve(member.type);
    const BtfType type = btf_.type(id);
    const std::optional<uint64_t> bits = bitfield_of(member, bytes);
    if (!bits) return;
    const uint64_t value = type.is_signed ? extend_sign(*bits, member.bitfield_size) : *bits;
    if (type.kind == BtfKind::Enum || type.kind == BtfKind::Enum64) return print_enum(id, type, value);
    print_number(type, value);
  }

  // The value of a map of globals.
  void print_variables(BtfId id, Bytes bytes, int depth) {
    const char *separator = " ";
    text_ += '{';
    for (const BtfVarSecInfo &info : btf_.variables(id)) {
      append("{}.{} = ", separator, btf_.type(info.var).name);
      print(info.var, bytes.subspan(std::min<size_t>(info.offset, bytes.size())), depth + 1);
      separator = ", ";
      if (text_.size() > kMaxText) break;
    }
    text_ += " }";
  }

  const Btf &btf_;
  std::string text_;
};

}  // namespace

std::string format_value(const Btf &btf, BtfId type, std::span<const std::byte> bytes) {
  ValuePrinter printer(btf);
  if (type && btf.size_of(type) != 0)
    printer.print(type, bytes);
  else
    printer.print_hex(bytes);
  return printer.take();
}

std::optional<uint64_t> bitfield_of(const BtfMember &member, std::span<const std::byte> bytes) {
  const uint64_t last = (uint64_t{member.bit_offset} + member.bitfield_size + 7) / 8;
  if (member.bitfield_size > 64 || last > bytes.size()) return std::nullopt;
  uint64_t value = 0;
  for (uint32_t i = 0; i < member.bitfield_size; i++) {
    const uint32_t bit = member.bit_offset + i;
    value |= uint64_t{(std::to_integer<unsigned>(bytes[bit / 8]) >> (bit % 8)) & 1} << i;
  }
  return value;
}

}  // namespace spile::object
