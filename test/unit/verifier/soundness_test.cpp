// Soundness against execution, a bounded share of what `./dev fuzz verifier` does: at each step of a program that was
// accepted, the concrete machine lies inside one of the abstract states that were seen at that instruction.
#include <gtest/gtest.h>

#include "test/fuzz/verifier/soundness.h"
#include "test/fuzz/verifier/sources.h"

namespace spile::fuzz {
namespace {

TEST(Soundness, ExecutionsStayInsideTheStates) {
  constexpr uint64_t kPrograms = 4000, kRuns = 4;
  const Sources sources({});
  uint64_t accepted = 0, steps = 0;
  for (uint64_t seed = 0; seed < kPrograms; seed++) {
    const Case c = sources.make(seed);
    World world(*sources.objects()[c.object], *c.type);
    const Soundness s = observe(c.program, *c.type, world, kRuns, seed * kRuns);
    ASSERT_NE(s.kind, Soundness::Unsound) << "seed " << seed << ": " << s.why;
    if (s.kind == Soundness::Sound) accepted++;
    steps += s.steps;
  }
  EXPECT_GT(accepted, kPrograms / 4);
  EXPECT_GT(steps, accepted * kRuns);
}

// A verifier that knew too much would be seen: a state is taken that the machine is not in.
TEST(Soundness, ANumberThatIsNotInTheRangeIsSeen) {
  verifier::State state;
  state.frames.emplace_back();
  std::array<std::byte, vm::kStackBytes> stack{};
  verifier::Concrete machine;
  machine.stack = stack;
  machine.regs[3] = 8;
  state.reg(3) = verifier::RegState::scalar(verifier::Scalar::constant(7));
  EXPECT_FALSE(verifier::is_inside(state, machine));
  EXPECT_EQ(verifier::outside(state, machine), "r3: 0x8 is not 7");
  machine.regs[3] = 7;
  EXPECT_TRUE(verifier::is_inside(state, machine));
}

}  // namespace
}  // namespace spile::fuzz
