// Prints what programs send to a reader while they run: records of ring buffers, samples of perf event arrays. One line
// each, by the type that the map's declaration names as its value, or as bytes where it names none:
//
//     events: { .pid = 4711, .comm = "sh" }
//     events: 01 00 00 00 2a 00 00 00
#pragma once

#include <string>

#include "backend/object/object.h"
#include "runtime/maps/map.h"

namespace spile::session {

// Whether records come out of maps of this type.
bool has_records(uint32_t map_type);
// Takes the records that wait in [map] and appends a line for each to [out].
void print_records(const object::Object &object, const object::Map &declaration, maps::Map &map, std::string &out);

}  // namespace spile::session
