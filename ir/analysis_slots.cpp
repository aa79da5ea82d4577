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
      const auto operands = function.operands(v);
      bool is_user = false;
      for (size_t i = 0; i < operands.size(); i++) {
        if (function[operands[i]].type != Type::Ptr) continue;
        const Place at = place(operands[i]);
        if (at.slot == kNone) continue;
        is_user = true;
        if (inst.op == Op::PtrAdd && i == 0)
          places_[v.index] = {at.slot, sum(at.offset, function[operands[1]])};
        else if (!captured_[at.slot])
          captured_[at.slot] = is_captured_by(module, function, v, i);
      }
      if (is_user) users_.push_back(v);
    }
}

std::optional<int64_t> SlotPointers::sum(std::optional<int64_t> offset, const Inst &step) {
  if (step.op != Op::Const || !offset) return std::nullopt;
  return static_cast<int64_t>(static_cast<uint64_t>(*offset) + static_cast<uint64_t>(step.imm));
}

// Whether another pointer may reach the slot behind [v], which has a pointer into it as operand [i].
bool SlotPointers::is_captured_by(const Module &module, const Function &function, ValueId v, size_t i) {
  const Op op = function[v].op;
  if (op == Op::CallHelper || op == Op::MemCopy || (op == Op::MemSet && i == 0)) return false;
  if (op == Op::Call) return is_kept_by(module, function, v);
  return pointer_operand(op) != static_cast<int>(i);
}

// Whether what [call] is given a pointer to may be reached by another pointer behind it.
bool SlotPointers::is_kept_by(const Module &module, const Function &function, ValueId call) {
  const Function &callee = module[FunctionId(static_cast<size_t>(function[call].imm))];
  if (!callee.is_kfunc()) return true;
  return function[call].type == Type::Ptr && !(callee.name.starts_with("bpf_iter_") && callee.name.ends_with("_next"));
}

}  // namespace spile::ir
