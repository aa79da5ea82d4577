#include "runtime/helpers/format.h"

#include "helper_testing.h"

namespace spile::helpers {
namespace {

struct Outcome {
  int64_t result;
  std::string text;
  bool operator==(const Outcome &) const = default;
};
std::ostream &operator<<(std::ostream &out, const Outcome &outcome) {
  return out << outcome.result << " \"" << outcome.text << '"';
}

template <class... Args>
Outcome expand(Dialect dialect, std::string format, Args... args) {
  vm::Env env;
  const std::vector<uint64_t> words{vm::argument(args)...};
  Outcome outcome;
  outcome.result =
      expand_format(&env, dialect, std::string_view(format.c_str(), format.size() + 1), words, outcome.text);
  if (outcome.result < 0) outcome.text.clear();
  return outcome;
}
template <class... Args>
std::string kernel(std::string format, Args... args) {
  const Outcome outcome = expand(Dialect::Kernel, format, args...);
  EXPECT_EQ(outcome.result, static_cast<int64_t>(outcome.text.size())) << format;
  return outcome.text;
}
template <class... Args>
std::string user(std::string format, Args... args) {
  return expand(Dialect::Spile, format, args...).text;
}

TEST(Format, IntegersTakeTheirWidthFromTheLengthModifier) {
  EXPECT_EQ(kernel("%d %u", -1, -1), "-1 4294967295");
  EXPECT_EQ(kernel("%ld %lu", -1, -1), "-1 18446744073709551615");
  EXPECT_EQ(kernel("%x %lx %llX", -1, -1, 0xabcdef), "ffffffff ffffffffffffffff ABCDEF");
  EXPECT_EQ(kernel("%d", 0x1'0000'0005), "5");
  EXPECT_EQ(kernel("%lld", INT64_MIN), "-9223372036854775808");
}

TEST(Format, FlagsAndWidth) {
  EXPECT_EQ(kernel("[%5d] [%-5d] [%05d]", 42, 42, -42), "[   42] [42   ] [-0042]");
  EXPECT_EQ(kernel("[%+d] [% d] [%+u]", 42, 42, 42), "[+42] [ 42] [42]");
  EXPECT_EQ(kernel("[%5s] [%-5s] [%c]", "ab", "ab", 'x'), "[   ab] [ab   ] [x]");
}

TEST(Format, PercentSignsAndEmptyFormats) {
  EXPECT_EQ(kernel("100%%"), "100%");
  EXPECT_EQ(kernel(""), "");
}

TEST(Format, PointersAreSixteenDigits) {
  EXPECT_EQ(kernel("%p %px", 0xabc, 0xdef), "0000000000000abc 0000000000000def");
}

TEST(Format, AddressesOfTheNetwork) {
  const uint8_t ip4[] = {192, 168, 0, 1};
  const uint8_t ip6[16] = {0xfe, 0x80, [15] = 1};
  EXPECT_EQ(kernel("%pI4 %pi4", ip4, ip4), "192.168.0.1 192.168.000.001");
  EXPECT_EQ(kernel("%pI6", ip6), "fe80:0000:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(kernel("%pi6", ip6), "fe800000000000000000000000000001");
  const uint8_t mac[] = {2, 0, 0, 0xa, 0xb, 0xc};
  EXPECT_EQ(user("%pM", mac), "02:00:00:0a:0b:0c");
  EXPECT_EQ(user("%pI6c", ip6), "fe80::1");
}

TEST(Format, AStringThatCannotBeReadIsEmpty) {
  EXPECT_EQ(kernel("[%s]", 8), "[]");
  EXPECT_EQ(kernel("[%pks] [%pus]", "own", "own"), "[own] []");
}

TEST(Format, WhatTheKernelRefusesIsRefused) {
  for (const char *format : {"%o", "%#x", "%.3d", "%*d", "%hd", "%zu", "%f", "%n", "%pM", "%sx", "%", "%5", "%l", "%5%",
                             "\x01", "\xc3\xa4", "%pX", "%pI5"})
    EXPECT_EQ(expand(Dialect::Kernel, format, 1, 1), (Outcome{-EINVAL, ""})) << format;
  EXPECT_EQ(expand(Dialect::Kernel, "%d %d", 1), (Outcome{-EINVAL, ""}));
}

TEST(Format, TheKernelWantsANulAtTheEnd) {
  vm::Env env;
  std::string text;
  EXPECT_EQ(expand_format(&env, Dialect::Kernel, "abc", {}, text), -EINVAL);
  EXPECT_EQ(expand_format(&env, Dialect::Spile, "abc", {}, text), 3);
}

TEST(Format, TheSpileDialectKnowsMore) {
  EXPECT_EQ(user("%o %#x %#o", 8, 255, 8), "10 0xff 010");
  EXPECT_EQ(user("%.3d|%5.2s|%hhd|%hu", 7, "abc", 0x1ff, 0x1ffff), "007|   ab|-1|65535");
  EXPECT_EQ(user("%zu µs", 12), "12 µs");
  EXPECT_EQ(user("%lu%s", 12, "x"), "12x");
  EXPECT_EQ(expand(Dialect::Spile, "%d"), (Outcome{-EINVAL, ""}));
}

TEST(Format, LongTextIsCutButItsLengthIsTold) {
  const Outcome outcome = expand(Dialect::Kernel, "%2000d", 1);
  EXPECT_EQ(outcome.result, 2000);
  EXPECT_EQ(outcome.text.size(), 1023u);
  EXPECT_LE(expand(Dialect::Spile, "%999999999d", 1).text.size(), 64u * 1024);
}

}  // namespace
}  // namespace spile::helpers
