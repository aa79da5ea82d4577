// Transfer: the state after an instruction whose obligations hold. Rejects nothing.
//
// A conditional jump may leave two states, a call that runs a callback too: [other] is the one that waits.
#pragma once

#include <optional>

#include "verifier/domain/state.h"
#include "verifier/env.h"

namespace spile::verifier {

struct Flow {
  enum Kind : uint8_t {
    Next,             // go on at [next]
    Fork,             // and [other] goes on at [other_next]; others may have another that waits, too
    EnterSubprogram,  // at [next], in a new frame
    LeaveSubprogram,  // at [next], in the caller's frame
    LeaveCallback,    // at [next], the call that runs the callback
    EndOfProgram,
  } kind = Next;
  uint32_t next = 0;
  std::optional<State> other;
  uint32_t other_next = 0;
  bool widens = false;  // [other] is one more turn of a loop: numbers that changed and decide nothing become unknown
};

Flow transfer(const Env &env, State &state, uint32_t insn);
// The same for an instruction that was rejected and reported: its results are poisoned, so that one mistake is
// reported once.
Flow skip(const Env &env, State &state, uint32_t insn);

// Whether a conditional jump of this state is decided; null when both ways are possible.
std::optional<bool> branch_decided(const Env &env, const State &state, uint32_t insn);
// An AND or OR with a constant of a number that is 0 or -1 (a sign): exploring both exactly keeps what a branch-free
// `x >> 31 & mask` means (maybe_fork_scalars). The value of the destination in [state] becomes -1; the state to be
// explored from this instruction on, with 0, is returned.
std::optional<State> fork_sign(const Env &env, State &state, uint32_t insn);

// The parts: transfer_call.cpp, transfer_alu.cpp, transfer_memory.cpp, transfer_branch.cpp.
Flow call_kfunc(const Env &env, State &state, uint32_t insn);         // transfer_kfunc.cpp
Flow transfer_may_goto(const Env &env, State &state, uint32_t insn);  // transfer_kfunc.cpp
Flow call_helper(const Env &env, State &state, uint32_t insn);        // transfer_call.cpp
Flow call_subprogram(const Env &env, State &state, uint32_t insn);    // transfer_call.cpp
// The function that was called ends in [ends], and goes on behind [insn] in [goes_on] (transfer.cpp).
Flow leave_or_go_on(State &ends, State goes_on, uint32_t insn);
// What every call does, helper's or kfunc's (transfer_call.cpp): r1 to r5 are lost, memory is written, a reference is
// owned from here on (its id).
void clobber_arguments(State &state);
void write_memory(State &state, const RegState &memory, uint64_t size);
uint32_t acquire(State &state, uint32_t index);
Frame &push_frame(State &state, uint32_t callsite, uint32_t subprogram);
// A callback that runs later, alone, on a stack of its own, with the map and the value that [value] points into.
State enter_later(const State &state, const RegState &value, uint32_t callee, uint32_t insn);
void transfer_alu(const Env &env, State &state, uint32_t insn);
void transfer_load(const Env &env, State &state, uint32_t insn);
void transfer_store(const Env &env, State &state, uint32_t insn);
void transfer_atomic(const Env &env, State &state, uint32_t insn);
Flow transfer_branch(const Env &env, State &state, uint32_t insn);

// At most this many registers are refined together (LINKED_REGS_MAX).
inline constexpr unsigned kMaxLinked = 6;
struct LinkedReg {
  uint8_t frame = 0;
  bool is_slot = false;
  uint8_t index = 0;
};
struct LinkedRegs {
  std::array<LinkedReg, kMaxLinked> items;
  uint8_t count = 0;
};
// The registers and slots whose numbers a conditional jump refines through an id. Those past the limit lose theirs.
LinkedRegs link_operands(const Env &env, State &state, uint32_t insn);

}  // namespace spile::verifier
