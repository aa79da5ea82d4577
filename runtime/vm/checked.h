// The checked interpreter: runs any bytes as a program. For `spile exec` and the conformance vectors.
//
// In: instructions that nobody verified, the memory they may touch, and fuel. Out: r0, or an error that names the
// instruction, what it did and where. Nothing that the bytes say is undefined behaviour here: every access is looked
// up in a region, every jump and call checked, and fuel bounds the run. It is slow beside the engines of engine.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backend/isa/insn.h"
#include "runtime/vm/engine.h"
#include "runtime/vm/resolve.h"
#include "support/result.h"

namespace spile::vm {

// Memory that a checked program may touch. Its stack is one by itself.
struct Region {
  std::string_view name;  // "memory", "ctx", "packet"; for messages
  uint64_t address = 0;   // as the program sees it, and in this process
  uint64_t size = 0;      // bytes
  bool writable = true;
};

// The machine before an instruction.
struct Moment {
  uint32_t insn = 0;
  std::span<const uint64_t> regs;    // r0 to r10
  std::span<const std::byte> stack;  // of all frames that are entered; the running one's is the last kStackBytes
};

struct CheckedRun {
  std::span<const Region> regions;
  bool verified = false;  // any address is taken for good: the verifier has accepted the program
  uint64_t r1 = 0, r2 = 0;
  uint64_t fuel = 100'000'000;  // instructions it may execute
  // Helpers that it may call; they get registers as they are, so they must be safe with any. Null: none.
  HelperResolver resolve = nullptr;
  const object::Btf *btf = nullptr;   // names the kernel's functions that it calls; null: there are none
  Env *env = nullptr;                 // for helpers and packet loads; callbacks run in this engine
  std::span<const ResolvedMap> maps;  // by index, what loads of maps give; an address of 0: none
  // Called before each instruction. A text ends the run: it is a fault of that instruction.
  std::function<std::optional<std::string>(const Moment &)> observe;
  uint64_t stack_noise = 0;      // what the stack holds at first: zeros, or noise made from this number
  uint64_t *executed = nullptr;  // where the number of executed instructions is added
};

Result<uint64_t> run_checked(std::span<const isa::Insn> insns, const CheckedRun &options);

// It as an engine of verified programs, which adds what they execute to [executed]; fuel is without bound.
std::unique_ptr<Engine> make_counting_interpreter(uint64_t &executed, HelperResolver resolve = helper_function);

}  // namespace spile::vm
