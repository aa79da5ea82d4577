// Fastcall: registers that a caller saves around a call that would not touch them (the bpf_fastcall attribute).
//
//     *(u64 *)(r10 - 16) = r1     the kernel inlines the call; where nothing else uses the slots, it takes the stores
//     call get_smp_processor_id   and loads away, and the frame is smaller by them
//     r1 = *(u64 *)(r10 - 16)
//
// In: the program's functions. Out: what is such a pattern, and the frames without them (mark_fastcall_patterns,
// remove_fastcall_spills_fills).
#pragma once

#include <cstdint>
#include <vector>

#include "verifier/env.h"

namespace spile::verifier {

class Fastcalls {
 public:
  explicit Fastcalls(const Env &env);
  // Whether there is such a pattern at all; without, no access matters.
  bool any() const { return is_any_; }
  // Instruction [insn] accesses the stack of its function at [off] (check_fastcall_stack_contract).
  void access(uint32_t subprogram, uint32_t insn, int64_t off) {
    if (off < frames_[subprogram].top && !pattern_[insn]) frames_[subprogram].is_used = true;
  }
  // Bytes that a frame of [bytes] has once its patterns are taken away.
  uint32_t shrunk(uint32_t subprogram, uint32_t bytes) const {
    const FrameUse &f = frames_[subprogram];
    return f.is_inlined && !f.is_kept && !f.is_used ? static_cast<uint32_t>(-f.top) : bytes;
  }

 private:
  struct FrameUse {
    int32_t top = 0;          // patterns save below this offset
    bool is_inlined = false;  // a call is
    bool is_kept = false;     // a call in such a pattern is not
    bool is_used = false;     // by instructions that are in no pattern
  };
  void mark_call(const Env &env, uint32_t subprogram, uint32_t call, int32_t lowest);

  std::vector<bool> pattern_;  // by instruction
  std::vector<FrameUse> frames_;
  bool is_any_ = false;
};

}  // namespace spile::verifier
