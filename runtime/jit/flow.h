// Where control goes from an instruction of a resolved program.
#pragma once

#include <vector>

#include "backend/isa/info.h"
#include "runtime/vm/jit_abi.h"

namespace spile::jit {

inline bool is_branch(isa::Shape shape) {
  return shape == isa::Shape::BranchImm || shape == isa::Shape::BranchReg || shape == isa::Shape::MayGoto;
}
inline bool is_jump(isa::Shape shape) { return shape == isa::Shape::Jump || shape == isa::Shape::JumpLong; }

// Calls [visit] with each instruction that may run next in the same subprogram.
template <class Visit>
void for_each_next(const vm::JitProgram &program, size_t index, const Visit &visit) {
  const isa::Shape shape = isa::lookup(program.insns[index])->shape;
  if (is_branch(shape) || is_jump(shape)) visit(program.values[index]);
  const size_t next = index + isa::width(program.insns[index]);
  if (!is_jump(shape) && shape != isa::Shape::Exit && next < program.insn_count) visit(next);
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
