// Maps under several threads: what each of them sees is what some order of the operations gives. Under ThreadSanitizer
// (`SPILE_PRESET=tsan ./dev test`) the same tests look for races.
#include <linux/bpf.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "map_testing.h"

namespace spile::maps {
namespace {

constexpr uint64_t kThreads = 3, kSteps = 4'000;

// [work] in each thread, told its number.
template <class Work>
void in_threads(const Work &work) {
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < kThreads; thread++) threads.emplace_back([&work, thread] { work(thread); });
  for (std::thread &thread : threads) thread.join();
}

// Every number that is put in comes out, once. Of a queue, a consumer sees those of one producer in their order.
void exchange(uint32_t type) {
  auto map = make({"m", type, 0, 8, 64, 0, 0});
  std::vector<std::atomic<uint32_t>> taken(kThreads * kSteps);
  std::atomic<uint64_t> wrong = 0;
  in_threads([&](uint64_t thread) {
    std::array<uint64_t, kThreads> last{};  // of each producer, plus one
    const auto take = [&] {
      uint64_t number = 0;
      const int64_t result = map->pop(reinterpret_cast<std::byte *>(&number));
      if (result == -ENOENT) return false;
      if (result != 0 || number >= taken.size()) {
        wrong++;
        return false;
      }
      taken[number]++;
      uint64_t &before = last[number / kSteps];
      if (type == BPF_MAP_TYPE_QUEUE && number % kSteps < before) wrong++;
      before = number % kSteps + 1;
      return true;
    };
    for (uint64_t step = 0; step < kSteps; step++) {
      const uint64_t number = thread * kSteps + step;
      for (int64_t result = -E2BIG; result != 0;) {
        result = map->push(bytes(number), BPF_ANY);
        if (result == -E2BIG && !take()) std::this_thread::yield();
        if (result != 0 && result != -E2BIG) wrong++;
      }
    }
    while (take()) {
    }
  });
  for (const auto &times : taken)
    if (times != 1) wrong++;
  EXPECT_EQ(wrong, 0u);
}

struct PrefixKey {
  uint32_t length;
  uint32_t bits;
};

// A thread alone changes its key: it sees what it did last, whatever the others do to theirs.
template <class Key, class KeyOf>
void own_keys(const Definition &definition, const KeyOf &key_of, bool deletes) {
  auto map = make(definition);
  std::atomic<uint64_t> wrong = 0;
  in_threads([&](uint64_t thread) {
    const Key own = key_of(thread);
    for (uint64_t step = 0; step < kSteps; step++) {
      const uint64_t value = step * kThreads + thread + 1;
      if (put(*map, own, value) != 0 || get<uint64_t>(*map, own) != value) wrong++;
      if (!deletes || step % 3 != 0) continue;
      if (drop(*map, own) != 0 || get<uint64_t>(*map, own)) wrong++;
      if (drop(*map, own) != -ENOENT || put(*map, own, value, BPF_EXIST) != -ENOENT) wrong++;
    }
  });
  EXPECT_EQ(wrong, 0u);
}

// Of those who make a key that is not there, one is told that it did.
void one_maker(const Definition &definition) {
  auto map = make(definition);
  std::atomic<uint64_t> made = 0;
  in_threads([&](uint64_t thread) {
    for (uint32_t key = 0; key < kSteps; key++)
      if (put(*map, key, thread, BPF_NOEXIST) == 0) made++;
  });
  EXPECT_EQ(made, kSteps);
}

uint32_t number_of(uint64_t thread) { return static_cast<uint32_t>(thread); }
PrefixKey prefix_of(uint64_t thread) { return {16, 0x0101 * static_cast<uint32_t>(thread + 1)}; }

}  // namespace

TEST(Threads, AQueueGivesEachValueOnceAndInOrder) { exchange(BPF_MAP_TYPE_QUEUE); }
TEST(Threads, AStackGivesEachValueOnce) { exchange(BPF_MAP_TYPE_STACK); }
TEST(Threads, AHashKeepsWhatItsOnlyWriterPut) { own_keys<uint32_t>(hash_of(4, 8, 64), number_of, true); }
TEST(Threads, AHashWithoutPreallocationDoesToo) {
  own_keys<uint32_t>(hash_of(4, 8, 64, BPF_F_NO_PREALLOC), number_of, true);
}
TEST(Threads, AnArrayKeepsWhatItsOnlyWriterPut) { own_keys<uint32_t>(array_of(8, 4), number_of, false); }
TEST(Threads, ATrieKeepsWhatItsOnlyWriterPut) {
  own_keys<PrefixKey>({"m", BPF_MAP_TYPE_LPM_TRIE, 8, 8, 64, BPF_F_NO_PREALLOC, 0}, prefix_of, true);
}
TEST(Threads, AHashKeyIsMadeByOne) { one_maker(hash_of(4, 8, kSteps)); }
TEST(Threads, AHashWithoutPreallocationHasItsKeyMadeByOne) { one_maker(hash_of(4, 8, kSteps, BPF_F_NO_PREALLOC)); }

TEST(Threads, ABloomFilterKnowsWhatItWasGiven) {
  auto map = make({"m", BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, kThreads * kSteps, 0, 3});
  std::atomic<uint64_t> wrong = 0;
  in_threads([&](uint64_t thread) {
    for (uint64_t step = 0; step < kSteps; step++) {
      uint64_t value = step * kThreads + thread;
      if (map->push(bytes(value), BPF_ANY) != 0 || map->peek(reinterpret_cast<std::byte *>(&value)) != 0) wrong++;
    }
  });
  EXPECT_EQ(wrong, 0u);
}

}  // namespace spile::maps
