// MapFile: a map whose elements lie in a file, so that they outlive the process and others can look at them.
//
//   header, BTF │ blocks of the map, each from a page on (the same that PageSource::take() gives in memory)
//
// One process at a time works with a map: it has the file locked, and the elements are the mapped file itself. Others
// read a copy. A process that is killed leaves what it had stored: an element is complete before a chain leads to it,
// and which elements are free is found out anew by walking the chains. What a machine that goes down leaves is checked
// as any file is, whose every field may be wrong: it is refused, or is a map.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/maps/map.h"

namespace spile::maps {

struct MapFile {
  std::unique_ptr<Map> map;
  // How to show it: BTF of the object that declared it, and the types in there; empty and 0 when unknown.
  std::vector<std::byte> btf;
  uint32_t key_type = 0, value_type = 0;
  bool is_in_use = false;  // by another process

  enum class Access : uint8_t {
    Read,    // a copy
    Update,  // the file; arrays also while another process works with them, whose elements are all there always
    Own,     // the file, alone
  };
};

// A map that a file can hold: of a type that is_placeable(), without timers and kernel objects in its values.
// Unsupported, with the reason, otherwise.
Result<void> check_keepable(const Definition &definition);

// Whether the file begins as those of maps do.
bool is_map_file(const std::string &path);

// Input: it is no map, or a damaged one. Environment: it cannot be opened, or another process works with it.
Result<MapFile> open_map_file(const std::string &path, MapFile::Access access);

// A new map in [path], or the one that is there, which must have the same definition. [described] has the BTF and the
// types that a new file gets. For Access::Own.
Result<MapFile> keep_in_file(const std::string &path, const Definition &definition, const MapFile &described);

}  // namespace spile::maps
