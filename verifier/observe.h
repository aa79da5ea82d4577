// Observe: does a concrete machine lie inside an abstract state? How soundness is tested against execution.
//
// Numbers must be members; pointers into the stack, the packet and to the context must be where the state says; bytes
// and spilled registers of all frames must be what it says. Used by tests and fuzzers only.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "verifier/domain/state.h"
#include "verifier/env.h"

namespace spile::verifier {

// Where the packet lies; 0: not known.
struct PacketPlace {
  uint64_t meta = 0, data = 0, end = 0;
};

struct Concrete {
  std::array<uint64_t, isa::kRegisterCount> regs{};
  std::span<const std::byte> stack;  // of all frames, 512 bytes each; the last one is below r10
  uint64_t context = 0;              // its address
  PacketPlace packet;
};

// Whether the machine lies within.
bool is_inside(const State &state, const Concrete &machine);
// Empty when it does; else what does not, in words.
std::optional<std::string> outside(const State &state, const Concrete &machine);

// Explores as verify() does, but calls [see] with every state before its instruction, and takes a state for covered
// only when all its values are: then each step of each execution lies within some state that was seen.
void explore_all(const Env &env, Verdict &verdict, const std::function<void(uint32_t insn, const State &)> &see);

}  // namespace spile::verifier
