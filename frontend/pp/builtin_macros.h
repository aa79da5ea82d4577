// The macros that the preprocessor computes: which names they are, and what the feature tests answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "frontend/pp/macro.h"
#include "frontend/pp/word_filter.h"

namespace spile::pp {

// BuiltinMacro::None for any other name.
BuiltinMacro find_builtin_macro(std::string_view name);
// The name of each.
const WordFilter &builtin_macro_words();

// __has_attribute, __has_builtin, __has_feature. Leading and trailing "__" of an attribute do not matter.
bool has_attribute(std::string_view name);
bool has_builtin(std::string_view name);
bool has_feature(std::string_view name);
bool has_extension(std::string_view name);
// __is_target_arch and its kin: about bpf-unknown-none. In any case of letters, as in clang.
bool is_target(BuiltinMacro test, std::string_view name);
// [[name]]: 202003 for `202003L`; 0 for one that C23 does not have.
uint32_t standard_attribute_date(std::string_view name);

}  // namespace spile::pp
