// Well-formed instructions of every row of insns.def, with operands at and between their limits.
#pragma once

#include <vector>

#include "backend/isa/info.h"

namespace spile::isa {

inline std::vector<Insn> samples_of(const InsnInfo &info) {
  std::vector<Insn> samples;
  for (const uint8_t dst : {0, 1, 9, 10})
    for (const uint8_t src : {0, 2, 10})
      for (const int16_t off : {0, 8, -1, 32767, -32768})
        for (const int32_t imm : {0, 5, -1, 2147483647, -2147483647 - 1}) {
          Insn insn{info.opcode, dst, src, off, imm};
          if (info.select == InsnInfo::Select::Off) insn.off = static_cast<int16_t>(info.select_value);
          if (info.select == InsnInfo::Select::Imm) insn.imm = info.select_value;
          if (info.select == InsnInfo::Select::Src) insn.src = static_cast<uint8_t>(info.select_value) & 0xf;
          if (malformed(info, insn).empty()) samples.push_back(insn);
        }
  return samples;
}

}  // namespace spile::isa
