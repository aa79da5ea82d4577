// Liveness of registers in machine code, virtual and physical, at the borders of blocks.
//
// It is the strong kind: a register that only dead instructions read is dead. remove_dead() deletes those instructions
// and so cleans up after selection, which makes addresses before it knows that every use folds them.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/isel/mir.h"

namespace spile::regalloc {

// A set of registers, by Reg::id.
class RegSet {
 public:
  explicit RegSet(uint32_t count = 0) : words_((count + 63) / 64, 0) {}
  bool has(mir::Reg r) const { return (words_[r.id / 64] >> (r.id % 64) & 1) != 0; }
  void add(mir::Reg r) { words_[r.id / 64] |= uint64_t{1} << (r.id % 64); }
  void remove(mir::Reg r) { words_[r.id / 64] &= ~(uint64_t{1} << (r.id % 64)); }
  // True when it grew.
  bool unite(const RegSet &other) {
    uint64_t grown = 0;
    for (size_t i = 0; i < words_.size(); i++) {
      grown |= other.words_[i] & ~words_[i];
      words_[i] |= other.words_[i];
    }
    return grown != 0;
  }
  template <class Visit>
  void for_each(Visit &&visit) const {
    for (size_t i = 0; i < words_.size(); i++)
      for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1)
        visit(mir::Reg{static_cast<uint32_t>(i * 64 + static_cast<size_t>(__builtin_ctzll(rest)))});
  }
  friend bool operator==(const RegSet &, const RegSet &) = default;

 private:
  std::vector<uint64_t> words_;
};

struct Liveness {
  std::vector<RegSet> in, out;  // by block
};

Liveness live_registers(const mir::Function &function);

// Moves [live], the registers live after [inst], to before it. False when the instruction is dead.
bool step_back(const mir::Inst &inst, RegSet &live);

void remove_dead(mir::Function &function, const Liveness &liveness);

}  // namespace spile::regalloc
