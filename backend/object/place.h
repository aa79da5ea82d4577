// Where the line info says that an instruction comes from, for diagnostics.
#pragma once

#include "backend/object/object.h"
#include "support/diagnostics.h"

namespace spile::object {

// Nowhere for an instruction that the program has not, or of which nothing is said.
inline ForeignPlace place_of(const Program &program, uint32_t insn) {
  const Program::Line *line = insn < program.insns.size() ? program.line_of(insn) : nullptr;
  return line == nullptr ? ForeignPlace() : ForeignPlace{line->file, line->line, line->column, line->text};
}

}  // namespace spile::object
