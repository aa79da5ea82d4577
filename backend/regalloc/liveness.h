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

// A set of registers, sorted. Most registers are only needed in one block: sets are small, and a bit for every register
// in every block would grow with the square of the function.
class RegSet {
 public:
  bool has(mir::Reg r) const { return std::ranges::binary_search(ids_, r.id); }
  void add(mir::Reg r) {
    const auto at = std::ranges::lower_bound(ids_, r.id);
    if (at == ids_.end() || *at != r.id) ids_.insert(at, r.id);
  }
  void remove(mir::Reg r) {
    const auto at = std::ranges::lower_bound(ids_, r.id);
    if (at != ids_.end() && *at == r.id) ids_.erase(at);
  }
  // True when it grew.
  bool unite(const RegSet &other) {
    if (std::ranges::includes(ids_, other.ids_)) return false;
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
  friend bool operator==(const RegSet &, const RegSet &) = default;

 private:
  std::vector<uint32_t> ids_;  // Reg::id
};

struct Liveness {
  std::vector<RegSet> in, out;  // by block
};

Liveness live_registers(const mir::Function &function);

// Moves [live], the registers live after [inst], to before it. False when the instruction is dead.
bool step_back(const mir::Function &function, const mir::Inst &inst, RegSet &live);

void remove_dead(mir::Function &function, const Liveness &liveness);

}  // namespace spile::regalloc
