// Constants that are addresses: what an initializer of static storage may hold (C11 6.6p7, p9).
#pragma once

#include <cstdint>
#include <optional>

#include "frontend/ast/ast.h"

namespace spile::sema {

struct Symbol;

// An integer, or the address of something plus an offset in bytes.
struct StaticValue {
  const Symbol *symbol = nullptr;     // a variable with static storage or a function
  const ast::Expr *object = nullptr;  // or a StringLit or CompoundLit of its own
  int64_t offset = 0;                 // the integer itself when there is neither
  bool is_negative = false;           // of an integer: whether it is below zero, and not a large unsigned one
  bool is_integer() const { return symbol == nullptr && object == nullptr; }
};

// [value] cut to the width of an integer type and extended by its sign.
int64_t cut(const types::Type *type, uint64_t value);

// The value of a typed expression when it is known before the program runs.
std::optional<StaticValue> evaluate_static(const ast::Expr *e);

// What a constant integer is initialized with becomes the number that it is, if that is known: who names the variable
// later, in the initializer of another perhaps, need not go back to where all began.
void settle_constant(const Symbol &symbol);

}  // namespace spile::sema
