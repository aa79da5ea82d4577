// The maps of one object, made for this process: what a program's map indices refer to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "runtime/kernel/kernel_map.h"
#include "runtime/kernel/kernel_object.h"
#include "runtime/maps/map.h"
#include "runtime/vm/engine.h"
#include "support/result.h"

namespace spile::session {

// What a map is created with; what libbpf fills in where the program leaves it open is filled in.
maps::Definition definition_of(const object::Object &object, const object::Map &map);

class MapSet {
 public:
  // Creates each of [object]'s maps; fills those of global data (.rodata, .data) with their section's bytes, and maps
  // of maps with the maps that `.values` names.
  // [object] outlives the set. [folder]: where declared maps are kept in files, by their names (maps/map_file.h);
  // empty: nowhere. [not_kept] is told of each that cannot be.
  using NotKept = std::function<void(const std::string &why)>;
  static Result<MapSet> create(const object::Object &object, const std::string &folder = {},
                               const NotKept &not_kept = {});
  // Those that [loaded] has in the kernel, for handlers of the user's side. What handlers send through ring buffers and
  // perf event arrays stays in this process.
  static Result<MapSet> of_kernel(const object::Object &object, const kernel::KernelObject &loaded);

  // Indexed as Object::maps.
  std::span<maps::Map *const> pointers() const { return pointers_; }

  // Puts a loaded program, which outlives the set, where `.values` of program arrays name it.
  void put_program(const object::Object &object, std::string_view name, const vm::Loaded *program);
  // Whether some program array names it: it is reached by bpf_tail_call() and hangs on no hook itself.
  static bool is_tail_called(const object::Object &object, std::string_view name);
  // Timers in elements that are deleted end.
  void watch_timers(helpers::Timers &timers);
  // After each program of this process: what it changed is there for the kernel's.
  void settle() {
    for (kernel::KernelMap *map : in_kernel_) map->settle();
  }

 private:
  void put_inner_maps(const object::Object &object);

  std::vector<std::unique_ptr<maps::Map>> maps_;
  std::vector<maps::Map *> pointers_;
  std::vector<kernel::KernelMap *> in_kernel_;
};

}  // namespace spile::session
