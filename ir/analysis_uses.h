// How often each value is used by placed instructions.
#pragma once

#include <vector>

#include "ir/ir.h"

namespace spile::ir {

inline std::vector<uint32_t> count_uses(const Function &function) {
  std::vector<uint32_t> uses(function.insts.size());
  for (const Block &block : function.blocks)
    for (const ValueId v : block.insts)
      for (const ValueId use : function.operands(v)) uses[use.index]++;
  return uses;
}

}  // namespace spile::ir
