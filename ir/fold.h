// Constant folding: what an operation gives for constant operands, by backend/isa/semantics.h.
#pragma once

#include <optional>
#include <span>

#include "ir/ir.h"

namespace spile::ir {

// The result of [op] on constants [a] and [b] (normalized for [operand_type]; [b] is ignored by unary operations), as a
// normalized constant of [result_type]. Nothing for operations that do not compute: loads, calls, phis, select.
// Division follows RFC 9669: x / 0 = 0, x % 0 = x, and the most negative number over -1 wraps.
std::optional<int64_t> fold(Op op, Pred pred, Type result_type, Type operand_type, int64_t a, int64_t b);
bool fold_compare(Pred pred, Type operand_type, int64_t a, int64_t b);

// The constant that the placed or unplaced [v] is, when it is a Const.
std::optional<int64_t> constant_of(const Function &function, ValueId v);

}  // namespace spile::ir
