// The IR as text: what `spile opt` reads and writes, what --emit=ir shows and what the tests of passes compare.
//
//     global @counts section ".bss" size 8 align 8
//     func @handle(ptr %p0) -> i32 global section "tracepoint/syscalls/sys_enter_kill" {
//       slot $0 size 8 align 8 "key"
//     entry:
//       %0 = load.i64 %p0, 16 align 8
//       %1 = icmp.eq %0, i64 9
//       branch %1, hit, out
//     hit:
//       store %0, $0
//       %2 = call_helper.i64 1(@counts, $0)
//       jump out
//     out:
//       ret i32 0
//     }
//
// Assembly shows its operands with their constraints: `%1 = asm.i64 "%[0] += %[1]" ("+r" %0, "ri" i64 5) clobber "r1"`.
//
// An operand is a value (%1), a typed constant (i32 5), undef.i32, a slot ($0), a global or a function (@name), or a
// number that CO-RE relocates (core.i64 0), which a line of the module explains:
//     core 0 byte_off "sk_buff" "0:8" value 112
// A name that is no identifier stands in quotes; one that is used twice, or is empty, gets a suffix #n that is not part
// of it. Printing is total: it shows malformed modules too. Printing what was parsed gives the same text again, except
// for debug types and tags, which have no text form. `;` and `//` begin comments.
#pragma once

#include <optional>
#include <string>

#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::ir {

struct PrintOptions {
  bool lines = false;  // ends each instruction with the line of its source: `!12`
};

std::string print(const Module &module, const PrintOptions &options = {});
std::string print(const Module &module, const Function &function, const PrintOptions &options = {});
// One instruction, with the numbers that print() of the whole function would give its values.
std::string print(const Module &module, const Function &function, ValueId inst);

// Reads a module and checks it (ir/checker.h). On the first fault: one error in [diags] and no module. Locations of
// the instructions are their places in [file], so that a pass can point at the text.
std::optional<Module> parse_text(const SourceManager::File &file, Diagnostics &diags);

}  // namespace spile::ir
