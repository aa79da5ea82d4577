#include "runtime/session/print_maps.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "backend/object/print_value.h"

namespace spile::session {

namespace {

struct Element {
  std::vector<std::byte> key, value;
};

bool is_zero(const std::vector<std::byte> &bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

// The bytes as an integer, when the type says that they are one (or, without types, when their size is that of one).
std::optional<int64_t> as_integer(const object::Btf &btf, object::BtfId type, const std::vector<std::byte> &bytes) {
  if (bytes.size() > 8 || bytes.empty()) return std::nullopt;
  bool is_signed = false;
  if (type) {
    const object::BtfType resolved = btf.type(btf.resolve(type));
    const bool integer = resolved.kind == object::BtfKind::Int || resolved.kind == object::BtfKind::Enum ||
                         resolved.kind == object::BtfKind::Enum64;
    if (!integer || resolved.is_char) return std::nullopt;
    is_signed = resolved.is_signed;
  } else if (bytes.size() != 1 && bytes.size() != 2 && bytes.size() != 4 && bytes.size() != 8) {
    return std::nullopt;
  }
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  const auto shift = static_cast<unsigned>(64 - 8 * bytes.size());
  return is_signed ? static_cast<int64_t>(value << shift) >> shift : static_cast<int64_t>(value);
}

std::vector<Element> elements_of(maps::Map &map) {
  const maps::Definition &definition = map.definition();
  std::vector<Element> elements;
  std::vector<std::byte> key(definition.key_size), next(definition.key_size);
  for (bool first = true; map.next_key(first ? nullptr : key.data(), next.data()) == 0; first = false) {
    key = next;
    // Deleted by a probe of another thread since: not there any more, so not printed.
    if (const std::byte *value = map.lookup(key.data()))
      elements.push_back({key, {value, value + definition.value_size}});
    // next_key starts again when its key has vanished: never more elements than the map can hold.
    if (elements.size() > definition.max_entries) break;
  }
  return elements;
}

std::string format(const object::Btf &btf, object::BtfId type, const std::vector<std::byte> &bytes) {
  if (!type)
    if (const auto integer = as_integer(btf, type, bytes)) return fmt::format("{}", *integer);
  return object::format_value(btf, type, bytes);
}

}  // namespace

void print_map(const object::Object &object, const object::Map &declaration, maps::Map &map, std::string &out) {
  const object::Btf &btf = object.btf;
  const bool is_array = declaration.type == BPF_MAP_TYPE_ARRAY;
  std::vector<Element> elements = elements_of(map);
  if (is_array) std::erase_if(elements, [](const Element &e) { return is_zero(e.value); });

  std::ranges::stable_sort(elements, [&](const Element &a, const Element &b) {
    const auto value_a = as_integer(btf, declaration.value_type, a.value);
    const auto value_b = as_integer(btf, declaration.value_type, b.value);
    if (value_a && value_b && *value_a != *value_b) return *value_a > *value_b;
    const auto key_a = as_integer(btf, declaration.key_type, a.key);
    const auto key_b = as_integer(btf, declaration.key_type, b.key);
    if (key_a && key_b) return *key_a < *key_b;
    return std::memcmp(a.key.data(), b.key.data(), a.key.size()) < 0;
  });

  for (const Element &element : elements) {
    const std::string value = format(btf, declaration.value_type, element.value);
    if (is_array && declaration.max_entries == 1)
      out += fmt::format("{} = {}\n", declaration.name, value);
    else
      out += fmt::format("{}[{}] = {}\n", declaration.name, format(btf, declaration.key_type, element.key), value);
  }
}

}  // namespace spile::session
