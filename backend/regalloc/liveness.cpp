#include "backend/regalloc/liveness.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "backend/isel/flow.h"
#include "support/check.h"

namespace spile::regalloc {

namespace {

// The registers that are live at one place, on the way through a block: in no order, because each instruction changes
// it.
class LiveHere {
 public:
  explicit LiveHere(const mir::Function &function) : place_(function.register_count, 0) {}

  bool has(mir::Reg r) const { return place_[r.id] != 0; }
  void add(mir::Reg r) {
    if (has(r)) return;
    ids_.push_back(r.id);
    place_[r.id] = static_cast<uint32_t>(ids_.size());
  }
  void remove(mir::Reg r) {
    const uint32_t place = std::exchange(place_[r.id], 0);
    if (place == 0) return;
    const uint32_t last = ids_.back();
    ids_.pop_back();
    if (last == r.id) return;
    ids_[place - 1] = last;
    place_[last] = place;
  }
  void assign(const RegSet &set) {
    for (const uint32_t id : ids_) place_[id] = 0;
    ids_.clear();
    set.for_each([&](mir::Reg r) { add(r); });
  }
  // What is live only grows from round to round, so equal size is the same set.
  bool is(const RegSet &before) const { return ids_.size() == before.size(); }
  RegSet kept() const {
    std::vector<uint32_t> ids = ids_;
    std::ranges::sort(ids);
    return RegSet(std::move(ids));
  }

 private:
  std::vector<uint32_t> ids_;    // Reg::id
  std::vector<uint32_t> place_;  // by Reg::id: where it stands in ids_, from 1; 0: nowhere
};

// The same of machine registers.
class MachineLiveHere : public MachineSet {
 public:
  explicit MachineLiveHere(const mir::Function & /*function*/) {}
  void assign(MachineSet set) { static_cast<MachineSet &>(*this) = set; }
  bool is(MachineSet before) const { return before == *this; }
  MachineSet kept() const { return *this; }
};

// Moves [live], the registers live after [inst], to before it. False when the instruction is dead.
template <class Here>
bool step_back(const mir::Function &function, const mir::Inst &inst, Here &live) {
  if (inst.is_pure() && inst.dst.valid() && !live.has(inst.dst)) return false;
  mir::for_each_def(function, inst, [&](mir::Reg r) { live.remove(r); });
  mir::for_each_use(function, inst, [&](mir::Reg r) {
    if (r.valid()) live.add(r);
  });
  return true;
}

template <class Here, class Set>
LiveAtBorders<Set> find_live(const mir::Function &function) {
  const size_t n = function.blocks.size();
  LiveAtBorders<Set> result{std::vector<Set>(n), std::vector<Set>(n)};
  std::vector<uint32_t> work(n);
  std::iota(work.begin(), work.end(), 0);
  const mir::BlockLists preds = mir::predecessors_of(mir::successors_of(function), work);
  std::vector<bool> queued(n, true);
  Here live(function);
  while (!work.empty()) {
    const uint32_t b = work.back();
    work.pop_back();
    queued[b] = false;
    live.assign(result.out[b]);
    const auto &insts = function.blocks[b].insts;
    for (size_t i = insts.size(); i-- > 0;) step_back(function, insts[i], live);
    if (live.is(result.in[b])) continue;
    result.in[b] = live.kept();
    for (const uint32_t pred : preds[b])
      if (result.out[pred].unite(result.in[b]) && !queued[pred]) {
        queued[pred] = true;
        work.push_back(pred);
      }
  }
  return result;
}

template <class Here, class Set>
void remove_dead_by(mir::Function &function, const LiveAtBorders<Set> &liveness) {
  Here live(function);
  std::vector<size_t> dead;  // the last first
  for (size_t b = 0; b < function.blocks.size(); b++) {
    auto &insts = function.blocks[b].insts;
    live.assign(liveness.out[b]);
    dead.clear();
    for (size_t i = insts.size(); i-- > 0;)
      if (!step_back(function, insts[i], live)) dead.push_back(i);
    if (dead.empty()) continue;
    size_t kept = dead.back();
    for (size_t i = kept; i < insts.size(); i++)
      if (!dead.empty() && dead.back() == i)
        dead.pop_back();
      else
        insts[kept++] = insts[i];
    insts.resize(kept);
  }
}

}  // namespace

Liveness live_registers(const mir::Function &function) {
  Liveness result = find_live<LiveHere, RegSet>(function);
  result.in[0].for_each(
      [](mir::Reg r) { SPILE_CHECK(!r.is_virtual(), "a virtual register is read before it is set"); });
  return result;
}
void remove_dead(mir::Function &function, const Liveness &liveness) { remove_dead_by<LiveHere>(function, liveness); }

MachineLiveness live_machine_registers(const mir::Function &function) {
  return find_live<MachineLiveHere, MachineSet>(function);
}
void remove_dead(mir::Function &function, const MachineLiveness &liveness) {
  remove_dead_by<MachineLiveHere>(function, liveness);
}

}  // namespace spile::regalloc
