// The public conformance suite (bpf_conformance) on every engine.
//
// Without the vectors (vectors.h) it is skipped. r1 is the memory and r2 its length; helper 5 returns r1, as the
// suite's own runner has it.
#include <gtest/gtest.h>

#include "runtime/vm/checked.h"
#include "runtime/vm/jit_checked.h"
#include "test/conformance/vectors.h"
#include "test/unit/vm/engines.h"

namespace spile::vm {
namespace {

uint64_t give_r1(uint64_t r1, uint64_t, uint64_t, uint64_t, uint64_t, Env *) { return r1; }
HelperFn helpers(uint32_t number) { return number == 5 ? give_r1 : nullptr; }

// Memory at an address that is a multiple of 8, of exactly the vector's size.
std::vector<uint64_t> aligned(const std::vector<uint8_t> &bytes) {
  std::vector<uint64_t> words((bytes.size() + 7) / 8 + 1);
  if (!bytes.empty()) memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

class Conformance : public testing::Test {
 protected:
  void SetUp() override {
    vectors = read_vectors();
    if (vectors.empty()) GTEST_SKIP() << "no conformance vectors at " << vectors_path() << " (set SPILE_VECTORS)";
    RecordProperty("vectors", static_cast<int>(vectors.size()));
    EXPECT_GE(vectors.size(), 190u) << "the suite of bpf_conformance f558566 has 197";
  }
  void expect_results(const std::string &name, Engine &engine) const {
    for (const Vector &vector : vectors) {
      std::vector<uint64_t> memory = aligned(vector.memory);
      Env env;
      const auto loaded = engine.load(program_of(vector.insns), {});
      ASSERT_TRUE(loaded.has_value()) << name << ": " << vector.name << ": " << loaded.error().message;
      const uint64_t r0 = (*loaded)->run(vector.memory.empty() ? nullptr : memory.data(), vector.memory.size(), env);
      EXPECT_EQ(r0, vector.expected) << name << ": " << vector.name;
    }
  }
  std::vector<Vector> vectors;
};

TEST_F(Conformance, Checked) {
  for (const Vector &vector : vectors) {
    std::vector<uint64_t> memory = aligned(vector.memory);
    const Region region{"memory", reinterpret_cast<uint64_t>(memory.data()), vector.memory.size(), true};
    const auto result = run_checked(vector.insns, {.regions = std::span(&region, 1),
                                                   .r1 = vector.memory.empty() ? 0 : region.address,
                                                   .r2 = vector.memory.size(),
                                                   .resolve = helpers});
    ASSERT_TRUE(result.has_value()) << vector.name << ": " << result.error().message;
    EXPECT_EQ(*result, vector.expected) << vector.name;
  }
}

// The vectors are memory-safe (the checked interpreter just said so), so the engines of verified programs may run them.
TEST_F(Conformance, Engines) {
  for (const auto &[name, engine] : all_engines(helpers)) expect_results(name, *engine);
}

// As the checked interpreter, at the speed of the others.
TEST_F(Conformance, UnverifiedPrograms) {
  Supervision supervision{.verified = false, .fuel = kDefaultFuel};
  expect_results("accelerated", *make_checked_interpreter(supervision, helpers));
#ifdef SPILE_JIT_PLUGIN
  auto source = CodeSource::find({.plugin = SPILE_JIT_PLUGIN});
  ASSERT_TRUE(source.has_value()) << source.error().message;
  expect_results("compiled", *make_checked_interpreter(supervision, helpers, compiled_by(*source, helpers)));
#endif
  EXPECT_FALSE(supervision.fault) << supervision.fault->diagnostic.message;
}

}  // namespace
}  // namespace spile::vm
