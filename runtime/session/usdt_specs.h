// USDT: where the arguments of a program's own probes lie, for <bpf/usdt.bpf.h>.
//
// A note says it as an assembler would: "-4@-20(%rbp) 8@%rdi". libbpf makes a specification of that, puts it into the
// map __bpf_usdt_specs, and gives its number there to the program as the cookie of the place; so does this, also for
// hits that are written down, with the values or with the note.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backend/object/object.h"
#include "runtime/hooks/user_probe.h"
#include "runtime/session/map_set.h"
#include "support/result.h"

namespace spile::session {

class UsdtSpecs {
 public:
  // Puts the specifications of [probe]'s places into the map, and their numbers into the places. Nothing when the
  // object has no such map: its programs take no arguments. Error: one that cannot be understood, or no room in the
  // map.
  Result<void> add(const object::Object &object, const MapSet &maps, hooks::UserProbe &probe);

  // The same for a hit that is written down, before its programs run: the number of its [arguments]. [number]: which it
  // had when it was recorded, and has again. When the map is full, a number is given anew: the last hit's alone counts.
  Result<uint64_t> show(const object::Object &object, const MapSet &maps, std::string_view arguments,
                        std::optional<uint64_t> number);

 private:
  struct Table;
  Result<std::optional<Table>> find_table(const object::Object &object, const MapSet &maps) const;

  std::map<std::string, uint32_t, std::less<>> numbers_;  // by arguments: places that agree share one
  std::map<uint32_t, std::string> shown_;                 // of show(): what lies at a number
  uint32_t next_ = 0;                                     // of show(): the number that is given next
};

}  // namespace spile::session
