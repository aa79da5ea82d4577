// Dead stores to the stack.
//
// Idea: only slots that no hidden pointer reaches are looked at (ir/analysis_slots.h). Going backward, a byte of a slot
// is dead from where it is written up to where it was last read before that (ir/analysis_slot_bytes.h). A store of
// which all bytes are dead goes.
//
//     store i64 0, $0
//     store %p1, $0                            store %p1, $0
//     %0 = call_helper.i64 1(@map, $0)   ->    %0 = call_helper.i64 1(@map, $0)
//     store i64 7, $0                          ret i32 0
//     ret i32 0
//
// Requires: expand_memory before it, for fills that are partly overwritten. Breaks: nothing. A slot that nobody uses
// any more gets size 0.
#include <ranges>

#include "ir/analysis_slot_bytes.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

class StoreRemover {
 public:
  explicit StoreRemover(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), bytes_(context.module, f_, cfg_) {}

  bool run() {
    bool changed = false;
    if (bytes_.find(cfg_))
      for (const BlockId b : cfg_.rpo) changed |= clean(b);
    return free_unused_slots() || changed;
  }

 private:
  bool clean(BlockId b) {
    const auto behind = bytes_.live_out(b);
    live_.assign(behind.begin(), behind.end());
    bool changed = false;
    for (const SlotBytes::Touch &touch : std::views::reverse(bytes_.touches(b))) {
      const ValueId v = touch.inst;
      const Op op = f_[v].op;
      const auto effects = bytes_.effects(touch);
      const bool may_go = (op == Op::Store || op == Op::MemSet || op == Op::MemCopy) && !f_[v].is_volatile;
      if (may_go && !effects.empty() && effects.back().is_write && bytes_.none(live_, effects.back().access)) {
        f_[v].block = {};
        f_.remove(v);
        changed = true;
        continue;
      }
      bytes_.step_back(live_, touch);
    }
    if (changed) std::erase_if(f_[b].insts, [&](ValueId v) { return !f_[v].block; });
    return changed;
  }

  bool free_unused_slots() {
    std::vector<bool> is_used(f_.slots.size());
    for (const Block &block : f_.blocks)
      for (const ValueId v : block.insts)
        for (const ValueId use : f_.operands(v))
          if (f_[use].op == Op::SlotAddr) is_used[static_cast<size_t>(f_[use].imm)] = true;
    bool changed = false;
    for (size_t s = 0; s < f_.slots.size(); s++)
      if (!is_used[s] && f_.slots[s].size != 0) {
        f_.slots[s].size = 0;
        changed = true;
      }
    return changed;
  }

  Function &f_;
  const Cfg &cfg_;
  SlotBytes bytes_;
  SlotBytes::Bits live_;
};

}  // namespace

bool dse(const PassContext &context) { return has_slots(context.function) && StoreRemover(context).run(); }

}  // namespace spile::ir::passes
