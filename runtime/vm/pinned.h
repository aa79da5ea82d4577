// What handlers of pinned instructions are: functions whose parameters are the program's registers (see pinned.cpp).
// Shared by the interpreter of verified programs and by what makes the checked one fast (accelerate.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "backend/isa/insn.h"
#include "runtime/vm/engine.h"
#include "runtime/vm/resolve.h"

#if SPILE_INTERPRETER_MUSTTAIL && defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
#define SPILE_HAS_PINNED 1

namespace spile::vm::pinned {

struct Slot;

#define SPILE_REGISTERS                                                                                                \
  uint64_t r6, uint64_t r7, uint64_t r8, uint64_t r9, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, \
      uint64_t r0, const Slot *ip
// Goes on at a slot; each use is an indirect jump of its own, which the branch predictor tells apart.
#define SPILE_GO(slot)                                                                        \
  do {                                                                                        \
    const Slot *const next_ = (slot);                                                         \
    [[clang::musttail]] return next_->handler(r6, r7, r8, r9, r1, r2, r3, r4, r5, r0, next_); \
  } while (false)
#define SPILE_HANDLER __attribute__((preserve_none)) uint64_t

typedef uint64_t (*Handler)(SPILE_REGISTERS) __attribute__((preserve_none));

struct Slot {
  Handler handler = nullptr;
  // One of: a 64-bit value; an immediate and an offset; an immediate and a jump in bytes of slots.
  uint64_t bits = 0;

  static constexpr uint64_t pack(int64_t imm, int64_t off) {
    return static_cast<uint32_t>(imm) | static_cast<uint64_t>(off) << 32;
  }
  uint64_t imm() const { return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(bits))); }
  uint64_t off() const { return static_cast<uint64_t>(static_cast<int64_t>(bits) >> 32); }
  const Slot *target() const { return reinterpret_cast<const Slot *>(reinterpret_cast<uint64_t>(this) + off()); }
};
static_assert(sizeof(Slot) == 16);

struct Frame {
  const Slot *return_to;
  uint64_t r6, r7, r8, r9;
  uint64_t loops_left;
};

// What does not fit in registers, of the run that is active on this thread.
struct Machine {
  uint64_t r10 = 0;
  uint64_t loops_left = 0;
  Frame *next_frame = nullptr;
  Frame *frames_end = nullptr;
  Env *env = nullptr;
  HelperResolver resolve = nullptr;
};
[[gnu::tls_model("initial-exec")]] extern constinit thread_local Machine machine;

template <unsigned N>
[[gnu::always_inline]] inline uint64_t &reg(uint64_t &r0, uint64_t &r1, uint64_t &r2, uint64_t &r3, uint64_t &r4,
                                            uint64_t &r5, uint64_t &r6, uint64_t &r7, uint64_t &r8, uint64_t &r9) {
  static_assert(N < 10, "r10 is read-only");
  if constexpr (N == 0) return r0;
  if constexpr (N == 1) return r1;
  if constexpr (N == 2) return r2;
  if constexpr (N == 3) return r3;
  if constexpr (N == 4) return r4;
  if constexpr (N == 5) return r5;
  if constexpr (N == 6) return r6;
  if constexpr (N == 7) return r7;
  if constexpr (N == 8) return r8;
  if constexpr (N == 9) return r9;
}
template <unsigned N>
[[gnu::always_inline]] inline uint64_t value(uint64_t &r0, uint64_t &r1, uint64_t &r2, uint64_t &r3, uint64_t &r4,
                                             uint64_t &r5, uint64_t &r6, uint64_t &r7, uint64_t &r8, uint64_t &r9) {
  if constexpr (N == isa::kFramePointer)
    return machine.r10;
  else
    return reg<N>(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9);
}
#define REG(n) reg<n>(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9)
#define VALUE(n) value<n>(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9)

// table<n>([]<size_t I> { return handler; }): the handlers for I = 0 ... n - 1.
template <size_t n>
constexpr auto table(auto make) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return std::array<Handler, n> { make.template operator()<I>()... };
  }(std::make_index_sequence<n>{});
}

// Registers that may be written, and those that may be read.
inline constexpr size_t kWritable = isa::kFramePointer, kReadable = isa::kRegisterCount;

// What executes this instruction and the next one, when there is such a handler; else null (pairs.cpp).
Handler pair_handler(const Resolved &program, size_t index);
// The slot of an instruction, as verified programs have it. [jump_bytes]: for rows with a target, how far its slot is
// from this one.
Slot slot_of(const Resolved &program, size_t index, const Slot *slots, int64_t jump_bytes);

}  // namespace spile::vm::pinned

#endif
