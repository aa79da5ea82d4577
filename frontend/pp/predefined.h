// The predefined macros, as text that the lexer reads when one of them is first used.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace spile::pp {

// True for the names of lang-spec/tables/predefined_macros.def and of the built-in macros (__LINE__, _Pragma, ...).
bool is_predefined(std::string_view name);

// Calls [visit] with each of these names.
void for_each_predefined(const std::function<void(std::string_view)> &visit);

// All the rows as `#define NAME replacement` lines; the file "<built-in>" that diagnostics point into.
std::string_view predefined_text();
// Where in that text the row's NAME begins; -1 for a name that is no row.
int64_t predefined_offset(std::string_view name);

}  // namespace spile::pp
