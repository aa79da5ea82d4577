// The checked interpreter: runs any bytes as a program. For `spile exec` and the conformance vectors.
//
// In: instructions that nobody verified, the memory they may touch, and fuel. Out: r0, or an error that names the
// instruction, what it did and where. Nothing that the bytes say is undefined behaviour here: every access is looked
// up in a region, every jump and call checked, and fuel bounds the run. It is slow beside the engines of engine.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "backend/isa/insn.h"
#include "runtime/vm/engine.h"
#include "support/result.h"

namespace spile::vm {

// Memory that a checked program may touch. Its stack is one by itself.
struct Region {
  std::string_view name;  // "memory", "ctx", "packet"; for messages
  uint64_t address = 0;   // as the program sees it, and in this process
  uint64_t size = 0;      // bytes
  bool writable = true;
};

struct CheckedRun {
  std::span<const Region> regions;
  uint64_t r1 = 0, r2 = 0;
  uint64_t fuel = 100'000'000;  // instructions it may execute
  // Helpers that it may call; they get registers as they are, so they must be safe with any. Null: none.
  HelperResolver resolve = nullptr;
  Env *env = nullptr;  // for helpers and packet loads
};

Result<uint64_t> run_checked(std::span<const isa::Insn> insns, const CheckedRun &options);

}  // namespace spile::vm
