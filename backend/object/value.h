// A value by its BTF type, as a tree: what the formats for machines (JSON, CSV, OpenMetrics) are made of. For people:
// print_value.h.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/object/btf.h"

namespace spile::object {

struct Value {
  enum Kind : uint8_t { Number, Bool, Text, Word, List, Members } kind = Word;
  std::string text;  // of Number, Bool; the characters of Text; of Word: the name of an enum, a pointer, bytes in hex
  struct Part;
  std::vector<Part> parts;  // of List (without names) and Members

  bool is_leaf() const { return kind != List && kind != Members; }
};
struct Value::Part {
  std::string name;
  Value value;
};

// Whether arrays of it are text.
bool is_character(const Btf &btf, BtfId id);

// Members of unnamed structs and unions stand among those around them. Without a type: a number, when the size is that
// of one, or bytes.
Value read_value(const Btf &btf, BtfId type, std::span<const std::byte> bytes);

// Every leaf with its path: "comm", "addr.port", "slots.3". Of a leaf itself: [name].
using Leaves = std::vector<std::pair<std::string, const Value *>>;
Leaves leaves_of(const Value &value, const std::string &name);

std::string to_json(const Value &value);
// A text between quotes, as JSON has it; what is no UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

}  // namespace spile::object
