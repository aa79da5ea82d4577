// NamedMap: a map that outlives runs, opened by its name: a file of `spile run --pin`, or a map of the kernel.
//
// Called by `spile map`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "runtime/maps/map_file.h"
#include "support/file.h"
#include "support/result.h"

namespace spile::kernel {

struct NamedMap {
  std::string path;                // empty: it was named by its number
  uint32_t id = 0;                 // in the kernel; 0: it is a file
  Fd fd{-1};                       // of the kernel's map
  std::unique_ptr<maps::Map> map;  // after [fd]
  object::Object types;            // BTF, and one map, which says how elements are shown
  bool is_in_use = false;          // the file, by a run

  const object::Map &declaration() const { return types.maps.front(); }
};

// [path]: a file, or in bpffs.
Result<NamedMap> open_map(const std::string &path, maps::MapFile::Access access);
Result<NamedMap> open_kernel_map(uint32_t id);

// The files and maps in bpffs that lie in [folder], by name. What is no map is passed over.
Result<std::vector<std::string>> maps_in(const std::string &folder);
// The numbers of the kernel's maps. Environment error without the right to ask.
Result<std::vector<uint32_t>> kernel_maps();

// Another name for the map, which then lives as long as one of them: in the same file system, or in bpffs.
Result<void> pin_map(const NamedMap &map, const std::string &path);

}  // namespace spile::kernel
