// USDT: where the arguments of a program's own probes lie, for <bpf/usdt.bpf.h>.
//
// A note says it as an assembler would: "-4@-20(%rbp) 8@%rdi". libbpf makes a specification of that, puts it into the
// map __bpf_usdt_specs, and gives its number there to the program as the cookie of the place; so does this.
#pragma once

#include <cstdint>
#include <map>
#include <string>

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

 private:
  std::map<std::string, uint32_t> numbers_;  // by arguments: places that agree share one
};

}  // namespace spile::session
