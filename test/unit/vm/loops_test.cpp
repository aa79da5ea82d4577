// Which instructions the JIT takes for repeated: where it inlines what is long, and which programs are given loops'
// passes.
#include "runtime/jit/loops.h"

#include "engines.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {
namespace {

// A digit an instruction: 1 where a run may come by many times.
std::string repeated(std::string_view text) {
  const auto resolved = resolve_program(assembled(text), {}, [](uint32_t) -> HelperFn { return nullptr; });
  if (!resolved) return resolved.error().message;
  const JitInput input("test", *resolved, std::vector<JitObject>(), {});
  std::string digits;
  const std::vector<bool> all = jit::repeated_insns(input.program());
  for (size_t i = 0; i < all.size(); i += isa::width(resolved->insns[i])) digits += all[i] ? '1' : '0';
  return digits + (jit::has_loops(input.program()) ? " loops" : "");
}

TEST(Loops, OfAnInstructionAndItself) { EXPECT_EQ(repeated("r0 = 0\nif r1 > 5 goto -1\nexit\n"), "010 loops"); }

TEST(Loops, NotOfAJumpBackToWhatEnds) {
  EXPECT_EQ(repeated("goto +2\nr0 = 0\nexit\nif r1 > 5 goto -3\ngoto -4\n"), "00000");
}

TEST(Loops, WithWhatTheyCall) {
  EXPECT_EQ(repeated("r1 += 1\ncall f\nif r1 < 5 goto -3\nexit\nf:\nr0 = 1\ncall g\nexit\ng:\nr0 = 2\nexit\n"),
            "111011111 loops");
}

TEST(Loops, NotOfWhatIsCalledOnce) { EXPECT_EQ(repeated("call f\nexit\nf:\nr0 = 1\nexit\n"), "0000"); }

TEST(Loops, OfACallbackWhichHasNone) {
  EXPECT_EQ(repeated("r2 = func f ll\nr0 = 0\nexit\nf:\nr0 = 1\nexit\n"), "00011");
}

}  // namespace
}  // namespace spile::vm
