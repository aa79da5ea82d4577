// Replaces the registers in an instruction's fields; those that it reads or writes by rule (r0, r1..r5, r6) stay.
#pragma once

#include "backend/isel/mir.h"

namespace spile::regalloc {

template <class Map>
void rename_registers(mir::Function &function, Map &&map) {
  for (mir::Assembly &assembly : function.assemblies)
    for (mir::AsmOperand &operand : assembly.operands)
      if (operand.reg.valid()) operand.reg = map(operand.reg);
  for (mir::Block &block : function.blocks)
    for (mir::Inst &inst : block.insts) {
      if (inst.dst.valid()) inst.dst = map(inst.dst);
      if (inst.src.valid()) inst.src = map(inst.src);
    }
}

}  // namespace spile::regalloc
