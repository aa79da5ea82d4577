// Liveness of registers in machine code, virtual and physical, at the borders of blocks.
//
// It is the strong kind: a register that only dead instructions read is dead. remove_dead() deletes those instructions
// and so cleans up after selection, which makes addresses before it knows that every use folds them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "backend/isel/mir.h"

namespace spile::regalloc {

// Registers, sorted by id: what is kept for each border of a block. Most registers are only needed in one block, so
// these sets are small, and a bit for every register in every block would grow with the square of the function.
class RegSet {
 public:
  RegSet() = default;
  explicit RegSet(std::vector<uint32_t> sorted) : ids_(std::move(sorted)) {}

  bool has(mir::Reg r) const { return std::ranges::binary_search(ids_, r.id); }
  size_t size() const { return ids_.size(); }
  // True when it grew.
  bool unite(const RegSet &other) {
    if (std::ranges::includes(ids_, other.ids_)) return false;
    if (ids_.empty()) {
      ids_ = other.ids_;
      return true;
    }
    std::vector<uint32_t> both;
    both.reserve(ids_.size() + other.ids_.size());
    std::ranges::set_union(ids_, other.ids_, std::back_inserter(both));
    ids_ = std::move(both);
    return true;
  }
  template <class Visit>
  void for_each(Visit &&visit) const {
    for (const uint32_t id : ids_) visit(mir::Reg{id});
  }

 private:
  std::vector<uint32_t> ids_;  // Reg::id
};

// Machine registers, one bit each: all there are in allocated code.
class MachineSet {
 public:
  bool has(mir::Reg r) const { return (bits_ >> r.id & 1) != 0; }
  void add(mir::Reg r) { bits_ |= 1u << r.id; }
  void remove(mir::Reg r) { bits_ &= ~(1u << r.id); }
  // True when it grew.
  bool unite(MachineSet other) { return std::exchange(bits_, bits_ | other.bits_) != bits_; }
  friend bool operator==(MachineSet, MachineSet) = default;

 private:
  uint32_t bits_ = 0;
};

template <class Set>
struct LiveAtBorders {
  std::vector<Set> in, out;  // by block
};
using Liveness = LiveAtBorders<RegSet>;
using MachineLiveness = LiveAtBorders<MachineSet>;

Liveness live_registers(const mir::Function &function);
void remove_dead(mir::Function &function, const Liveness &liveness);

// The same for allocated code.
MachineLiveness live_machine_registers(const mir::Function &function);
void remove_dead(mir::Function &function, const MachineLiveness &liveness);

}  // namespace spile::regalloc
