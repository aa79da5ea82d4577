// Inline assembly becomes instructions: operands are filled into the text, the text is assembled, faults are reported
// at the source line of the text.
//
// In: an allocated mir::Assembly and what the program wrote (ir::Assembly). Out: code of a known size; its jumps to
// labels outside are filled in by place(). Called by encode.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/emit/function_code.h"
#include "backend/isa/inline_asm.h"
#include "backend/isel/isel.h"
#include "backend/isel/mir.h"
#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::codegen {

class AssembledText {
 public:
  // Nothing after an error. [unique] is what %= stands for.
  static std::optional<AssembledText> make(const ir::Module &module, const mir::Function &function, uint32_t assembly,
                                           uint32_t unique, const isel::Target &target, Diagnostics &diags);

  size_t insn_count() const { return code_.insn_count(); }
  // The instructions, when the labels outside are [labels] instructions after the first of them. False after an error.
  bool place(std::span<const int64_t> labels, std::vector<isa::Insn> &out, Diagnostics &diags);
  // What refers to the object, counted from instruction [first].
  void add_fixups(uint32_t first, EncodedFunction &out) const;
  // Source of each instruction.
  Loc loc_of(size_t insn) const;

 private:
  // Bytes of the filled text from [at] on come from the program's text at [source]; of an operand, all from there.
  struct Piece {
    uint32_t at = 0, source = 0;
    bool is_operand = false;
  };
  void fill_in(const mir::Function &function, uint32_t assembly, uint32_t unique);
  bool resolve(const ir::Module &module, Diagnostics &diags);
  void report(const isa::AsmFault &fault, Diagnostics &diags) const;
  Range source_range(uint32_t begin, uint32_t end) const;
  uint32_t source_offset(uint32_t filled) const;

  const ir::Assembly *source_ = nullptr;
  std::string text_;
  std::vector<Piece> pieces_;
  isa::AsmCode code_;
  std::vector<EncodedFunction::Fixup> fixups_;
  std::vector<EncodedFunction::UndefinedLoad> undefined_loads_;
};

}  // namespace spile::codegen
