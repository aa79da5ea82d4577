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
// Rules of single helpers; of calls while a lock is held or where the program must not sleep.
std::optional<Failure> check_helper_rules(const Env &env, const State &state, uint32_t insn);  // check_section.cpp
std::optional<Failure> check_section(const Env &env, const State &state, uint32_t insn);       // check_section.cpp
std::optional<Failure> check_function_in_section(const Env &env, const State &state, uint32_t insn);
// Nothing that was acquired is left at an exit (check_reference_leak). [what]: "BPF_EXIT instruction in main prog".
std::optional<Failure> check_leaks(const State &state, uint32_t insn, const char *what);
std::optional<Failure> check_kfunc(const Env &env, const State &state, uint32_t insn);        // check_kfunc.cpp
std::optional<Failure> check_global_call(const Env &env, const State &state, uint32_t insn);  // check_global.cpp
// What the program returns in [reg], or throws where nothing catches it.
std::optional<Failure> check_return_range(const Env &env, const RegState &r, unsigned reg, uint32_t insn);
// A pointer that must be exactly what it was when it was given: the context, a map.
std::optional<Failure> check_unmoved(const RegState &r, unsigned reg, uint32_t insn);

}  // namespace spile::verifier
