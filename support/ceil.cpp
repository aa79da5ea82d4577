// ceil(3), which {fmt} calls to print a number with a precision: the one function of libm that the program would need,
// and so the one for which a whole library would be found, mapped and bound at each start.
#include <cstdint>

extern "C" double ceil(double x) noexcept {
  constexpr double kAllWhole = 0x1p52;  // from here on there are no fractions; a NaN is not below it
  if (!(__builtin_fabs(x) < kAllWhole)) return x;
  const auto cut = static_cast<double>(static_cast<int64_t>(x));
  return __builtin_copysign(cut < x ? cut + 1 : cut, x);  // of what rounds to zero the sign stays
}
