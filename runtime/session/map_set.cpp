#include "runtime/session/map_set.h"

#include <cstring>

namespace spile::session {

Result<MapSet> MapSet::create(const object::Object &object) {
  MapSet set;
  for (const object::Map &map : object.maps) {
    auto made =
        maps::create({map.name, map.type, map.key_size, map.value_size, map.max_entries, map.map_flags, map.map_extra});
    if (!made) return std::unexpected(made.error());
    if (map.is_global_data && map.section.valid()) {
      const object::Section &section = object[map.section];
      std::byte *data = (*made)->direct_values();
      if (data == nullptr || section.bytes.size() > map.value_size)
        return input_error("{}: section {} does not fit its map", object.path, section.name);
      if (!section.bytes.empty()) std::memcpy(data, section.bytes.data(), section.bytes.size());
    }
    set.pointers_.push_back(made->get());
    set.maps_.push_back(std::move(*made));
  }
  return set;
}

}  // namespace spile::session
