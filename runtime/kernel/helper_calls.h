// The calls of helpers in an object's programs, for who adds something to them.
#pragma once

#include <cstdint>
#include <cstring>

#include "backend/object/object.h"

namespace spile::kernel {

// visit(section, offset, helper): the call stands at byte [offset] of the section.
template <class Visit>
void for_each_helper_call(const object::Object &object, const Visit &visit) {
  for (size_t i = 0; i < object.sections.size(); i++) {
    const object::Section &section = object.sections[i];
    if (section.kind != object::SectionKind::Program) continue;
    isa::Insn insn;
    for (size_t at = 0; at + sizeof insn <= section.bytes.size(); at += (insn.is_lddw() ? 2 : 1) * sizeof insn) {
      std::memcpy(&insn, section.bytes.data() + at, sizeof insn);
      if (insn.opcode == isa::opcode(isa::JMP, isa::CALL, isa::K) && insn.src == isa::kHelperCall)
        visit(object::SectionId(i), at, static_cast<uint32_t>(insn.imm));
    }
  }
}

}  // namespace spile::kernel
