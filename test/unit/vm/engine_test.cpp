// What every engine must do, beyond what single instructions mean (test/conformance checks those).
#include <gtest/gtest.h>

#include <thread>

#include "engines.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {
namespace {

// Two elements of 8 bytes in one block.
class FakeMap final : public maps::Map {
 public:
  FakeMap() : Map(maps::Definition{.name = "fake", .key_size = 4, .value_size = 8, .max_entries = 2}) {}
  std::byte *lookup(const std::byte *) override { return values; }
  int64_t update(const std::byte *, const std::byte *, uint64_t) override { return 0; }
  int64_t erase(const std::byte *) override { return 0; }
  int64_t next_key(const std::byte *, std::byte *) override { return 0; }
  uint64_t for_each(const Visit &) override { return 0; }
  size_t size() const override { return 2; }
  std::byte *direct_values() override { return values; }
  alignas(8) std::byte values[16] = {};
};

uint64_t weigh(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, Env *env) {
  return r1 + 10 * r2 + 100 * r3 + 1000 * r4 + 10000 * r5 + (env->event == nullptr ? 0 : env->event->pid);
}
// Calls back r2 times with the count, and adds up the results.
uint64_t repeat(uint64_t callback, uint64_t times, uint64_t context, uint64_t, uint64_t, Env *env) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < times; i++) sum += env->call_back(env, callback, i, context, 0, 0, 0);
  return sum;
}
HelperFn helpers(uint32_t number) { return number == 1 ? weigh : number == 2 ? repeat : nullptr; }

class Engines : public testing::TestWithParam<NamedEngine> {
 protected:
  uint64_t run(std::string_view text, std::span<maps::Map *const> maps = {}) {
    auto loaded = GetParam().engine->load(assembled(text), maps);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message;
      return 0;
    }
    return (*loaded)->run(memory, sizeof memory, env);
  }
  Env env;
  uint64_t memory[4] = {0x1122334455667788, 0xfedcba9876543210, 7, 9};
};
INSTANTIATE_TEST_SUITE_P(All, Engines, testing::ValuesIn(all_engines(helpers)),
                         [](const auto &info) { return info.param.name; });

TEST_P(Engines, ContextAndItsSize) {
  EXPECT_EQ(run("r0 = *(u64 *)(r1 + 8)\n r0 += r2\n exit"), 0xfedcba9876543210 + sizeof memory);
}

TEST_P(Engines, EveryRegisterIsItsOwn) {
  EXPECT_EQ(run(R"(
    r0 = 1
    r1 = 2
    r2 = 4
    r3 = 8
    r4 = 16
    r5 = 32
    r6 = 64
    r7 = 128
    r8 = 256
    r9 = 512
    r0 += r1
    r0 += r2
    r0 += r3
    r0 += r4
    r0 += r5
    r0 += r6
    r0 += r7
    r0 += r8
    r0 += r9
    exit)"),
            1023u);
}

TEST_P(Engines, HelpersGetFiveArgumentsAndTheEnvironment) {
  Event event;
  event.pid = 100000;
  env.event = &event;
  const char *program = R"(
    r6 = 6
    r9 = 9
    r1 = 1
    r2 = 2
    r3 = 3
    r4 = 4
    r5 = 5
    call 1
    r0 *= 100
    r6 *= r9
    r0 += r6
    exit)";
  EXPECT_EQ(run(program), 15432154u);
}

TEST_P(Engines, LocalCallsKeepCalleeSavedRegistersAndStacks) {
  EXPECT_EQ(run(R"(
    *(u64 *)(r10 - 8) = 40
    r6 = 1
    r7 = 2
    r1 = r10
    call add_to
    r0 = *(u64 *)(r10 - 8)
    r0 += r6
    r0 += r7
    exit
  add_to:
    r6 = 1000
    r7 = 1000
    *(u64 *)(r10 - 8) = 5
    r2 = *(u64 *)(r10 - 8)
    r3 = *(u64 *)(r1 - 8)
    r3 += r2
    *(u64 *)(r1 - 8) = r3
    exit)"),
            48u);
}

TEST_P(Engines, EightFrames) {
  std::string text;
  for (int i = 0; i < 7; i++)
    text += "f" + std::to_string(i) + ":\n call f" + std::to_string(i + 1) + "\n r0 += 1\n exit\n";
  EXPECT_EQ(run(text + "f7:\n *(u8 *)(r10 - 512) = 3\n r0 = *(u8 *)(r10 - 512)\n exit"), 10u);
}

TEST_P(Engines, StackIsZeroInEachNewFrame) {
  EXPECT_EQ(run(R"(
    r0 = *(u64 *)(r10 - 8)
    r2 = *(u64 *)(r10 - 512)
    r0 |= r2
    call dirty
    r6 = r0
    call look
    r0 += r6
    exit
  dirty:
    *(u64 *)(r10 - 8) = 5
    r1 = r10
    r0 = 1
    exit
  look:
    r1 = r10
    r0 = *(u64 *)(r1 - 8)
    exit)"),
            1u);
}

TEST_P(Engines, CallbacksRunInTheSameEngine) {
  EXPECT_EQ(run(R"(
    *(u64 *)(r10 - 8) = 100
    r1 = func each ll
    r2 = 4
    r3 = r10
    r6 = 7
    call 2
    r0 += r6
    exit
  each:
    r6 = 99
    *(u64 *)(r10 - 8) = 1
    r0 = r1
    r1 = *(u64 *)(r2 - 8)
    r0 += r1
    exit)"),
            0 + 1 + 2 + 3 + 400 + 7u);
}

TEST_P(Engines, CallsThroughARegister) {
  EXPECT_EQ(run(R"(
    r3 = func f ll
    r1 = 20
    callx r3
    r6 = r0
    r1 = 5
    r2 = 0
    r3 = 0
    r4 = 0
    r5 = 0
    r8 = 1
    callx r8
    r0 += r6
    exit
  f:
    r0 = r1
    r0 <<= 1
    exit)"),
            45u);
}

TEST_P(Engines, MapsAreAddresses) {
  FakeMap map;
  maps::Map *const maps[] = {&map};
  EXPECT_EQ(run("r0 = map 0 ll\n exit", maps), reinterpret_cast<uint64_t>(static_cast<maps::Map *>(&map)));
  EXPECT_EQ(
      run("r1 = map_value 0 + 8 ll\n *(u64 *)(r1 + 0) = 77\n r2 = map_value 0 ll\n r0 = *(u64 *)(r2 + 8)\n exit", maps),
      77u);
}

TEST_P(Engines, PacketLoadsAreBigEndianAndEndTheProgram) {
  std::byte bytes[] = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}};
  Packet packet{.data = bytes, .wire_length = 5, .network_offset = 2, .mac_offset = 0};
  Event event;
  event.packet = &packet;
  env.event = &event;
  EXPECT_EQ(run("r6 = r1\n r0 = *(u32 *)skb[1]\n exit"), 0x02030405u);
  EXPECT_EQ(run("r6 = r1\n r2 = 2\n r0 = *(u16 *)skb[r2 + 1]\n exit"), 0x0405u);
  EXPECT_EQ(run("r6 = r1\n r0 = *(u8 *)skb[-1048576]\n exit"), 3u) << "SKF_NET_OFF";
  EXPECT_EQ(run("r6 = r1\n r0 = *(u8 *)skb[-2097151]\n exit"), 2u) << "SKF_LL_OFF";
  EXPECT_EQ(run("r6 = r1\n r0 = *(u32 *)skb[2]\n r0 = 99\n exit"), 0u);
  EXPECT_EQ(run("r6 = r1\n r2 = -1\n r0 = *(u8 *)skb[r2]\n r0 = 99\n exit"), 0u);
  EXPECT_EQ(run("r6 = 5\n call f\n r0 += 1\n exit\nf:\n r0 = *(u32 *)skb[2]\n r0 = 99\n exit"), 1u)
      << "a load without its bytes ends the subprogram that made it";
}

TEST_P(Engines, Atomics) {
  EXPECT_EQ(run("r2 = 5\n r2 = atomic_fetch_add((u64 *)(r1 + 0x10), r2)\n r0 = *(u64 *)(r1 + 16)\n r0 *= 100\n r0 += "
                "r2\n exit"),
            1207u);
  EXPECT_EQ(run("r0 = 12\n r2 = 3\n r0 = cmpxchg_64(r1 + 0x10, r0, r2)\n exit"), 12u);
  EXPECT_EQ(memory[2], 3u);
  EXPECT_EQ(run("r2 = -1\n w2 = xchg32_32(r1 + 0x18, w2)\n r0 = r2\n exit"), 9u);
  EXPECT_EQ(memory[3], 0xffffffffu);
  EXPECT_EQ(run("r0 = load_acquire((u64 *)(r1 + 0x10))\n store_release((u8 *)(r1 + 0x18), w0)\n exit"), 3u);
  EXPECT_EQ(memory[3], 0xffffff03u);
  EXPECT_EQ(
      run("r2 = 4\n lock *(u32 *)(r1 + 0x10) += r2\n lock *(u64 *)(r1 + 0x10) |= r2\n r0 = *(u64 *)(r1 + 16)\n exit"),
      7u);
}

TEST_P(Engines, MayGotoIsBounded) {
  EXPECT_EQ(run("r0 = 0\nloop:\n may_goto out\n r0 += 1\n goto loop\nout:\n exit"), kMaxLoops);
}

TEST_P(Engines, RunsOnSeveralThreadsAtOnce) {
  auto loaded = GetParam().engine->load(assembled(R"(
    r0 = 0
    r2 = 100000
  loop:
    *(u64 *)(r10 - 8) = r2
    r3 = *(u64 *)(r10 - 8)
    r0 += r3
    r2 -= 1
    if r2 != 0 goto loop
    exit)"),
                                        {});
  ASSERT_TRUE(loaded.has_value());
  uint64_t results[4] = {};
  {
    std::vector<std::jthread> threads;
    for (uint64_t &result : results)
      threads.emplace_back([&] {
        Env own;
        result = (*loaded)->run(nullptr, 0, own);
      });
  }
  for (const uint64_t result : results) EXPECT_EQ(result, 5000050000u);
}

TEST_P(Engines, RefusesWhatItCannotRun) {
  const auto message = [&](std::string_view text) {
    auto loaded = GetParam().engine->load(assembled(text), {});
    return loaded.has_value() ? "loaded" : loaded.error().message;
  };
  EXPECT_EQ(message("call 3\n exit"), "instruction 0: `call 0x3`: helper map_delete_elem (3) is not available here");
  EXPECT_EQ(message("r0 = map 0 ll\n exit"), "instruction 0: `r0 = map 0x0 ll`: map 0 of 0");
}

}  // namespace
}  // namespace spile::vm
