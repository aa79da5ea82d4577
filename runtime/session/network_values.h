// Values in a network's description: numbers, names, addresses. Each read() says what is wrong with a text that is
// none; [name] is the word that it is given to. For network_rows.cpp and for nobody else.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/helpers/network_state.h"
#include "support/numbers.h"
#include "support/result.h"

namespace spile::session {

template <class T>
struct Named {
  std::string_view name;
  T value;
};
template <class T, size_t n>
std::optional<T> find(const std::array<Named<T>, n> &names, std::string_view name) {
  const auto *found = std::ranges::find(names, name, &Named<T>::name);
  return found == names.end() ? std::nullopt : std::optional(found->value);
}

// "10.0.0.1", "fd00::1"; nothing for what is no address.
helpers::IpAddress parse_address(std::string_view text);

template <class T>
Result<void> read(std::string_view name, std::string_view text, T &to) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<T>::max())
    return input_error("`{} {}`: no number from 0 to {}", name, text, std::numeric_limits<T>::max());
  to = static_cast<T>(*number);
  return {};
}
template <class T, size_t n>
Result<void> read(std::string_view name, std::string_view text, const std::array<Named<T>, n> &names, T &to) {
  const auto found = find(names, text);
  if (!found) {
    std::string known;
    for (const Named<T> &one : names) known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
    return input_error("`{} {}`: what is known is {}", name, text, known);
  }
  to = *found;
  return {};
}
Result<void> read(std::string_view name, std::string_view text, helpers::IpAddress &to);
// With its length, or as long as it can be.
Result<void> read(std::string_view name, std::string_view text, helpers::IpPrefix &to);
Result<void> read(std::string_view name, std::string_view text, helpers::MacAddress &to);
// "80", "8000-8080"
Result<void> read(std::string_view name, std::string_view text, helpers::PortRange &to);

}  // namespace spile::session
