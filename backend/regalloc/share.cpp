#include "backend/regalloc/share.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "backend/isel/flow.h"
#include "backend/regalloc/rename.h"

namespace spile::regalloc {

namespace {

using mir::Flow;
using mir::Form;
using mir::Inst;
using mir::Reg;

// More would not find registers, and each is a long interval.
constexpr size_t kMaxShared = 12;
constexpr int kInstructionsOfAddress = 2;

// What takes two instructions. One that CO-RE relocates is counted by its relocations, as clang has them.
bool is_wide(const Inst &inst) {
  return (inst.form == Form::LoadConst || inst.form == Form::LoadGlobal || inst.form == Form::LoadFunc ||
          inst.form == Form::FrameAddr) &&
         inst.core == Inst::kNoCore;
}

struct Occurrence {
  uint32_t block, index;
};

struct Group {
  std::vector<Occurrence> all;  // in the order of blocks and of instructions
  int gain = -kInstructionsOfAddress;
};

class Sharer {
 public:
  explicit Sharer(mir::Function &function) : function_(function), definitions_(function.register_count, 0) {}

  bool run() {
    collect();
    std::erase_if(groups_, [](const Group &g) { return g.gain <= 0; });
    if (groups_.empty()) return false;
    std::stable_sort(groups_.begin(), groups_.end(), [](const Group &a, const Group &b) { return a.gain > b.gain; });
    groups_.resize(std::min(groups_.size(), kMaxShared));
    const Flow flow = mir::flow_of(function_);
    for (const Group &group : groups_) share(group, flow);
    insert();
    rename_registers(function_, [&](Reg r) {
      const auto at = instead_.find(r.id);
      return at == instead_.end() ? r : at->second;
    });
    return true;
  }

 private:
  static size_t hash(const Inst &inst) {
    const uint32_t what = inst.form == Form::FrameAddr ? inst.slot.index : inst.symbol;
    return (static_cast<uint64_t>(inst.imm) * 31 + what * 127u + static_cast<uint32_t>(inst.off)) *
               0x9e3779b97f4a7c15ull +
           static_cast<size_t>(inst.form);
  }

  // A copy saves one instruction; a register that is nothing but the address saves both.
  bool is_only_the_address(const Inst &inst) const { return inst.dst.is_virtual() && definitions_[inst.dst.id] == 1; }

  void collect() {
    for (const mir::Block &block : function_.blocks)
      for (const Inst &inst : block.insts) mir::for_each_def(function_, inst, [&](Reg r) { definitions_[r.id]++; });
    std::unordered_multimap<size_t, size_t> by_hash;
    for (uint32_t b = 0; b < function_.blocks.size(); b++)
      for (uint32_t i = 0; i < function_.blocks[b].insts.size(); i++) {
        const Inst &inst = function_.blocks[b].insts[i];
        if (!is_wide(inst)) continue;
        Group *group = nullptr;
        const auto [begin, end] = by_hash.equal_range(hash(inst));
        for (auto at = begin; at != end && group == nullptr; ++at) {
          const Occurrence &first = groups_[at->second].all.front();
          if (mir::same_value(function_.blocks[first.block].insts[first.index], inst)) group = &groups_[at->second];
        }
        if (group == nullptr) {
          by_hash.emplace(hash(inst), groups_.size());
          group = &groups_.emplace_back();
        }
        group->all.push_back({b, i});
        group->gain += is_only_the_address(inst) ? 2 : 1;
      }
  }

  void share(const Group &group, const Flow &flow) {
    uint32_t place = Flow::kNone;
    for (const Occurrence &use : group.all)
      if (flow.reachable(use.block)) place = place == Flow::kNone ? use.block : flow.common_dominator(place, use.block);
    while (place != Flow::kNone && flow.loop_depth[place] > 0) place = flow.idom[place];
    if (place == Flow::kNone) return;
    const Reg shared = function_.new_register();
    function_.shared.push_back(shared);
    Inst made = function_.blocks[group.all.front().block].insts[group.all.front().index];
    made.dst = shared;
    uint32_t at = mir::before_terminators(function_.blocks[place]);
    for (const Occurrence &use : group.all) {
      if (!flow.reachable(use.block)) continue;
      if (use.block == place) at = std::min(at, use.index);
      Inst &inst = function_.blocks[use.block].insts[use.index];
      if (is_only_the_address(inst)) instead_.emplace(inst.dst.id, shared);
      inst = {.form = Form::Mov,
              .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::X),
              .dst = inst.dst,
              .src = shared,
              .loc = inst.loc};
    }
    made_.push_back({{place, at}, made});
  }

  void insert() {
    // The last in a block first, so that places stay what they are.
    std::stable_sort(made_.begin(), made_.end(),
                     [](const Made &a, const Made &b) { return a.where.index > b.where.index; });
    for (const Made &made : made_) {
      auto &insts = function_.blocks[made.where.block].insts;
      insts.insert(insts.begin() + made.where.index, made.inst);
    }
    // A register that is the address itself needs no copy.
    for (mir::Block &block : function_.blocks)
      std::erase_if(block.insts, [&](const Inst &i) { return i.is_copy() && instead_.contains(i.dst.id); });
  }

  struct Made {
    Occurrence where;
    Inst inst;
  };
  mir::Function &function_;
  std::vector<uint32_t> definitions_;  // by Reg::id
  std::vector<Group> groups_;
  std::vector<Made> made_;
  std::unordered_map<uint32_t, Reg> instead_;  // by Reg::id
};

}  // namespace

bool share_addresses(mir::Function &function) { return Sharer(function).run(); }

}  // namespace spile::regalloc
