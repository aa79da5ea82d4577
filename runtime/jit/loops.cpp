#include "runtime/jit/loops.h"

#include <algorithm>

#include "runtime/jit/flow.h"

namespace spile::jit {
namespace {

using Edges = std::vector<std::vector<size_t>>;

// Takes out of [inside] whatever nothing that is inside leads to.
void peel(const Edges &edges, std::vector<bool> &inside) {
  std::vector<size_t> leading(edges.size()), none;
  for (size_t i = 0; i < edges.size(); i++)
    if (inside[i])
      for (const size_t next : edges[i]) leading[next]++;
  for (size_t i = 0; i < edges.size(); i++)
    if (inside[i] && leading[i] == 0) none.push_back(i);
  while (!none.empty()) {
    const size_t insn = none.back();
    none.pop_back();
    inside[insn] = false;
    for (const size_t next : edges[insn])
      if (--leading[next] == 0 && inside[next]) none.push_back(next);
  }
}

// What lies in loops, and between two of them.
std::vector<bool> in_loops(const vm::JitProgram &program) {
  Edges forth(program.insn_count), back(program.insn_count);
  std::vector<bool> inside(program.insn_count);
  for (size_t i = 0; i < program.insn_count; i += isa::width(program.insns[i])) {
    inside[i] = true;
    for_each_next(program, i, [&](size_t next) {
      forth[i].push_back(next);
      back[next].push_back(i);
    });
  }
  peel(forth, inside);
  peel(back, inside);
  return inside;
}

}  // namespace

bool has_loops(const vm::JitProgram &program) {
  const std::vector<bool> inside = in_loops(program);
  return std::find(inside.begin(), inside.end(), true) != inside.end();
}

std::vector<bool> repeated_insns(const vm::JitProgram &program) {
  std::vector<bool> repeated = in_loops(program);
  const auto repeat = [&](size_t begin, size_t end) {
    std::fill(repeated.begin() + static_cast<ptrdiff_t>(begin), repeated.begin() + static_cast<ptrdiff_t>(end), true);
  };
  std::vector<bool> called(program.subprogram_count);  // from a place that repeats
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < program.insn_count; i += isa::width(program.insns[i])) {
      const isa::InsnInfo &info = *isa::lookup(program.insns[i]);
      const bool is_callback = info.op == isa::Op::LddwFunc;
      if (!is_callback && (info.shape != isa::Shape::CallLocal || !repeated[i])) continue;
      const uint32_t *const first = program.subprograms, *const last = first + program.subprogram_count;
      const auto callee = static_cast<size_t>(std::lower_bound(first, last, program.values[i]) - first);
      if (called[callee]) continue;
      changed = called[callee] = true;
      repeat(program.subprograms[callee],
             callee + 1 < program.subprogram_count ? program.subprograms[callee + 1] : program.insn_count);
    }
  }
  return repeated;
}

}  // namespace spile::jit
