// The predefined macros, as text that the lexer reads when one of them is first used.
#pragma once

#include <cstdint>
#include <string_view>

#include "frontend/pp/word_filter.h"

namespace spile::pp {

// True for the names of lang-spec/tables/predefined_macros.def and of the built-in macros (__LINE__, _Pragma, ...).
bool is_predefined(std::string_view name);

// All these names.
WordFilter predefined_words();

// All the rows as `#define NAME replacement` lines; the file "<built-in>" that diagnostics point into.
std::string_view predefined_text();
// Where in that text the row's NAME begins; -1 for a name that is no row.
int64_t predefined_offset(std::string_view name);

}  // namespace spile::pp
