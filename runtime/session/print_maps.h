// Prints maps for a person: one line an element, by the types in BTF.
//
//     calls[SYS_openat] = 12
//     kills[4711] = { .killer = 4710, .uid = 0, .comm = "sh" }
//
// Elements whose value is an integer come largest first, others in the order of their keys. An array's zero elements
// are left out: nothing was stored there. A map with a tag of spile.h is shown as display.h says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "runtime/maps/map.h"
#include "runtime/session/display.h"

namespace spile::session {

// An element as it lies in the map.
struct Element {
  std::vector<std::byte> key, value;
  std::optional<uint32_t> cpu;  // of a per-CPU map's value that is no number
};
enum class Zeros : bool { LeaveOut, Show };  // of arrays

// In the order in which they are printed. None of maps that hold no data.
std::vector<Element> sorted_elements(const object::Object &object, const object::Map &declaration,
                                     const Display &display, maps::Map &map, Zeros zeros);
// Whether it has room for one element alone, which is shown without its key.
bool is_single(const object::Map &declaration, const Display &display);

// An element in words.
struct ShownElement {
  std::optional<std::string> key;  // none of a map that is_single()
  std::optional<uint32_t> cpu;
  std::string value;  // the lines of a histogram
};
std::vector<ShownElement> show_elements(const object::Object &object, const object::Map &declaration,
                                        const Display &display, maps::Map &map, Zeros zeros);

// Appends the lines of one element, that has [key], to [out]. False: there is none.
bool print_element(const object::Object &object, const object::Map &declaration, maps::Map &map, const std::byte *key,
                   std::string &out);
// Appends the lines of one map to [out].
void print_map(const object::Object &object, const object::Map &declaration, const Display &display, maps::Map &map,
               std::string &out);

}  // namespace spile::session
