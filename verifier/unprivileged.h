// Unprivileged: what the kernel asks besides of programs whose loader has neither CAP_BPF nor CAP_PERFMON.
//
// Three things: no address of the kernel may come out (allow_ptr_leaks), nothing may be read that was not written
// (allow_uninit_stack), and what the processor might execute in vain must be safe, too (bypass_spec_v1): branches that
// are decided are explored on both sides, and an offset that is added to a pointer is masked, which must be possible.
// Model: Linux 6.12. Newer kernels put barriers where speculation would be unsafe, and accept more.
#pragma once

#include <optional>
#include <vector>

#include "verifier/domain/state.h"
#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

inline constexpr uint32_t kMaxUnprivilegedInsns = 4096;  // BPF_MAXINSNS

// Whether such a loader may load programs of this type (enum bpf_prog_type).
bool loads_unprivileged(uint32_t program_type);
// What the program is: its type, length, functions, loops.
std::optional<Failure> check_unprivileged_program(const Env &env);
// What an instruction does, whose other obligations hold.
std::optional<Failure> check_unprivileged(const Env &env, const State &state, uint32_t insn);

// How the kernel masks register arithmetic on pointers: one way for all paths through an instruction
// (sanitize_ptr_alu).
class Sanitation {
 public:
  explicit Sanitation(size_t insns) : masks_(insns), tail_calls_(insns) {}
  // Before the arithmetic. [wrong]: the state in which the processor would go on where the mask made the offset 0.
  std::optional<Failure> before(const Env &env, const State &state, uint32_t insn, std::optional<State> &wrong);
  // After it: the result must be within the object, and the mask the same as on other paths.
  std::optional<Failure> after(const Env &env, const State &state, uint32_t insn);
  // Whether masks depend on numbers: then states that differ in any are different (explore_alu_limits).
  bool explores_limits() const { return explores_limits_; }

 private:
  struct Mask {
    enum Kind : uint8_t { None, Number, Pointer } kind = None;
    bool negative = false, immediate = false, of_source = false;
    uint64_t limit = 0;
    friend bool operator==(const Mask &, const Mask &) = default;
  };
  // The mask of the instruction, which all paths share.
  std::optional<Failure> settle(const isa::Insn &insn, uint32_t at, const Mask &mask);
  static Failure beyond(const isa::Insn &insn, uint32_t at);
  static std::optional<uint64_t> limit_of(const RegState &pointer, bool left);
  static uint64_t max_of(const Env &env, const RegState &pointer, bool left);

  std::vector<Mask> masks_;           // by instruction
  std::vector<uint32_t> tail_calls_;  // by instruction: 1 + the map of a tail call
  Mask pending_;                      // of the instruction in work
  bool is_left_ = false;              // its offset goes to lower addresses
  bool is_pointer_ = false;
  bool explores_limits_ = false;
};

}  // namespace spile::verifier
