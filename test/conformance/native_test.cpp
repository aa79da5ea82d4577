// The vectors as code made ahead of time: a shared object for each machine, loaded by a process (Inputs/runner.c) that
// has nothing else of Spile. AArch64 is qemu-aarch64's, with the C library of Debian's libc6-dev-arm64-cross.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "runtime/vm/native.h"
#include "support/file.h"
#include "test/conformance/vectors.h"

namespace spile::vm {
namespace {

#ifdef SPILE_JIT_PLUGIN

namespace fs = std::filesystem;

struct Machine {
  const char *march, *compile, *run;
  std::vector<const char *> needs;  // files
};
#define SPILE_CROSS "/usr/aarch64-linux-gnu"
const Machine kX86{"x86_64", "clang-19 -O1 -rdynamic -o %r %c", "%r", {"/usr/bin/clang-19"}};
const Machine kAArch64{"aarch64",
                       "clang-19 --target=aarch64-linux-gnu -O1 -nostdlib -fuse-ld=lld -rdynamic -isystem " SPILE_CROSS
                       "/include -L" SPILE_CROSS "/lib " SPILE_CROSS "/lib/crt1.o " SPILE_CROSS
                       "/lib/crti.o -o %r %c -lc " SPILE_CROSS "/lib/crtn.o",
                       "qemu-aarch64 -L " SPILE_CROSS " %r",
                       {"/usr/bin/qemu-aarch64", "/usr/bin/clang-19", "/usr/bin/ld.lld-19", SPILE_CROSS "/lib/crt1.o"}};

class Native : public ::testing::Test {
 protected:
  Native() : folder_(fs::path(::testing::TempDir()) / ("spile-native-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Native() override { fs::remove_all(folder_); }

  std::string path(const char *name) const { return folder_ / name; }
  std::string filled(std::string command) const {
    for (const auto &[mark, with] : {std::pair("%r", path("runner")), std::pair("%c", std::string(SPILE_RUNNER))})
      if (const size_t at = command.find(mark); at != std::string::npos) command.replace(at, 2, with);
    return command;
  }

  // One object with all of them, each under the name that its place gives.
  void write_object(const std::vector<Vector> &vectors, const char *march) const {
    object::Object object;
    std::vector<object::Program> programs(vectors.size());
    std::vector<const object::Program *> pointers;
    for (size_t i = 0; i < vectors.size(); i++) {
      programs[i].name = fmt::format("v{}", i);
      programs[i].insns = vectors[i].insns;
      programs[i].object = &object;
      pointers.push_back(&programs[i]);
    }
    auto source = CodeSource::find({.plugin = SPILE_JIT_PLUGIN});
    ASSERT_TRUE(source.has_value()) << source.error().message;
    const auto library = native_library(pointers, object, **source, {march, "vectors.so"});
    ASSERT_TRUE(library.has_value()) << library.error().message;
    const auto written = write_file(path("vectors.so"), *library);
    ASSERT_TRUE(written.has_value()) << written.error().message;
  }

  void expect_results(const Machine &machine) {
    for (const char *file : machine.needs)
      if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
    const std::vector<Vector> vectors = read_vectors();
    if (vectors.empty()) GTEST_SKIP() << "no conformance vectors at " << vectors_path() << " (set SPILE_VECTORS)";
    ASSERT_NO_FATAL_FAILURE(write_object(vectors, machine.march));
    {
      std::ofstream input(path("input"));
      for (size_t i = 0; i < vectors.size(); i++) {
        input << 'v' << i << ' ' << (vectors[i].memory.empty() ? "-" : "");
        for (const uint8_t byte : vectors[i].memory) input << fmt::format("{:02x}", byte);
        input << '\n';
      }
    }
    ASSERT_EQ(std::system(filled(machine.compile).c_str()), 0);
    const std::string run =
        fmt::format("timeout 120 {} {} < {} > {}", filled(machine.run), path("vectors.so"), path("input"), path("out"));
    EXPECT_EQ(std::system(run.c_str()), 0) << run;
    std::ifstream output(path("out"));
    for (const Vector &vector : vectors) {
      std::string line;
      ASSERT_TRUE(std::getline(output, line)) << "ended at " << vector.name;
      EXPECT_EQ(line, fmt::format("{:#x}", vector.expected)) << vector.name;
    }
  }

  fs::path folder_;
};

TEST_F(Native, X86_64) {
#ifndef __x86_64__
  GTEST_SKIP() << "another machine";
#endif
  expect_results(kX86);
}
TEST_F(Native, AArch64) { expect_results(kAArch64); }

#endif

}  // namespace
}  // namespace spile::vm
