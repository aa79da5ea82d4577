#include "runtime/session/print_maps.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "backend/object/print_value.h"
#include "runtime/maps/pages.h"

namespace spile::session {

namespace {

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

// An element of a per-CPU map as it is shown: numbers as their sum, others as one line for each CPU that has something.
void add_per_cpu(const object::Btf &btf, const object::Map &declaration, const maps::Map &map, const std::byte *key,
                 const std::byte *values, std::vector<Element> &elements) {
  const maps::Definition &definition = map.definition();
  const uint64_t stride = maps::round_up_8(definition.value_size);
  const auto value_on = [&](uint32_t cpu) {
    return std::vector(values + cpu * stride, values + cpu * stride + definition.value_size);
  };
  const std::vector<std::byte> key_bytes(key, key + definition.key_size);
  if (as_integer(btf, declaration.value_type, value_on(0))) {
    uint64_t sum = 0;
    for (uint32_t cpu = 0; cpu < map.copies(); cpu++)
      sum += static_cast<uint64_t>(*as_integer(btf, declaration.value_type, value_on(cpu)));
    std::vector<std::byte> total(definition.value_size);
    std::memcpy(total.data(), &sum, total.size());
    elements.push_back({key_bytes, total, {}});
    return;
  }
  for (uint32_t cpu = 0; cpu < map.copies(); cpu++)
    if (const auto value = value_on(cpu); !is_zero(value)) elements.push_back({key_bytes, value, cpu});
}

void add_element(const object::Btf &btf, const object::Map &declaration, maps::Map &map, const std::byte *key,
                 std::vector<Element> &elements) {
  const maps::Definition &definition = map.definition();
  const std::byte *value = map.lookup(key);
  if (value != nullptr && map.copies() > 1)
    add_per_cpu(btf, declaration, map, key, value, elements);
  else if (value != nullptr)
    map.clear_special(
        elements.emplace_back(Element{{key, key + definition.key_size}, {value, value + definition.value_size}, {}})
            .value.data());
}

std::vector<Element> elements_of(const object::Btf &btf, const object::Map &declaration, maps::Map &map) {
  const maps::Definition &definition = map.definition();
  std::vector<Element> elements;
  std::vector<std::byte> key(definition.key_size), next(definition.key_size);
  for (bool first = true; map.next_key(first ? nullptr : key.data(), next.data()) == 0; first = false) {
    key = next;
    // Deleted by a probe of another thread since: not there any more, so not printed.
    add_element(btf, declaration, map, key.data(), elements);
    // next_key starts again when its key has vanished: never more elements than the map can hold.
    if (elements.size() > uint64_t{definition.max_entries} * map.copies()) break;
  }
  return elements;
}

// Values without keys, numbered in the order in which they would come out.
std::vector<Element> queued(maps::Map &map) {
  std::vector<Element> elements;
  map.for_each([&](const std::byte *, std::byte *value) {
    const auto number = static_cast<uint32_t>(elements.size());
    const auto *bytes = reinterpret_cast<const std::byte *>(&number);
    elements.push_back({{bytes, bytes + sizeof number}, {value, value + map.definition().value_size}, {}});
    return false;
  });
  return elements;
}

// What an element of these types is lies outside of this process, or is no data at all.
bool holds_no_data(uint32_t type) {
  return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS ||
         type == BPF_MAP_TYPE_CGROUP_ARRAY || type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF ||
         type == BPF_MAP_TYPE_PERF_EVENT_ARRAY || type == BPF_MAP_TYPE_BLOOM_FILTER || type == maps::kArenaType;
}

// What elements are ordered by, largest first; none of a value that is no number.
std::optional<int64_t> rank(const object::Btf &btf, const Display &display, object::BtfId type,
                            const std::vector<std::byte> &value) {
  if (display.kind == Display::Average || display.is_histogram()) return display_rank(display, value);
  return as_integer(btf, type, value);
}

std::string format(const object::Btf &btf, object::BtfId type, const std::vector<std::byte> &bytes) {
  if (!type)
    if (const auto integer = as_integer(btf, type, bytes)) return fmt::format("{}", *integer);
  return object::format_value(btf, type, bytes);
}

// Of a stack trace: the addresses, innermost first, up to where the chain ends.
std::string format_chain(const std::vector<std::byte> &bytes) {
  std::string text;
  for (size_t at = 0; at + sizeof(uint64_t) <= bytes.size(); at += sizeof(uint64_t)) {
    uint64_t address = 0;
    std::memcpy(&address, bytes.data() + at, sizeof address);
    if (address == 0) break;
    text += fmt::format("{}{:#x}", text.empty() ? "" : " ", address);
  }
  return text;
}

bool holds_chains(const object::Map &declaration) {
  return declaration.type == BPF_MAP_TYPE_STACK_TRACE && (declaration.map_flags & BPF_F_STACK_BUILD_ID) == 0;
}

bool is_array(const object::Map &declaration) {
  return declaration.type == BPF_MAP_TYPE_ARRAY || declaration.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

}  // namespace

bool is_single(const object::Map &declaration, const Display &display) {
  return (is_array(declaration) || display.kind != Display::Plain) && declaration.max_entries == 1;
}

std::vector<Element> sorted_elements(const object::Object &object, const object::Map &declaration,
                                     const Display &display, maps::Map &map, Zeros zeros) {
  if (holds_no_data(declaration.type)) return {};
  const object::Btf &btf = object.btf;
  std::vector<Element> elements = map.definition().key_size == 0 ? queued(map) : elements_of(btf, declaration, map);
  if (is_array(declaration) && zeros == Zeros::LeaveOut)
    std::erase_if(elements, [](const Element &e) { return is_zero(e.value); });

  const bool in_order = map.definition().key_size == 0 || declaration.type == BPF_MAP_TYPE_LPM_TRIE;
  std::ranges::stable_sort(elements, [&](const Element &a, const Element &b) {
    if (in_order) return false;
    const auto value_a = rank(btf, display, declaration.value_type, a.value);
    const auto value_b = rank(btf, display, declaration.value_type, b.value);
    if (value_a && value_b && *value_a != *value_b) return *value_a > *value_b;
    const auto key_a = as_integer(btf, declaration.key_type, a.key);
    const auto key_b = as_integer(btf, declaration.key_type, b.key);
    if (key_a && key_b) return *key_a < *key_b;
    return std::memcmp(a.key.data(), b.key.data(), a.key.size()) < 0;
  });
  return elements;
}

static ShownElement show(const object::Btf &btf, const object::Map &declaration, const Display &display,
                         const Element &element) {
  const bool is_tagged = display.kind != Display::Plain;
  ShownElement one;
  if (!is_single(declaration, display))
    one.key = is_tagged ? display_key(btf, declaration.key_type, element.key)
                        : format(btf, declaration.key_type, element.key);
  one.cpu = element.cpu;
  one.value = holds_chains(declaration) ? format_chain(element.value)
              : display.is_histogram()  ? display_histogram(display, element.value)
              : is_tagged               ? display_value(btf, display, declaration.value_type, element.value)
                                        : format(btf, declaration.value_type, element.value);
  return one;
}

std::vector<ShownElement> show_elements(const object::Object &object, const object::Map &declaration,
                                        const Display &display, maps::Map &map, Zeros zeros) {
  std::vector<ShownElement> shown;
  for (const Element &element : sorted_elements(object, declaration, display, map, zeros))
    shown.push_back(show(object.btf, declaration, display, element));
  return shown;
}

static void print_shown(const object::Map &declaration, const Display &display, const ShownElement &element,
                        std::string &out) {
  out += declaration.name;
  if (element.key) out += fmt::format("[{}]", *element.key);
  if (element.cpu) out += fmt::format("[cpu {}]", *element.cpu);
  out += display.is_histogram() ? fmt::format(":\n{}\n", element.value) : fmt::format(" = {}\n", element.value);
}

bool print_element(const object::Object &object, const object::Map &declaration, maps::Map &map, const std::byte *key,
                   std::string &out) {
  if (map.lookup(key) == nullptr) return false;
  std::vector<Element> elements;
  add_element(object.btf, declaration, map, key, elements);
  const Display display = displays_of(object)[static_cast<size_t>(&declaration - object.maps.data())];
  for (const Element &element : elements)
    print_shown(declaration, display, show(object.btf, declaration, display, element), out);
  return true;
}

void print_map(const object::Object &object, const object::Map &declaration, const Display &display, maps::Map &map,
               std::string &out) {
  for (const ShownElement &element : show_elements(object, declaration, display, map, Zeros::LeaveOut))
    print_shown(declaration, display, element, out);
}

}  // namespace spile::session
