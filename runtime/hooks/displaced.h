// Displaced: an instruction that runs elsewhere than where it stands.
//
//   at 0x1000:  lea 0x20(%rip),%rax        in the slot:  lea …(%rip),%rax      the displacement made anew
//                                                        jmp *next(%rip)       next: .quad 0x1007
//
// A breakpoint has taken the instruction's first byte. To go on, the task is sent to the slot, which does what the
// instruction does and jumps back behind it: no second stop, and the breakpoint stays where it is for the other
// threads. Calls push the address that they would have pushed, jumps go where they would have gone. x86-64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "support/result.h"

namespace spile::hooks {

inline constexpr size_t kSlotSize = 64;
inline constexpr size_t kMaxInsn = 15;

struct Displaced {
  std::array<std::byte, kSlotSize> bytes{};
  // Where a task may be interrupted in the slot with the instruction done, and where it is then; at offset 0 it is not
  // done. Others lie within an instruction that takes several here: left alone.
  struct Mark {
    uint8_t offset = 0;
    uint64_t address = 0;
  };
  std::array<Mark, 2> marks{};
  size_t mark_count = 0;
};

// Decodes instructions through libZydis, which is opened when the first one is asked for.
class Displacer {
 public:
  // Environment error when the library is not there.
  static Result<Displacer> open();

  // The instruction at [address], whose first bytes are [code] (kMaxInsn, or fewer at the end of memory), for a slot at
  // [slot]. Unsupported error for one that cannot run elsewhere.
  Result<Displaced> displace(std::span<const std::byte> code, uint64_t address, uint64_t slot) const;

 private:
  struct Library;
  explicit Displacer(std::shared_ptr<const Library> library) : library_(std::move(library)) {}
  std::shared_ptr<const Library> library_;
};

}  // namespace spile::hooks
