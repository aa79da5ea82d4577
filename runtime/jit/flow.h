// Where control goes from an instruction of a resolved program.
#pragma once

#include <vector>

#include "backend/isa/info.h"
#include "runtime/vm/jit_abi.h"
#include "runtime/vm/resolve.h"

namespace spile::jit {

// Calls [visit] with each instruction that may run next in the same subprogram.
template <class Visit>
void for_each_next(const vm::JitProgram &program, size_t index, const Visit &visit) {
  const isa::Shape shape = isa::lookup(program.insns[index])->shape;
  if (vm::has_target(shape)) visit(program.values[index]);
  const size_t next = index + isa::width(program.insns[index]);
  if (vm::goes_on(shape) && next < program.insn_count) visit(next);
}

// What is known before each instruction, from what is known at the entries: [after] gives what holds behind one, from
// what holds before it, [join] adds that to what is known of the next and says whether it changed.
template <class Known, class After, class Join>
void follow(const vm::JitProgram &program, std::vector<Known> &before, const After &after, const Join &join) {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < program.insn_count; i += isa::width(program.insns[i])) {
      const Known behind = after(i, before[i]);
      for_each_next(program, i, [&](size_t next) { changed |= join(before[next], behind); });
    }
  }
}

}  // namespace spile::jit
