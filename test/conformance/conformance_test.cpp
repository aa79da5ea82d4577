// The public conformance suite (bpf_conformance) on every engine.
//
// vectors.tsv, one vector a line: name, least CPU version, group bits, memory in hex or "-", bytecode in hex, expected
// r0. The path is SPILE_VECTORS in the environment, or the default beside the project; without it the test is skipped.
// r1 is the memory and r2 its length; helper 5 returns r1, as the suite's own runner has it.
#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runtime/vm/checked.h"
#include "runtime/vm/jit_checked.h"
#include "test/unit/vm/engines.h"

namespace spile::vm {
namespace {

struct Vector {
  std::string name;
  std::vector<uint8_t> memory;
  std::vector<isa::Insn> insns;
  uint64_t expected = 0;
};

std::vector<uint8_t> bytes_of(std::string_view hex) {
  std::vector<uint8_t> bytes(hex.size() / 2);
  for (size_t i = 0; i < bytes.size(); i++) std::from_chars(&hex[2 * i], &hex[2 * i] + 2, bytes[i], 16);
  return bytes;
}

std::string vectors_path() {
  const char *path = std::getenv("SPILE_VECTORS");
  return path != nullptr ? path : SPILE_VECTORS_DEFAULT;
}

std::vector<Vector> read_vectors() {
  std::vector<Vector> vectors;
  std::ifstream file(vectors_path());
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream columns(line);
    std::string name, version, groups, memory, code, expected;
    columns >> name >> version >> groups >> memory >> code >> expected;
    Vector vector{
        name, memory == "-" ? std::vector<uint8_t>{} : bytes_of(memory), {}, std::stoull(expected, nullptr, 16)};
    const std::vector<uint8_t> bytes = bytes_of(code);
    vector.insns.resize(bytes.size() / sizeof(isa::Insn));
    memcpy(vector.insns.data(), bytes.data(), vector.insns.size() * sizeof(isa::Insn));
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

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
