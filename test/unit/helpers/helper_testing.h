// Calling helpers as a program does, and memory of a task that a test makes up.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "lang-spec/tables/tables.h"
#include "runtime/vm/env.h"

namespace spile::vm {

class FakeTaskMemory final : public TaskMemory {
 public:
  void put(uint64_t address, std::string_view text) {
    for (char c : text) bytes_[address++] = static_cast<std::byte>(c);
  }
  bool read(uint64_t address, std::span<std::byte> to) override {
    for (std::byte &byte : to) {
      const auto found = bytes_.find(address++);
      if (found == bytes_.end()) return false;
      byte = found->second;
    }
    return true;
  }

 private:
  std::map<uint64_t, std::byte> bytes_;
};

template <class T>
uint64_t argument(T value) {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<uint64_t>(value);
  else
    return static_cast<uint64_t>(value);
}

struct HelperTest : testing::Test {
  HelperTest() {
    env.event = &event;
    env.print = [this](std::string_view text) { printed += text; };
    env.now_ns = {[](void *ns) { return *static_cast<uint64_t *>(ns); }, &now};
  }

  template <class... Args>
  int64_t call(std::string_view name, Args... args) {
    const tables::Helper *row = tables::find_helper(name);
    EXPECT_NE(row, nullptr) << name;
    uint64_t r[5] = {};
    size_t count = 0;
    ((r[count++] = argument(args)), ...);
    return static_cast<int64_t>(helper_function(row->number)(r[0], r[1], r[2], r[3], r[4], &env));
  }

  Env env;
  Event event;
  std::string printed;
  uint64_t now = 0;
};

}  // namespace spile::vm
