// Check: does an obligation hold in a state? Changes nothing.
#pragma once

#include <optional>

#include "verifier/domain/state.h"
#include "verifier/failure.h"
#include "verifier/obligations.h"

namespace spile::verifier {

std::optional<Failure> check(const Env &env, const State &state, uint32_t insn, const Obligation &obligation);

// The parts, by what they are about.
std::optional<Failure> check_arithmetic(const Env &env, const State &state, uint32_t insn);  // check_alu.cpp
std::optional<Failure> check_access(const Env &env, const State &state, uint32_t insn,
                                    const Obligation &access);  // check_memory.cpp
// A helper reads or writes [size] bytes behind register [reg].
std::optional<Failure> check_helper_memory(const Env &env, const State &state, uint32_t insn, unsigned reg,
                                           uint64_t size, bool write, bool may_be_empty);  // check_memory.cpp
std::optional<Failure> check_argument(const Env &env, const State &state, uint32_t insn,
                                      unsigned arg);  // check_call.cpp
// A pointer that must be exactly what it was when it was given: the context, a map.
std::optional<Failure> check_unmoved(const RegState &r, unsigned reg, uint32_t insn);

}  // namespace spile::verifier
