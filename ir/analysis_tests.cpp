#include "ir/analysis_tests.h"

#include <algorithm>

namespace spile::ir {

bool Tests::are_apart(ValueId load, ValueId earlier) {
  const uint32_t slot = memory_.place_of(f_.operand(load, 0)).slot;
  if (slot == SlotPointers::kNone || f_[earlier].op != Op::Load || f_[earlier].block == f_[load].block) return false;
  if (!is_found_) find();
  return is_passed_[slot] && std::ranges::binary_search(tests_, load, {}, &Test::value) &&
         std::ranges::binary_search(tests_, earlier, {}, &Test::value) && !is_decided(earlier, f_[load].block);
}

void Tests::find() {
  is_found_ = true;
  is_passed_.resize(f_.slots.size());
  for (const BlockId b : cfg_.rpo) {
    for (const ValueId v : f_[b].insts)
      if (f_[v].op == Op::CallHelper)
        memory_.for_each_write(v, [&](Memory::Place place) {
          if (place.slot != SlotPointers::kNone) is_passed_[place.slot] = true;
        });
    const ValueId branch = f_.terminator(b);
    const ValueId condition = f_[branch].op == Op::Branch ? f_.operand(branch, 0) : ValueId{};
    if (condition && f_[condition].op == Op::ICmp && f_[f_.operand(condition, 1)].op == Op::Const)
      tests_.push_back({f_.operand(condition, 0), b});
  }
  std::ranges::sort(tests_, {}, &Test::value);
}

bool Tests::is_decided(ValueId earlier, BlockId at) const {
  return std::ranges::any_of(std::ranges::equal_range(tests_, earlier, {}, &Test::value), [&](const Test &test) {
    return std::ranges::any_of(f_.successors(test.block), [&](BlockId side) {
      return cfg_.preds(side).size() == 1 && dominators_.dominates(side, at);
    });
  });
}

}  // namespace spile::ir
