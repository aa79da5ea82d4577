// Numbers that are the whole of a text.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spile {

// Without a prefix; a sign only where T has one.
template <class T>
std::optional<T> whole_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// As C writes it: 10, 0x1f; a minus in front makes the two's complement.
inline std::optional<uint64_t> parse_number(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (is_hex) text.remove_prefix(2);
  const auto value = whole_number<uint64_t>(text, is_hex ? 16 : 10);
  return value && is_negative ? std::optional(0 - *value) : value;
}

}  // namespace spile
