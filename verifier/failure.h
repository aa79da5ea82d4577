// Failure: why an instruction must not run in a state, as facts. check.cpp and structure.cpp make them, explain.cpp
// turns them into a Diagnostic.
#pragma once

#include <cstdint>
#include <string>

#include "verifier/domain/reg_state.h"

namespace spile::verifier {

// One for each row of verifier.def.
enum class Cause : uint8_t {
#define SPILE_DIAG(Name, Severity, text) Name,
#include "lang-spec/tables/diagnostics/verifier.def"
#undef SPILE_DIAG
};

inline constexpr int kNoReg = -1;

struct Failure {
  Cause cause;
  uint32_t insn = 0;
  std::string kernel;            // the kernel's message
  int reg = kNoReg;              // the register that the fault is about
  RegState state;                // what it holds
  int64_t off = 0;               // of an access: lowest offset that is outside
  uint64_t size = 0;             // bytes
  int64_t limit = 0, count = 0;  // for limits and ranges
  unsigned arg = 0;              // of a helper call, from 1
  uint32_t helper = 0;
  uint32_t map = 0;  // index, where the fault is about a map
  bool write = false;
  std::string callee;  // the function that is called, where it is no helper
  uint16_t since = 0;  // the Linux that has what an older one lacks
  std::string detail;  // what the message has in its middle, where facts are not numbers
};

}  // namespace spile::verifier
