#include "backend/regalloc/spill.h"

#include <algorithm>
#include <utility>

#include "backend/isel/flow.h"
#include "support/check.h"

namespace spile::regalloc {

using mir::Form;
using mir::Inst;
using mir::Reg;

namespace {

class Spiller {
 public:
  Spiller(mir::Function &function, const std::vector<Reg> &registers, const std::vector<Interval> &intervals,
          const Rematerializable &rematerializable, std::vector<Spillable> &spillable)
      : function_(function), rematerializable_(rematerializable), spillable_(spillable) {
    homes_.resize(function.register_count);
    choose_slots(registers, intervals);
  }

  void run() {
    find_only_predecessors();
    at_end_.resize(function_.blocks.size());
    for (const uint32_t b : order_) rewrite(b);
    spillable_.resize(function_.register_count, Spillable::Yes);
  }

 private:
  static constexpr uint32_t kNone = 0xffff'ffff;

  // Where a spilled register lives, and the register that holds it at the moment.
  struct Home {
    bool is_spilled = false, is_rematerialized = false;
    bool crosses_calls = false;  // and has no register for that, while there are enough between calls
    mir::SlotId slot;
    Reg loaded;
    uint32_t since = 0;  // call count when it was loaded
    uint32_t block = kNone;
  };

  // A block that is reached from one other alone begins with what that one has loaded.
  void find_only_predecessors() {
    constexpr uint32_t kSeveral = kNone - 1;
    only_predecessor_.assign(function_.blocks.size(), kNone);
    const mir::BlockLists successors = mir::successors_of(function_);
    order_ = mir::reverse_post_order(successors);
    for (const uint32_t b : order_)
      for (const uint32_t to : successors[b]) {
        uint32_t &only = only_predecessor_[to];
        only = only == kNone || only == b ? b : kSeveral;
      }
    std::ranges::replace(only_predecessor_, kSeveral, kNone);
    only_predecessor_[0] = kNone;  // the entry
    std::vector<bool> is_reached(function_.blocks.size());
    for (const uint32_t b : order_) is_reached[b] = true;
    for (uint32_t b = 0; b < is_reached.size(); b++)
      if (!is_reached[b]) order_.push_back(b);
  }

  // Values that are never needed at the same time share a slot.
  void choose_slots(const std::vector<Reg> &registers, const std::vector<Interval> &intervals) {
    struct Shared {
      mir::SlotId slot;
      Interval interval;
    };
    std::vector<Shared> slots;
    for (const Reg reg : registers) {
      Home &home = homes_[reg.id];
      home.is_spilled = true;
      home.crosses_calls = overlap(intervals[reg.id], intervals[mir::kMaxArguments]);
      home.is_rematerialized = rematerializable_.is[reg.id];
      if (home.is_rematerialized) continue;
      for (Shared &shared : slots) {
        if (overlap(shared.interval, intervals[reg.id])) continue;
        shared.interval = united(std::move(shared.interval), intervals[reg.id]);
        home.slot = shared.slot;
        break;
      }
      if (home.slot.valid()) continue;
      home.slot = mir::SlotId(function_.slots.size());
      function_.slots.push_back({.size = 8, .align = 8, .name = {}, .loc = {}});
      slots.push_back({home.slot, intervals[reg.id]});
    }
  }

  bool is_spilled(Reg r) const { return r.valid() && r.id < homes_.size() && homes_[r.id].is_spilled; }

  Reg fresh(Reg of) {
    // Split around calls first, around every instruction the second time.
    const Spillable before = spillable_[of.id];
    const Reg r = function_.new_register();
    spillable_.resize(function_.register_count, Spillable::Yes);
    spillable_[r.id] = before <= Spillable::Yes ? Spillable::Again : Spillable::Never;
    return r;
  }

  void emit(const Inst &inst) { out_.push_back(inst); }

  Inst reload(const Home &home, Reg of, Reg to, Loc loc) const {
    Inst inst =
        home.is_rematerialized
            ? rematerializable_.how[rematerializable_.place[of.id]]
            : Inst{.form = Form::Load, .opcode = isa::mem_opcode(isa::LDX, isa::MEM, isa::DW), .slot = home.slot};
    inst.dst = to;
    inst.loc = loc;
    inst.is_inserted = false;  // what makes the value again may have been put in by an earlier round
    return inst;
  }

  Inst store(const Home &home, Reg from, Loc loc) const {
    return {.form = Form::Store,
            .opcode = isa::mem_opcode(isa::STX, isa::MEM, isa::DW),
            .src = from,
            .slot = home.slot,
            .loc = loc};
  }

  // The register that holds a spilled value now, loaded when there is none.
  Reg loaded(Reg r, Loc loc) {
    Home &home = homes_[r.id];
    if (is_loaded(r)) return home.loaded;
    // What is loaded where a block ends (at_end_) is loaded on all ways out of it.
    SPILE_CHECK(out_.empty() || !out_.back().is_terminator(), "a value is loaded between two jumps of a block");
    home.loaded = fresh(r);
    note_loaded(r);
    Inst inst = reload(home, r, home.loaded, loc);
    inst.is_inserted = true;
    emit(inst);
    return home.loaded;
  }
  void note_loaded(Reg r) {
    Home &home = homes_[r.id];
    home.since = period(r);
    home.block = block_;
    loaded_.push_back(r);
  }
  bool is_loaded(Reg r) const {
    const Home &home = homes_[r.id];
    return home.loaded.valid() && home.block == block_ && home.since == period(r);
  }

  // Changes when a loaded register must not be used any more: after a call, or after each instruction.
  uint32_t period(Reg r) const { return spillable_[r.id] <= Spillable::Yes ? calls_ : instructions_; }

  void rewrite(uint32_t b) {
    mir::Block &block = function_.blocks[b];
    block_ = b;
    loaded_.clear();
    if (only_predecessor_[b] != kNone)
      for (const auto &[r, in] : at_end_[only_predecessor_[b]]) {
        homes_[r.id].loaded = in;
        note_loaded(r);
      }
    out_.clear();
    out_.reserve(block.insts.size());
    for (at_ = 0; at_ < block.insts.size(); at_++) {
      const Inst &inst = block.insts[at_];
      instructions_++;
      rewrite(inst, block);
      if (inst.clobbers_arguments() || inst.form == Form::Asm) calls_++;
    }
    for (const Reg r : loaded_)
      if (spillable_[r.id] <= Spillable::Yes && homes_[r.id].crosses_calls && is_loaded(r))
        at_end_[b].push_back({r, homes_[r.id].loaded});
    std::swap(block.insts, out_);
  }

  void rewrite(const Inst &original, const mir::Block &block) {
    if (original.form == Form::Asm) return rewrite_assembly(original);
    Inst inst = original;
    const bool spilled_dst = is_spilled(inst.dst), spilled_src = is_spilled(inst.src);
    if (!spilled_dst && !spilled_src) return emit(inst);
    if (inst.is_copy()) return rewrite_copy(inst, spilled_dst, spilled_src, block);

    const Reg dst = inst.dst, defined = mir::defined_register(inst);
    bool reads_dst = false;
    mir::for_each_use(function_, inst, [&](Reg r) { reads_dst |= r == dst; });
    if (spilled_src) inst.src = loaded(original.src, inst.loc);
    if (spilled_dst) {
      Home &home = homes_[dst.id];
      if (reads_dst) {
        inst.dst = loaded(dst, inst.loc);
      } else {
        home.loaded = inst.dst = fresh(dst);
        note_loaded(dst);
        if (home.is_rematerialized) loaded_.pop_back();
      }
    }
    emit(inst);
    if (!is_spilled(defined) || homes_[defined.id].is_rematerialized) return;
    Inst saved = store(homes_[defined.id], defined == dst ? inst.dst : inst.src, inst.loc);
    saved.is_inserted = true;
    emit(saved);
  }

  void rewrite_assembly(const Inst &inst) {
    std::vector<Inst> stores;
    for (mir::AsmOperand &operand : function_.assemblies[inst.symbol].operands) {
      if (!is_spilled(operand.reg)) continue;
      const Reg was = operand.reg;
      Home &home = homes_[was.id];
      if (operand.is_read) {
        operand.reg = loaded(was, inst.loc);
      } else {
        home.loaded = operand.reg = fresh(was);
        note_loaded(was);
      }
      if (operand.is_written && !home.is_rematerialized) stores.push_back(store(home, operand.reg, inst.loc));
    }
    emit(inst);
    for (Inst &saved : stores) {
      saved.is_inserted = true;
      emit(saved);
    }
  }

  // A copy from or to memory is the load or the store itself.
  void rewrite_copy(Inst inst, bool spilled_dst, bool spilled_src, const mir::Block &block) {
    const Reg to = inst.dst, from = inst.src;
    if (spilled_dst && homes_[to.id].is_rematerialized) {
      // Whoever reads it makes it again.
      inst.dst = inst.src = {};
      return emit(inst);
    }
    if (spilled_dst && spilled_src) {
      inst.src = from == to ? Reg{} : loaded(from, inst.loc);
      if (from == to) {
        inst.dst = {};
        return emit(inst);
      }
      homes_[to.id].loaded = {};
      return emit(store(homes_[to.id], inst.src, inst.loc));
    }
    if (spilled_dst && from.is_physical() && is_used_soon(to, block)) {
      // What a call gives is used before it is loaded again.
      homes_[to.id].loaded = inst.dst = fresh(to);
      note_loaded(to);
      emit(inst);
      Inst saved = store(homes_[to.id], inst.dst, inst.loc);
      saved.is_inserted = true;
      return emit(saved);
    }
    if (spilled_dst) {
      homes_[to.id].loaded = {};
      return emit(store(homes_[to.id], from, inst.loc));
    }
    const Home &home = homes_[from.id];
    if (is_loaded(from)) {
      inst.src = home.loaded;
      return emit(inst);
    }
    emit(reload(home, from, to, inst.loc));
  }

  // Whether the block reads [r] behind the instruction at hand and before another call.
  bool is_used_soon(Reg r, const mir::Block &block) const {
    constexpr size_t kMaxLook = 32;
    if (spillable_[r.id] > Spillable::Yes) return false;
    for (size_t i = at_ + 1; i < block.insts.size() && i <= at_ + kMaxLook; i++) {
      bool is_used = false;
      mir::for_each_use(function_, block.insts[i], [&](Reg used) { is_used |= used == r; });
      if (is_used) return true;
      if (block.insts[i].clobbers_arguments() || block.insts[i].form == Form::Asm) return false;
    }
    return false;
  }

  mir::Function &function_;
  const Rematerializable &rematerializable_;
  std::vector<Spillable> &spillable_;
  std::vector<Home> homes_;
  std::vector<Inst> out_;
  std::vector<uint32_t> order_;             // of the blocks: a block's only predecessor is before it
  std::vector<uint32_t> only_predecessor_;  // by block
  // By block: spilled registers that are loaded where it ends, and into which.
  std::vector<std::vector<std::pair<Reg, Reg>>> at_end_;
  std::vector<Reg> loaded_;  // in the block at hand
  size_t at_ = 0;            // the instruction of it
  uint32_t block_ = 0, calls_ = 0, instructions_ = 0;
};

}  // namespace

Rematerializable find_rematerializable(const mir::Function &function) {
  Rematerializable result{.is = std::vector<bool>(function.register_count, false),
                          .place = std::vector<uint32_t>(function.register_count),
                          .how = {}};
  std::vector<bool> seen(function.register_count, false);
  for (const mir::Block &block : function.blocks)
    for (const Inst &inst : block.insts)
      mir::for_each_def(function, inst, [&](Reg r) {
        if (inst.is_copy() && inst.src == inst.dst) return;  // coalesced
        if (!seen[r.id] && inst.is_rematerializable()) {
          result.is[r.id] = true;
          result.place[r.id] = static_cast<uint32_t>(result.how.size());
          result.how.push_back(inst);
        } else if (result.is[r.id]) {
          result.is[r.id] = inst.is_rematerializable() && same_value(result.how[result.place[r.id]], inst);
        }
        seen[r.id] = true;
      });
  return result;
}

void spill(mir::Function &function, const std::vector<Reg> &registers, const std::vector<Interval> &intervals,
           const Rematerializable &rematerializable, std::vector<Spillable> &spillable) {
  Spiller(function, registers, intervals, rematerializable, spillable).run();
}

}  // namespace spile::regalloc
