// Many replacements of values at once: note them all, then rewrite every use in one walk.
//
//     Rewrite rewrite(function);
//     rewrite.replace(%3, i32 0);   // and whatever was replaced by %3
//     rewrite.apply();
#pragma once

#include <utility>
#include <vector>

#include "ir/ir.h"

namespace spile::ir {

class Rewrite {
 public:
  explicit Rewrite(Function &function) : function_(function) {}

  void replace(ValueId from, ValueId to) {
    to = resolve(to);
    SPILE_CHECK(from != to, "a value cannot replace itself");
    if (from.index >= to_.size()) to_.resize(function_.insts.size());
    to_[from.index] = to;
    any_ = true;
  }
  // What stands for [v] now.
  ValueId resolve(ValueId v) {
    if (!replaced(v)) return v;
    ValueId root = v;
    while (replaced(root)) root = to_[root.index];
    while (v != root) v = std::exchange(to_[v.index], root);
    return root;
  }
  bool replaced(ValueId v) const { return v.index < to_.size() && to_[v.index].valid(); }
  bool empty() const { return !any_; }
  // Forgets everything: after apply(), before the next round.
  void clear() {
    to_.clear();
    any_ = false;
  }

  void apply() {
    if (!any_) return;
    for (const Block &block : function_.blocks)
      for (const ValueId v : block.insts)
        for (ValueId &use : function_.operands(v)) use = resolve(use);
  }

 private:
  Function &function_;
  std::vector<ValueId> to_;  // by value; none: stays
  bool any_ = false;
};

}  // namespace spile::ir
