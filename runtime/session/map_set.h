// The maps of one object, made for this process: what a program's map indices refer to.
#pragma once

#include <memory>
#include <vector>

#include "backend/object/object.h"
#include "runtime/maps/map.h"
#include "support/result.h"

namespace spile::session {

class MapSet {
 public:
  // Creates each of [object]'s maps and fills those of global data (.rodata, .data) with their section's bytes.
  // [object] outlives the set.
  static Result<MapSet> create(const object::Object &object);

  // Indexed as Object::maps.
  std::span<maps::Map *const> pointers() const { return pointers_; }

 private:
  std::vector<std::unique_ptr<maps::Map>> maps_;
  std::vector<maps::Map *> pointers_;
};

}  // namespace spile::session
