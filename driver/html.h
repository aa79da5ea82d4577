// One page for a person who wants to see what the verifier saw: source, bytecode and states side by side, the path of
// each rejection, what each line costs, the control flow. The page needs nothing but itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/judge.h"

namespace spile::driver {

// Text as HTML and XML hold it, also between quotes.
std::string escaped(std::string_view text);

// [judged]: with states. [path]: of the input; [source]: its text, empty when the input is an object: lines then come
// from its line info.
std::string html_page(std::string_view path, std::string_view source, const std::vector<Judged> &judged);

}  // namespace spile::driver
