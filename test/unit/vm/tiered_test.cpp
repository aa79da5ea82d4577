// A program goes from the interpreter to compiled code while it is used, and nobody can tell by its results.
#include "runtime/vm/tiered.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engines.h"

namespace spile::vm {
namespace {

#ifdef SPILE_JIT_PLUGIN

// 5: r1 squared by the callback r2. 6: what runs now, which is another one for the interpreter and for code.
HelperFn helpers(uint32_t number) {
  switch (number) {
    case 5:
      return [](uint64_t value, uint64_t callback, uint64_t, uint64_t, uint64_t, Env *env) {
        return env->call_back(env, callback, value, 0, 0, 0, 0);
      };
    case 6:
      return [](uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, Env *env) {
        return reinterpret_cast<uint64_t>(env->running);
      };
    default:
      return nullptr;
  }
}

// The sum of 20,000 squares, each by a callback, and in *r1 what ran.
constexpr const char *kSquares = R"(
  r6 = r1
  r7 = 0
  r8 = 20000
  r2 = 0 ll
  r1 = r8
  call 5
  r7 += r0
  r8 += -1
  if r8 != 0 goto -7
  call 6
  *(u64 *)(r6 + 0) = r0
  r0 = r7
  exit
  r0 = r1
  r0 *= r0
  exit
)";

object::Program squares() {
  object::Program program = assembled(kSquares);
  for (size_t i = 0; i < program.insns.size(); i++)
    if (program.insns[i].is_lddw()) {
      program.insns[i].src = isa::kPseudoFunc;
      program.insns[i].imm = static_cast<int32_t>(14 - i - 1);  // behind the exit
    }
  return program;
}
constexpr uint64_t kSum = uint64_t{20000} * 20001 * 40001 / 6;

class Tiered : public ::testing::Test {
 protected:
  static std::unique_ptr<Loaded> load() {
    auto engine = make_tiered({.plugin = SPILE_JIT_PLUGIN}, helpers);
    if (!engine) return nullptr;
    auto loaded = (*engine)->load(squares(), {});
    if (loaded) return std::move(*loaded);
    ADD_FAILURE() << loaded.error().message;
    return nullptr;
  }
  // What ran.
  static uint64_t run(const Loaded &loaded) {
    Env env;
    uint64_t what = 0;
    EXPECT_EQ(loaded.run(&what, sizeof(what), env), kSum);
    return what;
  }
};

TEST_F(Tiered, AHotProgramGoesOnAsCodeWithTheSameResults) {
  const auto loaded = load();
  ASSERT_NE(loaded, nullptr);
  const uint64_t interpreted = run(*loaded);
  size_t runs = 1;
  while (run(*loaded) == interpreted) ASSERT_LT(runs++, 1'000'000u) << "it was never compiled";
  EXPECT_GT(runs, 10u) << "compiled before it was hot";
  EXPECT_NE(run(*loaded), interpreted);
}

TEST_F(Tiered, ThreadsMayRunItWhileItIsCompiled) {
  const auto loaded = load();
  ASSERT_NE(loaded, nullptr);
  std::atomic<bool> compiled = false;
  const auto use = [&] {
    const uint64_t interpreted = run(*loaded);
    for (size_t runs = 0; !compiled && runs < 1'000'000; runs++)
      if (run(*loaded) != interpreted) compiled = true;
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_TRUE(compiled);
}

TEST_F(Tiered, AProgramMayGoWhileItIsBeingCompiled) {
  for (int runs : {1, 100, 300, 301, 302, 303}) {
    const auto loaded = load();
    ASSERT_NE(loaded, nullptr);
    for (int i = 0; i < runs; i++) run(*loaded);
  }
}

#endif

HelperFn no_helpers(uint32_t) { return nullptr; }

TEST(TieredWithoutPlugin, AProgramStaysInTheInterpreter) {
  auto engine = make_tiered({.plugin = "/nonexistent/spile-jit.so"}, no_helpers);
  ASSERT_TRUE(engine.has_value());
  auto loaded = (*engine)->load(assembled("r0 = 100000\n r0 += -1\n if r0 != 0 goto -2\n exit"), {});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  Env env;
  for (int i = 0; i < 1000; i++) ASSERT_EQ((*loaded)->run(nullptr, 0, env), 0u);
}

}  // namespace
}  // namespace spile::vm
