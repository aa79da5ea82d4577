#include "backend/emit/spill_slots.h"

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "backend/isel/flow.h"
#include "backend/regalloc/liveness.h"

namespace spile::codegen {

namespace {

using mir::Form;
using mir::Inst;
using mir::Reg;

// More than a frame has place for.
constexpr size_t kMaxSpillSlots = 64;

class SlotCleaner {
 public:
  SlotCleaner(mir::Function &function, size_t first) : function_(function), first_(first) {}

  void run() {
    for (mir::Block &block : function_.blocks) reuse_registers(block);
    find_live_slots();
    const regalloc::MachineLiveness registers = regalloc::live_machine_registers(function_);
    for (size_t b = 0; b < function_.blocks.size(); b++) drop_stores(b, registers.out[b]);
  }

 private:
  using Slots = uint64_t;  // a bit each

  // Which spill slot the instruction reads or writes, or none.
  bool is_access(const Inst &inst) const {
    return inst.slot.valid() && inst.slot.index >= first_ && (inst.form == Form::Load || inst.form == Form::Store);
  }
  size_t slot_of(const Inst &inst) const { return inst.slot.index - first_; }

  void reuse_registers(mir::Block &block) {
    std::array<Reg, kMaxSpillSlots> holder{};  // of what the slot has, none where nobody is known
    std::erase_if(block.insts, [&](Inst &inst) {
      if (inst.is_copy() && inst.dst == inst.src) return true;  // coalesced
      const bool is_spill = is_access(inst);
      if (is_spill && inst.form == Form::Load) {
        const Reg held = holder[slot_of(inst)];
        if (held == inst.dst) return true;
        if (held.valid()) {
          const size_t slot = slot_of(inst);
          inst = {.form = Form::Mov,
                  .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::X),
                  .dst = inst.dst,
                  .src = held,
                  .loc = inst.loc};
          forget(holder, inst);
          holder[slot] = held;
          return false;
        }
      }
      forget(holder, inst);
      if (is_spill) holder[slot_of(inst)] = inst.form == Form::Load ? inst.dst : inst.src;
      return false;
    });
  }
  void forget(std::array<Reg, kMaxSpillSlots> &holder, const Inst &inst) const {
    mir::for_each_def(function_, inst, [&](Reg r) {
      for (Reg &held : holder)
        if (held == r) held = {};
    });
  }

  void find_live_slots() {
    const mir::BlockLists successors = mir::successors_of(function_);
    const std::vector<uint32_t> order = mir::reverse_post_order(successors);
    std::vector<Slots> in(function_.blocks.size());
    live_out_.assign(function_.blocks.size(), 0);
    for (bool changed = true; changed;) {
      changed = false;
      for (auto b = order.rbegin(); b != order.rend(); ++b) {
        Slots live = 0;
        for (const uint32_t to : successors[*b]) live |= in[to];
        live_out_[*b] = live;
        const auto &insts = function_.blocks[*b].insts;
        for (size_t i = insts.size(); i-- > 0;) step_back(live, insts[i]);
        changed = changed || live != in[*b];
        in[*b] = live;
      }
    }
  }
  void step_back(Slots &live, const Inst &inst) const {
    if (!is_access(inst)) return;
    const Slots bit = Slots{1} << slot_of(inst);
    live = inst.form == Form::Load ? live | bit : live & ~bit;
  }

  void drop_stores(size_t b, regalloc::MachineSet registers) {
    auto &insts = function_.blocks[b].insts;
    Slots live = live_out_[b];
    size_t kept = insts.size();  // from here on
    for (size_t i = insts.size(); i-- > 0;) {
      Inst inst = insts[i];
      if (is_access(inst) && inst.form == Form::Store) {
        if ((live >> slot_of(inst) & 1) == 0) continue;
        // Kernel: older ones remember of what is stored as an immediate only whether it was 0.
        if (i > 0 && is_zero(insts[i - 1]) && insts[i - 1].dst == inst.src && !registers.has(inst.src)) {
          step_back(live, inst);
          // Nobody reads the register any more: remove_dead.
          inst = {.form = Form::StoreImm,
                  .opcode = isa::mem_opcode(isa::ST, isa::MEM, isa::DW),
                  .slot = inst.slot,
                  .loc = inst.loc};
        }
      }
      step_back(live, inst);
      mir::for_each_def(function_, inst, [&](Reg r) { registers.remove(r); });
      mir::for_each_use(function_, inst, [&](Reg r) { registers.add(r); });
      insts[--kept] = inst;
    }
    insts.erase(insts.begin(), insts.begin() + static_cast<ptrdiff_t>(kept));
  }
  static bool is_zero(const Inst &inst) {
    return inst.form == Form::Mov && !inst.src.valid() && inst.imm == 0 && inst.core == Inst::kNoCore;
  }

  mir::Function &function_;
  size_t first_;
  std::vector<Slots> live_out_;  // by block
};

}  // namespace

void clean_up_spill_slots(mir::Function &function, size_t first) {
  const size_t count = function.slots.size() - first;
  if (count != 0 && count <= kMaxSpillSlots) SlotCleaner(function, first).run();
}

}  // namespace spile::codegen
