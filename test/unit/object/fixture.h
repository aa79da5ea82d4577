// What the tests of objects share: clang's objects made on the spot, and tools that read ours.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/object/object.h"

namespace spile::object::test {

using Bytes = std::vector<std::byte>;

// A directory of this test, removed at its end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }

 private:
  std::string directory_;
};

bool has_tool(std::string_view name);
struct Output {
  int status = -1;
  std::string text;  // stdout and stderr
};
Output run(const std::string &command);

void write_file(const std::string &path, const void *data, size_t size);
Bytes read_file(const std::string &path);

// [source] compiled by clang-19 for BPF, with the macros of bpf_helpers.h before it. Empty when clang fails.
Bytes compile(std::string_view source, std::string_view flags = "-O2 -g");
// The same, read; the test fails when it does not read.
Object compile_and_read(std::string_view source, std::string_view flags = "-O2 -g");

// A probe that has everything at once: maps of both kinds of member, every kind of global, static, global and callback
// functions, two programs in a section.
extern const std::string_view kEverything;

}  // namespace spile::object::test

#define SPILE_NEEDS(tool) \
  if (!::spile::object::test::has_tool(tool)) GTEST_SKIP() << "needs " << (tool)
