// Every rule of the algebraic pass is right for all inputs, at 8, 16, 32 and 64 bits: what it makes of each small shape
// of expression is proved equal to the shape. A rule that is new or changed is proved without a change here, as long as
// it is about a shape of shapes.h.
#include <gtest/gtest.h>

#include <cstdlib>

#include "ir/pipeline.h"
#include "ir/text.h"
#include "support/diagnostics.h"
#include "test/unit/proofs/meaning.h"
#include "test/unit/proofs/shapes.h"

namespace spile::proofs {
namespace {

// One shape in so many in a test run; SPILE_PROOFS_EVERY=1 proves all of them, which takes an hour.
unsigned every() {
  const char *text = std::getenv("SPILE_PROOFS_EVERY");
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 61;
}

class Algebra : public testing::TestWithParam<ir::Type> {};

void prove_passes(ir::Type type, const std::vector<ir::Function> &shapes, std::string_view passes) {
  SourceManager sources;
  Diagnostics diags(sources);
  ir::Module module;
  module.functions = shapes;
  ASSERT_TRUE(ir::run_passes(module, passes, diags));
  z3::context context;
  const std::vector<z3::expr> arguments = {context.bv_const("x", ir::bits_of(type)),
                                           context.bv_const("y", ir::bits_of(type))};
  size_t changed = 0, sampled = 0;
  for (size_t i = 0; i < shapes.size(); i++) {
    const z3::expr before = meaning(shapes[i], arguments), after = meaning(module.functions[i], arguments);
    if (z3::eq(before, after)) continue;
    changed++;
    std::string model;
    const Proof proof = prove_equal(before, after, arguments, model);
    if (proof == Proof::Sampled) sampled++;
    if (proof != Proof::Fails) continue;
    ir::Module both;
    both.functions = {shapes[i], module.functions[i]};
    ADD_FAILURE() << "not the same for\n" << model << "\n" << ir::print(both);
  }
  std::printf("%zu shapes, %zu changed by %s and proved, but for %zu that Z3 could not decide and samples show\n",
              shapes.size(), changed, std::string(passes).c_str(), sampled);
  EXPECT_GT(changed, shapes.size() / 10);
  EXPECT_LE(sampled, 1 + shapes.size() / 500);
}

TEST_P(Algebra, WhatTheRulesMakeIsTheSame) { prove_passes(GetParam(), Shapes(GetParam(), every()).make(), "simplify"); }

TEST_P(Algebra, BytesThatAreJoinedAreTheSame) {
  prove_passes(GetParam(), Shapes(GetParam(), 1).make_gathers(), "simplify,dce,join-bytes");
}

INSTANTIATE_TEST_SUITE_P(Widths, Algebra, testing::ValuesIn(kTypes),
                         [](const auto &info) { return "I" + std::to_string(ir::bits_of(info.param)); });

// The proofs would see a rule that is wrong: x & 7 is not x.
TEST(Proofs, AWrongRuleIsSeen) {
  z3::context context;
  const z3::expr x = context.bv_const("x", 8);
  std::string model;
  EXPECT_EQ(prove_equal(x & 7, x, {x}, model), Proof::Fails);
  EXPECT_EQ(prove_equal(x * 8, z3::shl(x, 3), {x}, model), Proof::Holds);
}

}  // namespace
}  // namespace spile::proofs
