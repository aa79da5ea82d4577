// Several threads on one per-CPU hash, each on a CPU's values, while keys come and go.
#include "runtime/maps/percpu_map.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>

namespace spile::maps {
namespace {

const std::byte *bytes(const uint64_t &word) { return reinterpret_cast<const std::byte *>(&word); }

// An element that is deleted becomes another key's at once. Whoever writes into the old one then would put a key's
// value under another, where it would find it, as nobody else writes the values of its CPU. Values are long, so that
// writing one takes a while.
void write_while_keys_go(uint32_t type) {
  constexpr uint64_t kKeys = 4, kRounds = 20'000, kWords = 512;
  auto made = PerCpuMap::make({"counts", type, 8, kWords * 8, kKeys / 2, 0, 0, {}});
  ASSERT_TRUE(made);
  Map &map = **made;
  std::atomic<uint64_t> writing{2}, astray{0};
  const auto write = [&](uint32_t cpu) {
    for (uint64_t i = 0; i < kRounds; i++) {
      std::array<uint64_t, kWords> value;
      const uint64_t key = i % kKeys;
      value.fill(key + 1);
      map.update_on(bytes(key), bytes(value[0]), BPF_ANY, cpu);
      for (uint64_t other = 0; other < kKeys; other++)
        if (const std::byte *const found = map.lookup_on(bytes(other), cpu); found != nullptr) {
          std::memcpy(value.data(), found, sizeof value);
          if (value.back() != 0 && value.back() != other + 1) astray++;
        }
    }
    writing--;
  };
  std::thread first(write, 0), second(write, 1);
  for (uint64_t i = 0; writing != 0; i++) {
    const uint64_t key = i % kKeys;
    map.erase(bytes(key));
  }
  first.join();
  second.join();
  EXPECT_EQ(astray, 0);
}

TEST(PerCpuMap, WritersOfOneCpuNeverHitAnotherKey) { write_while_keys_go(BPF_MAP_TYPE_PERCPU_HASH); }
TEST(PerCpuMap, NorWhereOldKeysMakeRoom) { write_while_keys_go(BPF_MAP_TYPE_LRU_PERCPU_HASH); }

}  // namespace
}  // namespace spile::maps
