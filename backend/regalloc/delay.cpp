#include "backend/regalloc/delay.h"

#include <algorithm>

namespace spile::regalloc {

namespace {

using mir::Form;
using mir::Inst;
using mir::Reg;

// How far ahead the last read is looked for, so that long blocks do not take time by their square.
constexpr size_t kMaxDistance = 48;

bool reads(const mir::Function &function, const Inst &inst, Reg reg) {
  bool found = false;
  mir::for_each_use(function, inst, [&](Reg r) { found |= r == reg; });
  return found;
}

bool sets(const mir::Function &function, const Inst &inst, Reg reg) {
  bool found = false;
  mir::for_each_def(function, inst, [&](Reg r) { found |= r == reg; });
  return found;
}

// The instructions from [at] on that copy a register and change the copy by immediates; 0 when there are none.
size_t change_length(const std::vector<Inst> &insts, size_t at) {
  const Inst &copy = insts[at];
  if (!copy.is_copy() || !copy.dst.is_virtual() || !copy.src.is_virtual() || copy.dst == copy.src) return 0;
  size_t end = at + 1;
  while (end < insts.size() && insts[end].form == Form::Alu && insts[end].dst == copy.dst && !insts[end].src.valid())
    end++;
  return end - at == 1 ? 0 : end - at;
}

// Behind the last read of [original], if nobody cares for [changed] until then; else [from].
size_t end_of_reads(const mir::Function &function, const std::vector<Inst> &insts, size_t from, Reg original,
                    Reg changed) {
  size_t end = from;
  bool is_blocked = false;
  for (size_t i = from; i < std::min(insts.size(), from + kMaxDistance); i++) {
    const Inst &inst = insts[i];
    const bool is_read = reads(function, inst, original), is_set = sets(function, inst, original);
    is_blocked |= inst.is_terminator() || reads(function, inst, changed) || sets(function, inst, changed);
    if (is_read && (is_blocked || is_set)) return from;  // still needed where the change must have been made
    if (is_set) break;
    if (is_read) end = i + 1;
  }
  return end;
}

}  // namespace

void delay_changes(mir::Function &function, const Liveness &liveness) {
  for (size_t b = 0; b < function.blocks.size(); b++) {
    auto &insts = function.blocks[b].insts;
    for (size_t i = 0; i + 2 < insts.size(); i++) {
      const size_t length = change_length(insts, i);
      if (length == 0 || liveness.out[b].has(insts[i].src)) continue;
      const size_t to = end_of_reads(function, insts, i + length, insts[i].src, insts[i].dst);
      if (to == i + length) continue;
      const auto begin = insts.begin() + static_cast<ptrdiff_t>(i);
      std::rotate(begin, begin + static_cast<ptrdiff_t>(length), insts.begin() + static_cast<ptrdiff_t>(to));
    }
  }
}

}  // namespace spile::regalloc
