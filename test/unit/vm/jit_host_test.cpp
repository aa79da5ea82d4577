// What goes wrong when the plugin is not as it should be.
#include "runtime/vm/jit_host.h"

#include <gtest/gtest.h>

#include "engines.h"
#include "runtime/vm/interpreter.h"

namespace spile::vm {
namespace {

HelperFn no_helpers(uint32_t) { return nullptr; }

TEST(JitHost, AMissingPluginIsTheEnvironmentsFault) {
  const auto jit = open_jit("/nonexistent/spile-jit.so", no_helpers);
  ASSERT_FALSE(jit.has_value());
  EXPECT_EQ(jit.error().kind, Error::Kind::Environment);
  EXPECT_NE(jit.error().message.find("/nonexistent/spile-jit.so"), std::string::npos) << jit.error().message;
  EXPECT_NE(jit.error().hint.find("--engine=interp"), std::string::npos);
}

TEST(JitHost, AnotherLibraryIsNoPlugin) {
  const auto jit = open_jit("libm.so.6", no_helpers);
  ASSERT_FALSE(jit.has_value());
  EXPECT_EQ(jit.error().message, "libm.so.6: not a JIT plugin of Spile");
}

TEST(JitHost, ProgramsOutliveTheirEngineAndFreeTheirCode) {
#ifdef SPILE_JIT_PLUGIN
  std::unique_ptr<Loaded> first;
  for (int i = 0; i < 50; i++) {
    auto jit = open_jit(SPILE_JIT_PLUGIN, no_helpers);
    ASSERT_TRUE(jit.has_value()) << jit.error().message;
    auto loaded = (*jit)->load(assembled("r0 = " + std::to_string(i) + "\n exit"), {});
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    Env env;
    EXPECT_EQ((*loaded)->run(nullptr, 0, env), static_cast<uint64_t>(i));
    if (i == 0) first = std::move(*loaded);
  }
  Env env;
  EXPECT_EQ(first->run(nullptr, 0, env), 0u);
#else
  GTEST_SKIP() << "the JIT plugin is not built here";
#endif
}

// A timer's callback runs outside of a run, on an Env that an interpreter's program may have next.
TEST(JitHost, ACallbackRunsOutsideOfARun) {
#ifdef SPILE_JIT_PLUGIN
  auto jit = open_jit(SPILE_JIT_PLUGIN, no_helpers);
  ASSERT_TRUE(jit.has_value()) << jit.error().message;
  auto loaded = (*jit)->load(assembled("r0 = func f ll\n exit\nf:\n r0 = r1\n r0 += r2\n exit"), {});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  Env env;
  const uint64_t callback = (*loaded)->run(nullptr, 0, env);
  EXPECT_EQ((*loaded)->call(callback, 40, 2, 0, env), 42u);
  EXPECT_EQ(env.running, loaded->get());
  const CallbackFn compiled = env.call_back;
  auto next = make_portable_interpreter(no_helpers)->load(assembled("r0 = 7\n exit"), {});
  ASSERT_TRUE(next.has_value()) << next.error().message;
  EXPECT_EQ((*next)->run(nullptr, 0, env), 7u);
  EXPECT_EQ(env.running, next->get());
  EXPECT_NE(env.call_back, compiled);
#else
  GTEST_SKIP() << "the JIT plugin is not built here";
#endif
}

// Calls between the two are slow where the upper bits of their addresses differ.
TEST(JitHost, CodeLiesNearTheHost) {
#ifdef SPILE_JIT_PLUGIN
  auto jit = open_jit(SPILE_JIT_PLUGIN, no_helpers);
  ASSERT_TRUE(jit.has_value()) << jit.error().message;
  auto loaded = (*jit)->load(assembled("r0 = func f ll\n exit\nf:\n r0 = r1\n exit"), {});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  Env env;
  // A function beside the one that places it: the upper bits may change between that and this test.
  const uint64_t code = (*loaded)->run(nullptr, 0, env), host = reinterpret_cast<uint64_t>(&open_jit);
  EXPECT_EQ(code >> 37, host >> 37);
#else
  GTEST_SKIP() << "the JIT plugin is not built here";
#endif
}

}  // namespace
}  // namespace spile::vm
