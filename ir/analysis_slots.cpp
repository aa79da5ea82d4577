#include "ir/analysis_slots.h"

#include "ir/analysis_address.h"

namespace spile::ir {

SlotPointers::SlotPointers(const Module &module, const Function &function, const Cfg &cfg)
    : function_(function), captured_(function.slots.size()) {
  if (!has_slots(function)) return;
  places_.resize(function.insts.size());
  // In this order a ptradd is seen before its users, which it dominates.
  for (const BlockId b : cfg.rpo)
    for (const ValueId v : function[b].insts) {
      const Inst &inst = function[v];
      for (size_t i = 0; i < inst.operand_count; i++) {
        Place at = place(function.operand(v, i));
        if (at.slot == kNone) continue;
        const int pointer = pointer_operand(inst.op);
        if (inst.op == Op::PtrAdd && i == 0) {
          const Inst &step = function[function.operand(v, 1)];
          if (step.op == Op::Const && at.offset)
            *at.offset = static_cast<int64_t>(static_cast<uint64_t>(*at.offset) + static_cast<uint64_t>(step.imm));
          else
            at.offset.reset();
          places_[v.index] = at;
        } else if (!(pointer >= 0 && i == static_cast<size_t>(pointer)) && inst.op != Op::MemCopy &&
                   !(inst.op == Op::MemSet && i == 0) && inst.op != Op::CallHelper &&
                   (inst.op != Op::Call || is_kept_by(module, function, v))) {
          captured_[at.slot] = true;
        }
      }
    }
}

// Whether what [call] is given a pointer to may be reached by another pointer behind it.
bool SlotPointers::is_kept_by(const Module &module, const Function &function, ValueId call) {
  const Function &callee = module[FunctionId(static_cast<size_t>(function[call].imm))];
  if (!callee.is_kfunc()) return true;
  return function[call].type == Type::Ptr && !(callee.name.starts_with("bpf_iter_") && callee.name.ends_with("_next"));
}

}  // namespace spile::ir
