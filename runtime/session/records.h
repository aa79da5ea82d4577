// What programs send through ring buffers and perf event arrays: records, each with the type that the map declares.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "backend/object/object.h"
#include "runtime/maps/map.h"

namespace spile::session {

// Whether records come out of maps of this type.
bool has_records(uint32_t map_type);
// Takes the records that wait in [map], one after the other.
void take_records(const object::Map &declaration, maps::Map &map,
                  const std::function<void(std::span<const std::byte>)> &take);

// What a record is; none: its map does not say, or it is shorter than that.
object::BtfId record_type(const object::Object &object, const object::Map &declaration,
                          std::span<const std::byte> record);
// "events: { .pid = 12 }\n"; bytes, where the type is not known.
std::string print_record(const object::Object &object, const object::Map &declaration,
                         std::span<const std::byte> record);

}  // namespace spile::session
