#include "runtime/session/records.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include "backend/object/print_value.h"
#include "runtime/maps/event_map.h"
#include "runtime/maps/ring_map.h"

namespace spile::session {

namespace {

std::string line(const object::Object &object, const object::Map &declaration, std::span<const std::byte> record) {
  const object::Btf &btf = object.btf;
  // A sample may be longer than its type: the kernel pads them too.
  if (declaration.value_type && btf.size_of(declaration.value_type) > sizeof(uint32_t) &&
      btf.size_of(declaration.value_type) <= record.size()) {
    const auto size = static_cast<int64_t>(btf.size_of(declaration.value_type));
    return fmt::format("{}: {}\n", declaration.name,
                       object::format_value(btf, declaration.value_type, {record.begin(), record.begin() + size}));
  }
  std::string text = declaration.name + ":";
  for (const std::byte byte : record) text += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
  return text + '\n';
}

}  // namespace

bool has_records(uint32_t map_type) {
  return map_type == BPF_MAP_TYPE_RINGBUF || map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

void print_records(const object::Object &object, const object::Map &declaration, maps::Map &map, std::string &out) {
  if (declaration.type == BPF_MAP_TYPE_RINGBUF)
    static_cast<maps::RingMap &>(map).consume([&](std::span<std::byte> record) {
      out += line(object, declaration, record);
      return true;
    });
  if (declaration.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
    static_cast<maps::EventMap &>(map).consume(
        [&](uint32_t, std::span<const std::byte> sample) { out += line(object, declaration, sample); });
}

}  // namespace spile::session
