// Assembler: reads the text that disasm.h prints (TextStyle::Exact). For tests and `spile exec`.
//
// One instruction a line. `name:` defines a label, which may stand for the distance of a jump or a local call:
// `if r1 == 0 goto out`, `call subprogram`. Numbers are decimal or 0x hexadecimal. `;`, `//` and `#` start a comment.
// As in objdump's output, `12:` before an instruction and `<symbol+0x8>` after it are skipped, and 32-bit loads and
// stores may name w registers.
#pragma once

#include <string_view>
#include <vector>

#include "backend/isa/insn.h"
#include "support/result.h"

namespace spile::isa {

// The instructions, or an error that names the line and what is wrong with it.
Result<std::vector<Insn>> assemble(std::string_view text);

}  // namespace spile::isa
