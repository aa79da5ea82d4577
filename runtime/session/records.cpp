#include "runtime/session/records.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include "backend/object/print_value.h"
#include "runtime/maps/event_map.h"
#include "runtime/maps/ring_map.h"

namespace spile::session {

bool has_records(uint32_t map_type) {
  return map_type == BPF_MAP_TYPE_RINGBUF || map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

void take_records(const object::Map &declaration, maps::Map &map,
                  const std::function<void(std::span<const std::byte>)> &take) {
  if (declaration.type == BPF_MAP_TYPE_RINGBUF)
    static_cast<maps::RingMap &>(map).consume([&](std::span<std::byte> record) {
      take(record);
      return true;
    });
  if (declaration.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
    static_cast<maps::EventMap &>(map).consume([&](uint32_t, std::span<const std::byte> sample) { take(sample); });
}

object::BtfId record_type(const object::Object &object, const object::Map &declaration,
                          std::span<const std::byte> record) {
  const object::BtfId type = declaration.value_type;
  // A perf event array's value is a file descriptor, whatever its type says.
  return type && object.btf.size_of(type) > sizeof(uint32_t) && object.btf.size_of(type) <= record.size()
             ? type
             : object::BtfId{};
}

std::string print_record(const object::Object &object, const object::Map &declaration,
                         std::span<const std::byte> record) {
  // A sample may be longer than its type: the kernel pads them too.
  if (const object::BtfId type = record_type(object, declaration, record))
    return fmt::format("{}: {}\n", declaration.name,
                       object::format_value(object.btf, type, record.first(object.btf.size_of(type))));
  std::string text = declaration.name + ":";
  for (const std::byte byte : record) text += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
  return text + '\n';
}

}  // namespace spile::session
