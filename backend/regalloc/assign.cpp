#include "backend/regalloc/assign.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <queue>

#include "support/check.h"

namespace spile::regalloc {

namespace {

using mir::Reg;

using mir::kAllocatable;
// Looking ahead for what neighbours want is quadratic in their number.
constexpr size_t kMaxNeighbours = 64;
// A value that can be made again costs one cheap instruction in place of a store and loads.
constexpr float kRematerializeWeight = 0.4F;
// Less than any other: no value of the program is spilled for a shared one.
constexpr float kSharedWeight = 1e-6F;

class Assigner {
 public:
  Assigner(const mir::Function &function, const std::vector<Interval> &intervals,
           const std::vector<Spillable> &spillable, const std::vector<bool> &is_rematerializable)
      : function_(function), intervals_(intervals), spillable_(spillable), rematerializable_(is_rematerializable) {}

  Assignment run() {
    const uint32_t n = function_.register_count;
    result_.to.assign(n, {});
    hints_.resize(n);
    weight_.assign(n, 0);
    find_hints();
    for (uint32_t id = Reg::kFirstVirtual; id < n; id++) {
      if (intervals_[id].empty()) continue;
      weight_[id] = weight(Reg{id});
      queue_.push({intervals_[id].size(), id});
    }
    while (!queue_.empty()) {
      const Reg reg{queue_.top().id};
      queue_.pop();
      place(reg);
    }
    return std::move(result_);
  }

 private:
  struct Entry {
    uint32_t size, id;
    // The longest first; of equals the one made first.
    bool operator<(const Entry &other) const { return size != other.size ? size < other.size : id > other.id; }
  };
  struct Hint {
    Reg with;
    float frequency;
  };
  struct Occupied {
    uint32_t end;
    Reg by;
  };

  float weight(Reg r) const {
    switch (spillable_[r.id]) {
      case Spillable::Never:
        return std::numeric_limits<float>::infinity();
      case Spillable::First:
      case Spillable::Again:
      case Spillable::Yes:
        break;
    }
    const Interval &interval = intervals_[r.id];
    // The constant keeps very short intervals from looking infinitely dear.
    const float density = interval.uses / static_cast<float>(interval.size() + 16);
    return density * (rematerializable_[r.id] ? kRematerializeWeight : 1.0F) *
           (spillable_[r.id] == Spillable::Again ? 16.0F : 1.0F) *
           (spillable_[r.id] == Spillable::First ? kSharedWeight : 1.0F);
  }

  void find_hints() {
    for (const mir::Block &block : function_.blocks)
      for (const mir::Inst &inst : block.insts) {
        if (!inst.is_copy() || !inst.src.valid() || inst.src == inst.dst) continue;
        const float frequency = frequency_of(block);
        if (inst.dst.is_virtual()) hints_[inst.dst.id].push_back({inst.src, frequency});
        if (inst.src.is_virtual()) hints_[inst.src.id].push_back({inst.dst, frequency});
        if (inst.dst.is_physical() && inst.src.is_virtual() && inst.dst.id < kAllocatable)
          wanted_by_[inst.dst.id].push_back(inst.src);
        if (inst.src.is_physical() && inst.dst.is_virtual() && inst.src.id < kAllocatable)
          wanted_by_[inst.src.id].push_back(inst.dst);
      }
  }

  bool is_free_of_code(Reg reg, unsigned machine) const { return !overlap(intervals_[reg.id], intervals_[machine]); }

  // The intervals in machine register [machine] that [reg] overlaps.
  void conflicts(Reg reg, unsigned machine, std::vector<Reg> &out) const {
    out.clear();
    const auto &occupied = occupied_[machine];
    for (const Segment &s : intervals_[reg.id].segments) {
      auto at = occupied.lower_bound(s.begin);
      if (at != occupied.begin() && std::prev(at)->second.end > s.begin) --at;
      for (; at != occupied.end() && at->first < s.end; ++at)
        if (std::find(out.begin(), out.end(), at->second.by) == out.end()) out.push_back(at->second.by);
    }
  }

  // The order in which machine registers are tried: those that copies ask for, dearest first, then those that fewest
  // neighbours ask for.
  std::array<unsigned, kAllocatable> preference(Reg reg) const {
    std::array<float, kAllocatable> score{};
    for (const Hint &hint : hints_[reg.id]) {
      const Reg with = hint.with.is_virtual() ? result_.to[hint.with.id] : hint.with;
      if (with.valid() && with.id < kAllocatable) score[with.id] += hint.frequency * 64;
    }
    for (unsigned machine = 0; machine < kAllocatable; machine++) {
      if (wanted_by_[machine].size() > kMaxNeighbours) continue;
      for (const Reg other : wanted_by_[machine])
        if (other != reg && !result_.to[other.id].valid() && overlap(intervals_[reg.id], intervals_[other.id]))
          score[machine] -= 1;
    }
    std::array<unsigned, kAllocatable> order = {1, 2, 3, 4, 5, 0, 6, 7, 8, 9};
    // Ten of them, nearly in order: by insertion.
    for (size_t i = 1; i < order.size(); i++)
      for (size_t at = i; at > 0 && score[order[at]] > score[order[at - 1]]; at--) std::swap(order[at], order[at - 1]);
    return order;
  }

  void take(Reg reg, unsigned machine) {
    for (const Segment &s : intervals_[reg.id].segments) occupied_[machine].emplace(s.begin, Occupied{s.end, reg});
    result_.to[reg.id] = mir::physical(machine);
  }

  void release(Reg reg) {
    auto &occupied = occupied_[result_.to[reg.id].id];
    for (const Segment &s : intervals_[reg.id].segments) occupied.erase(s.begin);
    result_.to[reg.id] = {};
  }

  void place(Reg reg) {
    const auto order = preference(reg);
    std::vector<Reg> found, cheapest;
    float cheapest_weight = weight_[reg.id];
    unsigned cheapest_machine = kAllocatable;
    for (const unsigned machine : order) {
      if (!is_free_of_code(reg, machine)) continue;
      conflicts(reg, machine, found);
      if (found.empty()) return take(reg, machine);
      float dearest = 0;
      for (const Reg other : found) dearest = std::max(dearest, weight_[other.id]);
      if (dearest < cheapest_weight) {
        cheapest_weight = dearest;
        cheapest_machine = machine;
        cheapest = found;
      }
    }
    if (cheapest_machine != kAllocatable) {
      for (const Reg other : cheapest) {
        release(other);
        queue_.push({intervals_[other.id].size(), other.id});
      }
      return take(reg, cheapest_machine);
    }
    SPILE_CHECK(spillable_[reg.id] != Spillable::Never, "no register for a value of one instruction");
    result_.to_spill.push_back(reg);
  }

  const mir::Function &function_;
  const std::vector<Interval> &intervals_;
  const std::vector<Spillable> &spillable_;
  const std::vector<bool> &rematerializable_;
  Assignment result_;
  std::vector<std::vector<Hint>> hints_;
  std::array<std::vector<Reg>, kAllocatable> wanted_by_;
  std::vector<float> weight_;
  std::priority_queue<Entry> queue_;
  std::array<std::map<uint32_t, Occupied>, kAllocatable> occupied_;
};

}  // namespace

Assignment assign(const mir::Function &function, const std::vector<Interval> &intervals,
                  const std::vector<Spillable> &spillable, const std::vector<bool> &is_rematerializable) {
  return Assigner(function, intervals, spillable, is_rematerializable).run();
}

}  // namespace spile::regalloc
