#include "backend/object/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "backend/object/print_value.h"

namespace spile::object {

namespace {

using Bytes = std::span<const std::byte>;

// Structs inside structs; only a hostile BTF goes deeper.
constexpr int kMaxDepth = 32;

uint64_t load(Bytes bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

Value number(uint64_t bits, unsigned width, bool is_signed) {
  if (!is_signed) return {Value::Number, fmt::format("{}", bits), {}};
  const unsigned unused = 64 - width;
  return {Value::Number, fmt::format("{}", static_cast<int64_t>(bits << unused) >> unused), {}};
}

Value read(const Btf &btf, BtfId id, Bytes bytes, int depth);

void read_members(const Btf &btf, BtfId id, Bytes bytes, int depth, Value &out) {
  for (const BtfMember &member : btf.members(id)) {
    if (member.bitfield_size != 0) {
      const BtfType type = btf.type(btf.resolve(member.type));
      const std::optional<uint64_t> bits = bitfield_of(member, bytes);
      out.parts.push_back(
          {std::string(member.name), bits ? number(*bits, member.bitfield_size, type.is_signed) : Value()});
      continue;
    }
    const size_t offset = std::min<size_t>(member.bit_offset / 8, bytes.size());
    Value value = read(btf, member.type, bytes.subspan(offset), depth + 1);
    if (member.name.empty() && value.kind == Value::Members)
      std::ranges::move(value.parts, std::back_inserter(out.parts));
    else
      out.parts.push_back({std::string(member.name), std::move(value)});
  }
}

Value read(const Btf &btf, BtfId id, Bytes bytes, int depth) {
  id = btf.resolve(id);
  const BtfType type = btf.type(id);
  const uint64_t size = btf.size_of(id);
  const auto in_words = [&] { return format_value(btf, id, bytes); };
  if (size > bytes.size() || depth > kMaxDepth) return {Value::Word, in_words(), {}};
  bytes = bytes.first(size);
  switch (type.kind) {
    case BtfKind::Int:
      if (type.is_bool) return {Value::Bool, load(bytes) == 0 ? "false" : "true", {}};
      return {size > sizeof(uint64_t) ? Value::Word : Value::Number, in_words(), {}};
    case BtfKind::Float:
      return {Value::Number, in_words(), {}};
    case BtfKind::Struct:
    case BtfKind::Union: {
      Value value{Value::Members, {}, {}};
      read_members(btf, id, bytes, depth, value);
      return value;
    }
    case BtfKind::Array: {
      if (is_character(btf, type.type)) {
        const auto *text = reinterpret_cast<const char *>(bytes.data());
        return {Value::Text, std::string(text, ::strnlen(text, bytes.size())), {}};
      }
      Value value{Value::List, {}, {}};
      const uint64_t each = btf.size_of(type.type);
      for (uint64_t at = 0; each != 0 && at + each <= bytes.size(); at += each)
        value.parts.push_back({"", read(btf, type.type, bytes.subspan(at, each), depth + 1)});
      return value;
    }
    case BtfKind::Enum:
    case BtfKind::Enum64: {
      std::string name = in_words();
      const bool is_number = name.starts_with('-') || (!name.empty() && name[0] >= '0' && name[0] <= '9');
      return {is_number ? Value::Number : Value::Word, std::move(name), {}};
    }
    case BtfKind::Ptr:
    case BtfKind::Void:
    case BtfKind::Fwd:
    case BtfKind::Typedef:
    case BtfKind::Volatile:
    case BtfKind::Const:
    case BtfKind::Restrict:
    case BtfKind::Func:
    case BtfKind::FuncProto:
    case BtfKind::Var:
    case BtfKind::DataSec:
    case BtfKind::DeclTag:
    case BtfKind::TypeTag:
      return {Value::Word, in_words(), {}};
  }
  return {};
}

void add_leaves(const Value &value, const std::string &name, Leaves &leaves) {
  if (value.is_leaf()) {
    leaves.emplace_back(name, &value);
    return;
  }
  const std::string before = name.empty() ? "" : name + ".";
  for (size_t i = 0; i < value.parts.size(); i++) {
    const auto &[part, inner] = value.parts[i];
    add_leaves(inner, before + (value.kind == Value::List ? fmt::format("{}", i) : part), leaves);
  }
}

// Bytes of the UTF-8 character that [text] begins with; 0: it is none.
size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; i++)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  return length;
}

}  // namespace

bool is_character(const Btf &btf, BtfId id) {
  const BtfType type = btf.type(btf.resolve(id));
  return type.kind == BtfKind::Int && type.size == 1 && (type.is_char || type.name == "char");
}

Value read_value(const Btf &btf, BtfId type, Bytes bytes) {
  if (type) return read(btf, type, bytes, 0);
  const bool is_number = bytes.size() == 1 || bytes.size() == 2 || bytes.size() == 4 || bytes.size() == 8;
  if (is_number) return number(load(bytes), static_cast<unsigned>(bytes.size() * 8), false);
  return {Value::Word, format_value(btf, type, bytes), {}};
}

Leaves leaves_of(const Value &value, const std::string &name) {
  Leaves leaves;
  add_leaves(value, value.is_leaf() ? name : "", leaves);
  return leaves;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const size_t length = character_length(text);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else if (length == 0)
      out += "\\ufffd";
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out + '"';
}

std::string to_json(const Value &value) {
  if (value.kind == Value::Number || value.kind == Value::Bool) return value.text;
  if (value.is_leaf()) return json_string(value.text);
  const bool is_list = value.kind == Value::List;
  std::string out = is_list ? "[" : "{";
  for (const auto &[name, part] : value.parts) {
    if (out.size() > 1) out += ",";
    if (!is_list) out += json_string(name) + ":";
    out += to_json(part);
  }
  return out + (is_list ? "]" : "}");
}

}  // namespace spile::object
