// Compiled code in files: it is found again by a program that is the same, wherever its maps lie, and by no other; what
// is wrong with a file never gets as far as being executed.
#include "runtime/vm/code_cache.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engines.h"

namespace spile::vm {
namespace {

namespace fs = std::filesystem;

class CodeCacheTest : public ::testing::Test {
 protected:
  CodeCacheTest() : folder_(fs::path(::testing::TempDir()) / ("spile-cache-" + std::to_string(::getpid()))) {}
  ~CodeCacheTest() override { fs::remove_all(folder_); }

  static std::vector<std::byte> key(char last) { return {std::byte{1}, std::byte{2}, static_cast<std::byte>(last)}; }
  static void store(const CodeCache &cache, char last, std::vector<std::byte> bytes) {
    const JitRelocation relocation{8, 3, 5};
    const JitFunction function{0, 7};
    cache.store(key(last), {bytes.data(), bytes.size(), 4096, &relocation, 1, &function, 1});
  }
  static bool has(const CodeCache &cache, char last) {
    return cache.find(key(last), [](const JitImage &) {});
  }
  std::vector<fs::path> files() const { return {fs::directory_iterator(folder_), fs::directory_iterator()}; }

  fs::path folder_;
};

std::string contents(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(CodeCacheTest, GivesWhatWasStoredForTheSameKeyOnly) {
  const CodeCache cache(folder_ / "deep");
  EXPECT_FALSE(has(cache, 'a'));
  store(cache, 'a', std::vector(5000, std::byte{0x90}));
  EXPECT_FALSE(has(cache, 'b'));
  EXPECT_TRUE(cache.find(key('a'), [](const JitImage &image) {
    EXPECT_EQ(image.size, 5000u);
    EXPECT_EQ(image.bytes[4999], std::byte{0x90});
    EXPECT_EQ(image.data_offset, 4096u);
    ASSERT_EQ(image.relocation_count, 1u);
    EXPECT_EQ(image.relocations[0].object, 3u);
    EXPECT_EQ(image.relocations[0].addend, 5);
    ASSERT_EQ(image.function_count, 1u);
    EXPECT_EQ(image.functions[0].size, 7u);
  }));
  EXPECT_EQ(cache.contents().files, 1u);
}

TEST_F(CodeCacheTest, AFileThatIsNotWholeOrNotAsWrittenIsAsNone) {
  const CodeCache cache(folder_);
  store(cache, 'a', std::vector(100, std::byte{0x90}));
  const fs::path path = files().front();
  const std::string whole = contents(path);
  const auto rewrite = [&](const std::string &bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return has(cache, 'a');
  };
  for (size_t i = 0; i < whole.size(); i += 7) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    EXPECT_FALSE(rewrite(changed)) << "byte " << i;
  }
  for (size_t size = 0; size < whole.size(); size += 7)
    EXPECT_FALSE(rewrite(whole.substr(0, size))) << size << " bytes";
  EXPECT_FALSE(rewrite(whole + whole));
  EXPECT_TRUE(rewrite(whole));
}

TEST_F(CodeCacheTest, AFileThatOthersMayWriteIsNotExecuted) {
  const CodeCache cache(folder_);
  store(cache, 'a', std::vector(100, std::byte{0x90}));
  ASSERT_TRUE(has(cache, 'a'));
  ASSERT_EQ(::chmod(files().front().c_str(), 0666), 0);
  EXPECT_FALSE(has(cache, 'a'));
}

TEST_F(CodeCacheTest, OnlyItsOwnerReadsAndWritesIt) {
  const mode_t before = ::umask(0);
  const CodeCache cache(folder_ / "deep");
  store(cache, 'a', std::vector(100, std::byte{0x90}));
  ::umask(before);
  const auto mode_of = [](const fs::path &path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  };
  EXPECT_EQ(mode_of(folder_), 0700u);
  EXPECT_EQ(mode_of(folder_ / "deep"), 0700u);
  EXPECT_EQ(mode_of(fs::directory_iterator(folder_ / "deep")->path()), 0600u);
}

TEST_F(CodeCacheTest, AFolderThatOthersMayWriteIsAsNone) {
  const CodeCache cache(folder_);
  store(cache, 'a', std::vector(100, std::byte{0x90}));
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_FALSE(has(cache, 'a'));
  store(cache, 'b', std::vector(100, std::byte{0x90}));
  EXPECT_EQ(files().size(), 1u);
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  EXPECT_TRUE(has(cache, 'a'));
}

TEST_F(CodeCacheTest, WhatHasNotBeenUsedForLongestGoesFirst) {
  const CodeCache cache(folder_, 10'000);
  const auto hours_ago = [&](int hours) {
    for (const fs::path &path : files())
      fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours(hours));
  };
  store(cache, 'a', std::vector(4000, std::byte{}));
  hours_ago(1);
  store(cache, 'b', std::vector(4000, std::byte{}));
  hours_ago(1);
  EXPECT_TRUE(has(cache, 'a'));  // which makes 'b' the older one
  store(cache, 'c', std::vector(4000, std::byte{}));
  EXPECT_TRUE(has(cache, 'a'));
  EXPECT_FALSE(has(cache, 'b'));
  EXPECT_TRUE(has(cache, 'c'));
  EXPECT_LE(cache.contents().bytes, 10'000u);
}

TEST_F(CodeCacheTest, AFolderThatCannotBeMadeIsNoCache) {
  const CodeCache cache("/proc/nowhere/spile");
  store(cache, 'a', std::vector(10, std::byte{}));
  EXPECT_FALSE(has(cache, 'a'));
  EXPECT_EQ(cache.contents().files, 0u);
}

#ifdef SPILE_JIT_PLUGIN
HelperFn helpers(uint32_t number) {
  if (number != BPF_FUNC_map_lookup_elem) return nullptr;
  return [](uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t, Env *) {
    return reinterpret_cast<uint64_t>(
        reinterpret_cast<maps::Map *>(map)->lookup(reinterpret_cast<const std::byte *>(key)));
  };
}

struct OwnMaps {
  OwnMaps(uint32_t entries) {
    made.push_back(*maps::create({"array", BPF_MAP_TYPE_ARRAY, 4, 16, entries, 0, 0, {}}));
    made.push_back(*maps::create({"table", BPF_MAP_TYPE_HASH, 4, 8, entries, 0, 0, {}}));
    for (const auto &map : made) pointers.push_back(map.get());
  }
  std::vector<std::unique_ptr<maps::Map>> made;
  std::vector<maps::Map *> pointers;
};

// What map it is, is known by its value: [which] of element 1.
constexpr const char *kLooksUp = R"(
  *(u32 *)(r10 - 4) = 1
  r2 = r10
  r2 += -4
  r1 = map 0 ll
  call 1
  if r0 == 0 goto +1
  r0 = *(u64 *)(r0 + 0)
  exit
)";

void write_element(OwnMaps &maps, uint64_t value) {
  const uint32_t key = 1;
  const uint64_t words[] = {value, 0};
  ASSERT_EQ(maps.pointers[0]->update(reinterpret_cast<const std::byte *>(&key),
                                     reinterpret_cast<const std::byte *>(words), 0),
            0);
}

// Never both: what is written could be run.
void expect_no_page_is_writable_and_executable() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) EXPECT_EQ(line.find("wx"), std::string::npos) << line;
}

TEST_F(CodeCacheTest, CodeIsTheSameWhereverMapsLieAndRunsOnTheNewOnes) {
  const object::Program program = assembled(kLooksUp);
  const auto run = [&](const fs::path &folder, uint32_t entries, uint64_t value, OwnMaps &maps) {
    write_element(maps, value);
    auto jit = make_jit({.plugin = SPILE_JIT_PLUGIN, .cache = folder}, helpers);
    ASSERT_TRUE(jit.has_value()) << jit.error().message;
    auto loaded = (*jit)->load(program, maps.pointers);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    Env env;
    EXPECT_EQ((*loaded)->run(nullptr, 0, env), value) << entries;
    expect_no_page_is_writable_and_executable();
  };
  OwnMaps first(8), second(8), larger(9);
  run(folder_ / "one", 8, 11, first);
  run(folder_ / "two", 8, 22, second);
  const auto only_file = [&](const char *name) { return fs::directory_iterator(folder_ / name)->path(); };
  EXPECT_EQ(contents(only_file("one")), contents(only_file("two")));
  run(folder_ / "one", 8, 33, second);
  EXPECT_EQ(CodeCache(folder_ / "one").contents().files, 1u);
  run(folder_ / "one", 9, 44, larger);
  EXPECT_EQ(CodeCache(folder_ / "one").contents().files, 2u);
}

// The key of a cache's only file: its size is the third word, and it lies behind the eight words of the header.
std::vector<std::byte> key_of_only_file(const fs::path &path) {
  const std::string bytes = contents(path);
  uint64_t size = 0;
  memcpy(&size, &bytes[16], sizeof(size));
  const auto *const first = reinterpret_cast<const std::byte *>(&bytes[64]);
  return {first, first + size};
}

TEST_F(CodeCacheTest, AnImageThatCannotBePlacedIsMadeAnew) {
  const object::Program program = assembled(kLooksUp);
  OwnMaps maps(8);
  write_element(maps, 11);
  const auto run = [&] {
    auto jit = make_jit({.plugin = SPILE_JIT_PLUGIN, .cache = folder_}, helpers);
    ASSERT_TRUE(jit.has_value()) << jit.error().message;
    auto loaded = (*jit)->load(program, maps.pointers);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    Env env;
    EXPECT_EQ((*loaded)->run(nullptr, 0, env), 11u);
  };
  run();
  ASSERT_EQ(files().size(), 1u);
  const fs::path file = files().front();
  const std::string whole = contents(file);
  const std::vector<std::byte> key = key_of_only_file(file);
  const auto damaged = [&](const char *how, auto damage) {
    const CodeCache cache(folder_);
    ASSERT_TRUE(cache.find(key, [&](const JitImage &image) {
      JitImage other = image;
      std::vector<JitRelocation> relocations(image.relocations, image.relocations + image.relocation_count);
      std::vector<JitFunction> functions(image.functions, image.functions + image.function_count);
      ASSERT_FALSE(relocations.empty());
      other.relocations = relocations.data();
      other.functions = functions.data();
      damage(other, relocations, functions);
      cache.store(key, other);
    })) << how;
    EXPECT_NE(contents(file), whole) << how;
    run();
    EXPECT_EQ(contents(file), whole) << how;
  };
  using Relocations = std::vector<JitRelocation>;
  using Functions = std::vector<JitFunction>;
  damaged("code ends in a page", [](JitImage &image, Relocations &, Functions &) { image.data_offset = 8; });
  damaged("no code", [](JitImage &image, Relocations &, Functions &) { image.data_offset = 0; });
  damaged("less than its code", [](JitImage &image, Relocations &, Functions &) { image.size = 64; });
  damaged("no function", [](JitImage &image, Relocations &, Functions &) { image.function_count = 0; });
  damaged("a function behind the code", [](JitImage &image, Relocations &, Functions &functions) {
    functions[0].offset = static_cast<uint32_t>(image.data_offset);
  });
  damaged("an address in the code", [](JitImage &, Relocations &all, Functions &) { all[0].offset = 0; });
  damaged("an address behind the image", [](JitImage &image, Relocations &all, Functions &) {
    all[0].offset = static_cast<uint32_t>(image.size) + 8;
  });
  damaged("an object that is not there", [](JitImage &, Relocations &all, Functions &) { all[0].object = 99; });
}
#endif

}  // namespace
}  // namespace spile::vm
