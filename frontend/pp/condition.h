// Constant expressions of the preprocessor (C11 6.10.1): 64-bit integers, signed or unsigned.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "frontend/pp/token.h"
#include "support/diagnostics.h"

namespace spile::pp {

struct ConditionValue {
  uint64_t value = 0;
  bool is_unsigned = false;
  friend bool operator==(const ConditionValue &, const ConditionValue &) = default;
};

// The value of an integer as C spells it (decimal, 0x, 0b, octal, with u and l suffixes); nothing when it is no
// integer or does not fit into 64 bits.
std::optional<ConditionValue> parse_integer(std::string_view spelling);

// The value of [tokens], fully expanded, `defined` already replaced; names that are left count as 0. On a fault a
// diagnostic is reported ([keyword] is the directive, "if") and nothing is returned. [end] is where the tokens end.
std::optional<ConditionValue> evaluate(std::span<const Token> tokens, Loc end, std::string_view keyword,
                                       Diagnostics &diagnostics);

}  // namespace spile::pp
