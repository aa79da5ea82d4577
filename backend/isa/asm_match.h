// One row of insns.def against one statement of inline assembly.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/isa/asm_expression.h"
#include "backend/isa/info.h"
#include "backend/isa/inline_asm.h"

namespace spile::isa {

// How far the row fits, and the instruction that it makes when it fits to the end.
struct AsmMatch {
  Insn first, second;
  std::vector<AsmCode::Pending> pending;
  size_t symbol_token = 0;   // of a call's or a 64-bit load's name; 0: none
  bool is_rejected = false;  // at [next]
  std::optional<AsmFault> fault;
  size_t next = 0;  // token
};

class AsmMatcher {
 public:
  // Against the statement that begins at token [at].
  AsmMatcher(const AsmCode &code, size_t at, const InsnInfo &info) : code_(code), info_(info) { m_.next = at; }

  AsmMatch run();

 private:
  using Field = AsmCode::Pending::Field;

  bool take_register(char letter, char operand, std::optional<uint8_t> &reg);
  bool take_word(std::string_view word);
  void operand(char kind);
  std::optional<AsmValue> expression(bool is_offset = false);
  void immediate();
  void offset();
  void target(Field field);
  void wide_immediate();
  void address_spaces();
  void fail(AsmFault::Kind kind, const AsmToken &at, std::string what);

  const AsmCode &code_;
  const InsnInfo &info_;
  AsmMatch m_;
};

// Rows whose text is not LLVM's: kinds of calls and of 64-bit loads that only a loader makes.
bool is_loader_form(const InsnInfo &info);
// How the row is written, for a hint: `r1 = *(u32 *)(r2 + 8)`.
std::string asm_example(const InsnInfo &info);
// A hint: the instruction whose first word is spelled nearly as the statement's. Empty: none is near.
std::string nearest_instruction(std::string_view statement);
// The fault of a token that stands where no row has one.
std::optional<AsmFault> misplaced(const AsmCode &code, size_t token);

}  // namespace spile::isa
