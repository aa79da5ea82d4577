// Stack slots become values.
//
// Idea: a slot that is only loaded and stored whole, with one width, needs no memory. Where two stores can reach a load
// a phi joins them: phis go to the iterated dominance frontier of the stores, but only where the slot is still read
// (Cytron et al., 1991, pruned by liveness). One walk of the dominator tree then replaces loads by the value on top.
//
//     entry: store %p0, $0                 entry: branch %p1, a, b
//            branch %p1, a, b              a: jump b
//     a: store i32 7, $0            ->     b: %0 = phi.i32 [%p0, entry], [i32 7, a]
//        jump b                               ret %0
//     b: %0 = load.i32 $0
//        ret %0
//
// Requires: split_slots before it for structs and arrays. A load before any store gives undef.
// Breaks: nothing. Slots that have no uses any more get size 0.
#include "ir/analysis_dominators.h"
#include "ir/analysis_slots.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

class Promoter {
 public:
  explicit Promoter(const PassContext &context) : f_(context.function), analyses_(context.analyses), rewrite_(f_) {}

  bool run() {
    find_candidates();
    if (candidates_ == 0) return false;
    const Cfg &cfg = analyses_.cfg();
    const Dominators &dominators = analyses_.dominators();
    place_phis(cfg, dominators);
    rename(cfg, dominators);
    rewrite_.apply();
    for (size_t s = 0; s < f_.slots.size(); s++)
      if (info_[s].is_candidate) f_.slots[s].size = 0;
    return true;
  }

 private:
  struct SlotInfo {
    bool is_candidate = true;
    Type type = Type::Void;           // of its values; Ptr only when all accesses are pointers
    std::vector<BlockId> defs;        // blocks with a store
    std::vector<BlockId> read_first;  // blocks with a load before any store
  };
  static constexpr uint32_t kNoSlot = 0xffff'ffff;

  uint32_t slot_of(ValueId pointer) const {
    return f_[pointer].op == Op::SlotAddr ? static_cast<uint32_t>(f_[pointer].imm) : kNoSlot;
  }
  // The candidate that a load or store is an access of.
  uint32_t candidate_of(ValueId v) const {
    if (f_[v].op != Op::Load && f_[v].op != Op::Store) return kNoSlot;
    const uint32_t slot = slot_of(f_.operand(v, f_[v].op == Op::Load ? 0 : 1));
    return slot != kNoSlot && info_[slot].is_candidate ? slot : kNoSlot;
  }

  void find_candidates() {
    info_.assign(f_.slots.size(), {});
    for (size_t s = 0; s < f_.slots.size(); s++) info_[s].is_candidate = f_.slots[s].size != 0;
    std::vector<bool> is_accessed(f_.slots.size());
    for (const Block &block : f_.blocks)
      for (const ValueId v : block.insts) {
        const Inst &inst = f_[v];
        const bool is_access = (inst.op == Op::Load || inst.op == Op::Store) && inst.imm == 0 && !inst.is_volatile;
        const size_t pointer = inst.op == Op::Store ? 1 : 0;
        for (size_t i = 0; i < inst.operand_count; i++) {
          const uint32_t slot = slot_of(f_.operand(v, i));
          if (slot == kNoSlot) continue;
          const Type type = inst.op == Op::Load ? inst.type : f_[f_.operand(v, 0)].type;
          if (!is_access || i != pointer || !accept(info_[slot], type))
            info_[slot].is_candidate = false;
          else
            note(slot, inst);
          is_accessed[slot] = true;
        }
      }
    for (size_t s = 0; s < f_.slots.size(); s++) {
      info_[s].is_candidate = info_[s].is_candidate && is_accessed[s];
      candidates_ += info_[s].is_candidate ? 1 : 0;
    }
  }

  static bool accept(SlotInfo &slot, Type type) {
    if (slot.type == Type::Void || slot.type == type) {
      slot.type = type;
      return true;
    }
    if (bits_of(slot.type) != bits_of(type)) return false;
    slot.type = Type::I64;  // pointers and integers are mixed
    return true;
  }
  // Called in the order of the instructions of each block.
  static void note(SlotInfo &slot, const Inst &inst, BlockId b) {
    if (inst.op == Op::Store) {
      if (slot.defs.empty() || slot.defs.back() != b) slot.defs.push_back(b);
    } else if ((slot.defs.empty() || slot.defs.back() != b) &&
               (slot.read_first.empty() || slot.read_first.back() != b)) {
      slot.read_first.push_back(b);
    }
  }
  void note(uint32_t slot, const Inst &inst) { note(info_[slot], inst, inst.block); }

  void place_phis(const Cfg &cfg, const Dominators &dominators) {
    phi_slot_.assign(f_.blocks.size(), {});
    bool has_many = false;
    for (const SlotInfo &slot : info_) has_many = has_many || (slot.is_candidate && !slot.read_first.empty());
    if (!has_many) return;
    const auto frontiers = dominators.frontiers(cfg);
    // Marks by slot number, so that the arrays need not be cleared for each slot.
    std::vector<uint32_t> live(f_.blocks.size(), kNoSlot), is_def(f_.blocks.size(), kNoSlot),
        has_phi(f_.blocks.size(), kNoSlot);
    std::vector<BlockId> work;
    for (uint32_t s = 0; s < info_.size(); s++) {
      SlotInfo &slot = info_[s];
      if (!slot.is_candidate || slot.read_first.empty()) continue;
      for (const BlockId b : slot.defs) is_def[b.index] = s;
      work = slot.read_first;
      for (const BlockId b : work) live[b.index] = s;
      while (!work.empty()) {
        const BlockId b = work.back();
        work.pop_back();
        for (const BlockId p : cfg.preds(b))
          if (is_def[p.index] != s && live[p.index] != s) {
            live[p.index] = s;
            work.push_back(p);
          }
      }
      work = slot.defs;
      while (!work.empty()) {
        const BlockId b = work.back();
        work.pop_back();
        for (const BlockId join : frontiers[b.index]) {
          if (has_phi[join.index] == s || live[join.index] != s) continue;
          has_phi[join.index] = s;
          phi_slot_[join.index].push_back(s);
          if (is_def[join.index] != s) work.push_back(join);
        }
      }
    }
  }

  // Adds a phi for each slot that was chosen for [b].
  void make_phis(BlockId b) {
    auto &insts = f_[b].insts;
    std::vector<ValueId> phis;
    for (const uint32_t slot : phi_slot_[b.index]) {
      const ValueId phi = f_.make(Op::Phi, info_[slot].type, {}, {}, 0, f_.slots[slot].loc);
      f_[phi].block = b;
      phis.push_back(phi);
    }
    insts.insert(insts.begin(), phis.begin(), phis.end());
  }

  void rename(const Cfg &cfg, const Dominators &dominators) {
    for (const BlockId b : dominators.preorder()) make_phis(b);
    std::vector<ValueId> top(f_.slots.size());  // the value of each candidate at this point of the walk
    struct Undo {
      uint32_t slot;
      ValueId before;
    };
    std::vector<Undo> log;
    struct Frame {
      BlockId block;
      size_t next_child, log_size;
    };
    std::vector<Frame> stack;
    auto set = [&](uint32_t slot, ValueId value) {
      log.push_back({slot, top[slot]});
      top[slot] = value;
    };
    auto enter = [&](BlockId b) {
      stack.push_back({b, 0, log.size()});
      for (size_t i = 0; i < phi_slot_[b.index].size(); i++) set(phi_slot_[b.index][i], f_[b].insts[i]);
      rename_block(b, top, set);
      const auto successors = f_.successors(b);
      const std::vector<BlockId> to(successors.begin(), successors.end());
      for (size_t t = 0; t < to.size(); t++) {
        if (std::find(to.begin(), to.begin() + static_cast<ptrdiff_t>(t), to[t]) !=
            to.begin() + static_cast<ptrdiff_t>(t))
          continue;
        for (size_t i = 0; i < phi_slot_[to[t].index].size(); i++) {
          const uint32_t slot = phi_slot_[to[t].index][i];
          f_.add_phi_operand(f_[to[t]].insts[i], top[slot] ? top[slot] : f_.undef(info_[slot].type), b);
        }
      }
    };
    enter(dominators.preorder().front());
    while (!stack.empty()) {
      const BlockId b = stack.back().block;
      const auto children = dominators.children(b);
      if (stack.back().next_child < children.size()) {
        enter(children[stack.back().next_child++]);
        continue;
      }
      for (; log.size() > stack.back().log_size; log.pop_back()) top[log.back().slot] = log.back().before;
      stack.pop_back();
    }
    // Unreachable blocks still access the slots, and still are predecessors.
    for (size_t i = 0; i < f_.blocks.size(); i++) {
      const BlockId b(i);
      if (f_[b].insts.empty() || cfg.reachable(b)) continue;
      std::fill(top.begin(), top.end(), ValueId{});
      rename_block(b, top, [&](uint32_t slot, ValueId value) { top[slot] = value; });
    }
    for (const BlockId b : cfg.rpo)
      for (size_t i = 0; i < phi_slot_[b.index].size(); i++)
        for (const BlockId p : cfg.preds(b))
          if (!cfg.reachable(p)) f_.add_phi_operand(f_[b].insts[i], f_.undef(info_[phi_slot_[b.index][i]].type), p);
  }

  template <class Set>
  void rename_block(BlockId b, std::vector<ValueId> &top, Set set) {
    std::vector<ValueId> before, kept;
    std::swap(before, f_[b].insts);
    kept.reserve(before.size());
    for (const ValueId v : before) {
      const uint32_t slot = candidate_of(v);
      if (slot == kNoSlot) {
        kept.push_back(v);
        continue;
      }
      f_[v].block = {};
      if (f_[v].op == Op::Store) {
        const ValueId value = rewrite_.resolve(f_.operand(v, 0));
        set(slot, converted(value, info_[slot].type, b, f_[v].loc, kept));
      } else {
        const Type type = f_[v].type;
        const ValueId value = top[slot] ? converted(top[slot], type, b, f_[v].loc, kept) : f_.undef(type);
        rewrite_.replace(v, value);
      }
      f_.remove(v);
    }
    f_[b].insts = std::move(kept);
  }

  ValueId converted(ValueId value, Type type, BlockId b, Loc loc, std::vector<ValueId> &out) {
    if (f_[value].type == type) return value;
    if (f_[value].op == Op::Undef && !f_[value].block) return f_.undef(type);
    const ValueId cast = f_.make(type == Type::Ptr ? Op::IntToPtr : Op::PtrToInt, type, std::array{value}, {}, 0, loc);
    f_[cast].block = b;
    out.push_back(cast);
    return cast;
  }

  Function &f_;
  Analyses &analyses_;
  Rewrite rewrite_;
  std::vector<SlotInfo> info_;
  size_t candidates_ = 0;
  std::vector<std::vector<uint32_t>> phi_slot_;  // by block: the slots that got a phi, in the order of the phis
};

}  // namespace

bool mem2reg(const PassContext &context) { return has_slots(context.function) && Promoter(context).run(); }

}  // namespace spile::ir::passes
