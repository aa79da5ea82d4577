// Prints instructions in the syntax of llvm-objdump. In: instructions; out: text, without address or target symbol.
//
// The text comes from the rows of insns.def. Called by the dumper, the verifier's messages and tests; asm.h reads it
// back.
#pragma once

#include <span>
#include <string>

#include "backend/isa/insn.h"

namespace spile::isa {

enum class TextStyle {
  // What `llvm-objdump-19 -d --no-show-raw-insn` prints, byte for byte. It drops the kind of a call, the second
  // immediate of a pseudo load and the immediate of an indirect packet load. Where objdump by default has no text
  // (32-bit
  // atomics, which it prints with --mcpu=v4 only; load-acquire and store-release, since LLVM 20), theirs is printed.
  Llvm,
  // The same where that says everything; else a text that assembles to the same bytes: `call pc+0x3`, `r1 = map 0x2
  // ll`.
  Exact,
};

// The instruction at [index]; a 64-bit immediate takes its second half from [index] + 1. "<unknown>" for what is no
// instruction, as objdump says.
std::string disassemble(std::span<const Insn> insns, size_t index, TextStyle style = TextStyle::Llvm);

}  // namespace spile::isa
