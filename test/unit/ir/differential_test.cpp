// Passes preserve meaning: random functions give the same results, helper calls and memory before and after.
#include <fmt/format.h>

#include <algorithm>

#include "ir/checker.h"
#include "ir/evaluate.h"
#include "test/unit/ir/ir_test.h"
#include "test/unit/ir/random_function.h"

namespace spile::ir::test {
namespace {

std::vector<Evaluation> evaluate_all(const Module &module) {
  std::vector<Evaluation> all;
  for (const uint64_t n : {uint64_t{0}, uint64_t{1}, uint64_t{255}, ~uint64_t{0}, uint64_t{0x1234'5678'9abc'def0}}) {
    EvaluationInput input{.integers = {n, n * 3 + 1}, .buffers = {std::vector<std::byte>(32)}};
    for (size_t i = 0; i < 32; i++) input.buffers[0][i] = static_cast<std::byte>(n >> (i % 8));
    all.push_back(evaluate(module, FunctionId(module.functions.size() - 1), input));
    // A run that ends early may end elsewhere after optimization.
    if (all.back().out_of_steps) all.back() = Evaluation{.out_of_steps = true};
  }
  return all;
}

void expect_same(std::string_view passes, uint32_t seed) {
  SourceManager sources;
  Diagnostics diags(sources);
  Module module = RandomModule(seed).make();
  const auto fault = check(module);
  ASSERT_FALSE(fault) << "the generator: " << fault->inst << ": " << fault->what;
  const std::vector<Evaluation> before = evaluate_all(module);
  ASSERT_TRUE(run_passes(module, passes, diags));
  ASSERT_FALSE(diags.has_errors());
  const auto broken = check(module);
  ASSERT_FALSE(broken) << "seed " << seed << ": " << broken->inst << ": " << broken->what;
  const std::vector<Evaluation> after = evaluate_all(module);
  for (size_t i = 0; i < before.size(); i++) {
    if (before[i].out_of_steps || after[i].out_of_steps) continue;
    ASSERT_EQ(before[i].fault, after[i].fault) << passes << ", seed " << seed << ", input " << i;
    ASSERT_EQ(before[i].result, after[i].result) << passes << ", seed " << seed << ", input " << i;
    ASSERT_EQ(before[i].trace, after[i].trace) << passes << ", seed " << seed << ", input " << i;
    ASSERT_TRUE(before[i] == after[i]) << passes << ", seed " << seed << ", input " << i;
  }
}

// The last function of [text] gives the same behind [passes] for each of [inputs]; whether they [changed] it is
// counted.
void expect_same(const std::string &text, std::string_view passes, std::span<const EvaluationInput> inputs,
                 size_t &changed) {
  Read r = read(text);
  ASSERT_TRUE(r.module) << text;
  const Module before = *r.module;
  const auto wrong = check(before);
  ASSERT_FALSE(wrong) << text << wrong->inst << ": " << wrong->what;
  ASSERT_TRUE(run_passes(*r.module, passes, *r.diags));
  const auto broken = check(*r.module);
  ASSERT_FALSE(broken) << text << broken->inst << ": " << broken->what;
  changed += print(*r.module) != print(before) ? 1 : 0;
  const FunctionId last(before.functions.size() - 1);
  for (const EvaluationInput &input : inputs)
    ASSERT_TRUE(evaluate(before, last, input) == evaluate(*r.module, last, input))
        << text << "\nx = " << input.integers[0] << "\n"
        << print(*r.module);
}
std::vector<EvaluationInput> integers_below(uint64_t end) {
  std::vector<EvaluationInput> inputs;
  for (uint64_t x = 0; x < end; x++) inputs.push_back({.integers = {x}, .buffers = {}});
  return inputs;
}

TEST(Differential, EachPassAloneAndBehindMem2reg) {
  for (const PassInfo &pass : all_passes())
    for (uint32_t seed = 0; seed < 150; seed++) {
      expect_same(pass.name, seed);
      expect_same("simplify-cfg,sroa,mem2reg," + std::string(pass.name), seed);
      if (HasFatalFailure()) return;
    }
}

TEST(Differential, Pipelines) {
  for (uint32_t seed = 0; seed < 1000; seed++) {
    for (const char *level : {"O0", "O1", "O2"}) expect_same(level, seed);
    if (HasFatalFailure()) return;
  }
}

// Else the other tests would compare nothing.
TEST(Differential, RandomFunctionsMostlyReturn) {
  size_t returned = 0, runs = 0, calls = 0;
  for (uint32_t seed = 0; seed < 200; seed++)
    for (const Evaluation &e : evaluate_all(RandomModule(seed).make())) {
      runs++;
      returned += e.fault.empty() && !e.out_of_steps ? 1 : 0;
      calls += e.trace.size();
    }
  EXPECT_GT(returned * 10, runs * 9);
  EXPECT_GT(calls, runs);
}

TEST(Differential, TextOfRandomModulesReadsBack) {
  for (uint32_t seed = 0; seed < 100; seed++) {
    const std::string text = print(RandomModule(seed).make());
    EXPECT_EQ(canonical(text), text);
  }
}

// gvn compares what is subtracted in place of the difference: for each byte, on each side of the check that allows it.
TEST(Differential, WhatIsSubtractedIsComparedForAllBytes) {
  size_t changed = 0;
  for (const char *const pred : {"eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sge"})
    for (const unsigned c : {0u, 1u, 100u, 127u, 128u, 200u, 255u})
      for (const unsigned d : {0u, 1u, 50u, 99u, 100u, 127u, 128u, 200u, 254u, 255u}) {
        const std::string text = fmt::format(
            "func @f(i8 %x) -> i32 global {{ entry: %0 = zext.i32 %x\n %1 = icmp.ugt %0, i32 {}\n branch %1, no, in\n"
            "in: %2 = sub.i8 i8 {}, %x\n %3 = icmp.{} %2, i8 {}\n branch %3, a, b\n a: ret i32 1\n b: ret i32 2\n"
            "no: ret i32 3 }}",
            c, static_cast<int8_t>(c), pred, static_cast<int8_t>(d));
        Read r = read(text);
        ASSERT_TRUE(r.module) << text;
        const Module before = *r.module;
        ASSERT_TRUE(run_passes(*r.module, "gvn,dce", *r.diags));
        changed += print(*r.module).find("sub.i8") == std::string::npos ? 1 : 0;
        for (uint64_t x = 0; x < 256; x++) {
          const EvaluationInput input{.integers = {x}, .buffers = {}};
          ASSERT_EQ(evaluate(before, FunctionId(0), input).result, evaluate(*r.module, FunctionId(0), input).result)
              << text << "\nx = " << x;
        }
      }
  EXPECT_GT(changed, 100U);
}

// Chains of tests for numbers, of which some are made what was asked for, some the same and some another: each byte
// gives what it gave.
TEST(Differential, RangesAreAskedForInPlaceOfTheirNumbers) {
  const std::vector<EvaluationInput> inputs = integers_below(256);
  size_t changed = 0;
  uint32_t random = 1;
  const auto below = [&](uint32_t n) { return random = random * 1'664'525 + 1'013'904'223, (random >> 8) % n; };
  for (int round = 0; round < 200; round++) {
    const uint32_t first = below(256), spread = 4 + below(12), count = 4 + below(spread - 3);
    std::vector<uint32_t> numbers;
    while (numbers.size() < count)
      if (const uint32_t n = (first + below(spread)) % 256; std::ranges::find(numbers, n) == numbers.end())
        numbers.push_back(n);
    std::string text = "func @f(i8 %x) -> i8 global { b0: ", phi = "out: %r = phi.i8 ", same = "same: %s = phi.i8 ",
                others;
    size_t sames = 0;
    for (size_t k = 0; k < count; k++) {
      const uint32_t kind = below(8);
      const bool swaps = below(2) == 0;
      std::string to = "out";
      if (kind == 0) {
        to = fmt::format("other{}", k);
        others += fmt::format("other{0}: %o{0} = call_helper.i64 {1}()\n jump out\n", k, 2 * k + 1);
        phi += fmt::format("[i8 {}, other{}], ", static_cast<int>(k), k);
      } else if (kind <= 2) {
        to = "same";
        same += fmt::format("[i8 {}, b{}], ", kind == 1 ? 5 : static_cast<int8_t>(numbers[k]), k);
        sames++;
      } else {
        phi += fmt::format("[i8 {}, b{}], ", kind == 3 ? 99 : static_cast<int8_t>(numbers[k]), k);
      }
      text += fmt::format("%c{0} = icmp.{1} %x, i8 {2}\n branch %c{0}, {3}, {4}\n b{5}: ", k, swaps ? "ne" : "eq",
                          static_cast<int8_t>(numbers[k]), swaps ? fmt::format("b{}", k + 1) : to,
                          swaps ? to : fmt::format("b{}", k + 1), k + 1);
    }
    text += "jump out\n" + others;
    if (sames != 0) text += same.substr(0, same.size() - 2) + "\n jump out\n", phi += "[%s, same], ";
    text += phi + fmt::format("[i8 -1, b{}]\n ret %r }}", count);
    ASSERT_NO_FATAL_FAILURE(expect_same(text, "join-tests", inputs, changed));
  }
  EXPECT_GT(changed, 20U);
}

// Stores of constants and of others, side by side and over one another, in variables of the frame and of the program,
// between loads at known and unknown places: every byte that is read, and that is left, is what it was.
TEST(Differential, StoresThatAreJoinedLeaveTheSameBytes) {
  const std::vector<EvaluationInput> inputs = {{.integers = {0, 0x8091'a2b3'c4d5'e6f7}, .buffers = {}},
                                               {.integers = {8, 0x8091'a2b3'c4d5'e6f7}, .buffers = {}}};
  size_t changed = 0;
  uint32_t random = 7;
  const auto below = [&](uint32_t n) { return random = random * 1'664'525 + 1'013'904'223, (random >> 8) % n; };
  for (int round = 0; round < 1500; round++) {
    const std::array<std::string_view, 4> objects = {"$0", "$1", "@g", "@h"};
    std::string body, sum = "%x";
    const uint32_t unknown = below(3) == 0 ? 40 : 400, loads = below(2) == 0 ? 6 : 24, used = 1 + below(4);
    for (uint32_t k = 0; k < 3 + below(24); k++) {
      const std::string_view object = objects[below(used)];
      const uint32_t bits = 8U << below(below(2) == 0 ? 2 : 4), bytes = bits / 8;
      uint32_t at = below(17 - bytes);
      if (!object.starts_with('@') || below(4) != 0) at = at / bytes * bytes;
      std::string pointer(object);
      const uint32_t way = below(unknown);
      if (way == 0) {
        body += fmt::format("%p{0} = ptradd {1}, %index\n ", k, object);
        pointer = fmt::format("%p{}", k), at = below(8 / bytes) * bytes;
      } else if (way % 5 == 1) {
        body += fmt::format("%p{0} = ptradd {1}, i64 {2}\n ", k, object, at + 8);
        pointer = fmt::format("%p{}", k);
      }
      const int offset = way % 5 == 1 ? -8 : static_cast<int>(at);
      const std::string place = fmt::format("{}, {}", pointer, offset);
      if (below(loads) == 0) {
        body += fmt::format("%l{0} = load.i{1} {2}\n ", k, bits, place);
        if (bits != 64) body += fmt::format("%w{0} = zext.i64 %l{0}\n ", k);
        body += fmt::format("%s{0} = add.i64 {1}, {2}\n ", k, sum, fmt::format("%{}{}", bits == 64 ? 'l' : 'w', k));
        body += fmt::format("%m{0} = mul.i64 %s{0}, i64 31\n ", k);
        sum = fmt::format("%m{}", k);
      } else if (below(5) == 0) {
        if (bits != 64) body += fmt::format("%t{0} = trunc.i{1} %y\n ", k, bits);
        body += fmt::format("store {}, {}\n ", bits == 64 ? "%y" : fmt::format("%t{}", k), place);
      } else {
        const uint32_t kind = below(3);
        const auto number = kind == 0   ? int64_t{0}
                            : kind == 1 ? static_cast<int64_t>(below(256)) - 128
                                        : static_cast<int64_t>(uint64_t{below(1U << 24)} * 0x1'0001'0203'0405);
        body += fmt::format("store i{} {}, {}{}\n ", bits, normalized(integer_type(bits), number), place,
                            below(30) == 0 ? " volatile" : "");
      }
    }
    std::string text =
        "global @g section \".bss\" size 32\nglobal @h section \".bss\" size 32\n"
        "func @f(i64 %x, i64 %y) -> i64 global { slot $0 size 32 align 8\n slot $1 size 32 align 4\n"
        "b0: %index = and.i64 %x, i64 8\n ";
    for (uint32_t at = 0; at < 32; at += 8)
      for (const std::string_view object : objects) text += fmt::format("store %y, {}, {} align 4\n ", object, at);
    text += "jump b1\nb1: " + body + "jump b2\nb2: ";
    text += below(2) == 0 ? "%end = call_helper.i64 7($0, $1, @g, @h)\n " : "";
    for (uint32_t at = 0; at < 32; at += 8)
      for (uint32_t i = 0; i < 4; i++) {
        text += fmt::format("%a{0}{1} = load.i64 {2}, {0} align 4\n %b{0}{1} = add.i64 {3}, %a{0}{1}\n ", at, i,
                            objects[i], sum);
        text += fmt::format("%c{0}{1} = mul.i64 %b{0}{1}, i64 31\n ", at, i);
        sum = fmt::format("%c{}{}", at, i);
      }
    text += fmt::format("ret {} }}", sum);
    ASSERT_NO_FATAL_FAILURE(expect_same(text, "join-stores", inputs, changed));
  }
  EXPECT_GT(changed, 500U);
}

// Loops to which several ways lead, some of them twice from one block or past an inner loop, and from which several
// lead back: what their copies give is what they gave.
TEST(Differential, LoopsWithSeveralWaysInAreTheirCopies) {
  const std::vector<EvaluationInput> inputs = integers_below(6);
  size_t changed = 0;
  uint32_t random = 3;
  const auto below = [&](uint32_t n) { return random = random * 1'664'525 + 1'013'904'223, (random >> 8) % n; };
  for (int round = 0; round < 400; round++) {
    const uint32_t entries = 1 + below(4), start = below(3);
    const bool starts_same = below(4) != 0, has_inner = below(2) == 0, goes_on = below(2) == 0, leaves = below(2) == 0;
    std::string text = "func @f(i64 %x) -> i64 global { b0: jump w0\n", phi = "%i = phi.i64 ", other = "%s = phi.i64 ";
    for (uint32_t k = 0; k < entries; k++) {
      const bool is_last = k + 1 == entries, is_twice = is_last && below(2) == 0;
      text += fmt::format("w{0}: %e{0} = call_helper.i64 {1}()\n ", k, 2 * k + 1);
      if (!is_last || is_twice)
        text += fmt::format("%q{0} = icmp.eq %x, i64 {0}\n branch %q{0}, head, {1}\n", k,
                            is_twice ? "head" : fmt::format("w{}", k + 1));
      else
        text += "jump head\n";
      phi += fmt::format("[i64 {}, w{}], ", starts_same ? start : start + k, k);
      other += fmt::format("[{}, w{}], ", below(2) == 0 ? "%x" : fmt::format("%e{}", k), k);
    }
    phi += "[%n, latch]", other += "[%t, latch]";
    if (goes_on) phi += ", [%m, early]", other += ", [%s, early]";
    text += fmt::format("head: {}\n {}\n %a = add.i64 %s, %i\n %y = call_helper.i64 9(%a)\n", phi, other);
    text += has_inner ? "%g = icmp.ugt %y, i64 9223372036854775807\n branch %g, in, pre\npre: jump in\n"
                        "in: %j = phi.i64 [i64 0, head], [i64 0, pre], [%k, in]\n %z = call_helper.i64 11(%j, %i)\n"
                        "%k = add.i64 %j, i64 1\n %h = icmp.ult %k, %i\n branch %h, in, mid\nmid: "
                      : "%z = add.i64 %y, i64 5\n jump mid\nmid: ";
    text += leaves ? "%l = icmp.ult %z, i64 2305843009213693952\n branch %l, out, body\nbody: " : "jump body\nbody: ";
    text += goes_on
                ? "%c = and.i64 %y, i64 3\n %d = icmp.eq %c, i64 0\n %m = add.i64 %i, i64 1\n"
                  "%o = icmp.ult %m, i64 5\n branch %d, turn, latch\nturn: branch %o, early, out\nearly: jump head\n"
                : "jump latch\n";
    const uint32_t end = below(6);
    text += fmt::format(
        "latch: %t = add.i64 %a, %z\n %n = add.i64 %i, i64 1\n %u = icmp.ult %n, i64 {}\n"
        " branch %u, head, out unroll -1\n",
        end);
    text += "out: %r = phi.i64 [%t, latch]";
    text += leaves ? ", [%z, mid]" : "";
    text += goes_on ? ", [%a, turn]" : "";
    text += "\n %v = add.i64 %r, %s\n ret %v }";
    ASSERT_NO_FATAL_FAILURE(expect_same(text, "unroll", inputs, changed));
  }
  EXPECT_GT(changed, 100U);
}

}  // namespace
}  // namespace spile::ir::test
