#include "runtime/hooks/interval.h"

#include <charconv>

namespace spile::hooks {

namespace {
struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
constexpr int64_t kSecond = 1'000'000'000;
}  // namespace

Result<std::chrono::nanoseconds> parse_interval(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (error == std::errc::result_out_of_range) return input_error("interval `{}` is too long", text);
  if (error != std::errc{} || count <= 0) {
    auto wrong = input_error("interval `{}` does not begin with a number above 0", text);
    wrong.error().hint = "write a period such as `100ms`, `1s` or `5m`";
    return wrong;
  }
  if (unit == "hz") {
    if (count > kSecond) return input_error("interval `{}` is shorter than a nanosecond", text);
    return std::chrono::nanoseconds(kSecond / count);
  }
  for (const Unit &known : kUnits) {
    if (unit != known.name) continue;
    int64_t nanoseconds = 0;
    if (__builtin_mul_overflow(count, known.nanoseconds, &nanoseconds))
      return input_error("interval `{}` is too long", text);
    return std::chrono::nanoseconds(nanoseconds);
  }
  auto wrong = input_error("interval `{}` has {}", text,
                           unit.empty() ? "no unit" : fmt::format("the unit `{}`, which is not known", unit));
  wrong.error().hint = "units are `ns`, `us`, `ms`, `s`, `m`, `h` and `hz`";
  return wrong;
}

}  // namespace spile::hooks
