#include "driver/reread.h"

#include <fmt/format.h>

#include "verifier/source_text.h"

namespace spile::driver {
namespace {

// What the nearest line above, in the same function, gives the variable.
std::string_view value_above(const Patch &text, uint32_t line, std::string_view name) {
  while (--line > 0 && !text.line(line).starts_with('}'))
    if (verifier::assigned_name(text.line(line)) == name) return verifier::assigned_value(text.line(line));
  return {};
}

// The variable that the end of the packet was read into, and how.
std::pair<std::string_view, std::string_view> end_above(const Patch &text, uint32_t line) {
  while (--line > 0 && !text.line(line).starts_with('}')) {
    const std::string_view value = verifier::assigned_value(text.line(line));
    if (value.ends_with("->data_end")) return {verifier::assigned_name(text.line(line)), value};
  }
  return {};
}

}  // namespace

Reread reread(const Patch &text, uint32_t line, std::string_view pointer) {
  // The pointer is the start of the packet: what lies behind a header may be elsewhere now.
  const std::string_view start = value_above(text, line, pointer);
  const std::string_view bare = start.substr(std::min(start.rfind(' ') + 1, start.size()));
  const std::string_view read = verifier::is_plain_name(bare) ? value_above(text, line, bare) : std::string_view();
  const auto [end, end_read] = end_above(text, line);
  if (!read.ends_with("->data") || end.empty() || !verifier::is_plain_name(end)) return {};
  return {fmt::format("{} = {}; {} = {}; {} = {};", bare, read, end, end_read, pointer, start),
          fmt::format("(void *)({} + 1) > {}", pointer, end)};
}

}  // namespace spile::driver
