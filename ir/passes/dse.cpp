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
#include "ir/analysis_slot_bytes.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

class StoreRemover {
 public:
  explicit StoreRemover(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), bytes_(context.module, f_, cfg_) {}

  bool run() {
    if (f_.slots.empty() || !bytes_.is_known()) return false;
    bool changed = false;
    for (const BlockId b : cfg_.rpo) changed |= clean(b);
    return free_unused_slots() || changed;
  }

 private:
  using Access = SlotBytes::Access;

  bool clean(BlockId b) {
    SlotBytes::Bits live = bytes_.live_out(b);
    auto &insts = f_[b].insts;
    bool changed = false;
    for (size_t i = insts.size(); i-- > 0;) {
      const ValueId v = insts[i];
      const Op op = f_[v].op;
      const bool may_go = (op == Op::Store || op == Op::MemSet || op == Op::MemCopy) && !f_[v].is_volatile;
      bool is_dead = false;
      // Backward, so the write of an instruction is seen before its read.
      bytes_.visit(
          v, [](Access) {},
          [&](Access a) {
            is_dead = may_go && bytes_.none(live, a);
            bytes_.set(live, a, false);
          });
      if (is_dead) {
        f_[v].block = {};
        f_.remove(v);
        insts[i] = ValueId{};
        changed = true;
        continue;
      }
      bytes_.visit(v, [&](Access a) { bytes_.set(live, a, true); }, [](Access) {});
    }
    if (changed) std::erase(insts, ValueId{});
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
};

}  // namespace

bool dse(const PassContext &context) { return StoreRemover(context).run(); }

}  // namespace spile::ir::passes
