// Tokens and expressions of inline assembly. Only inline_asm.cpp uses them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "backend/isa/inline_asm.h"

namespace spile::isa {

// The assembler takes r11, as LLVM's does: a register that only the kernel uses. What loads the code rejects it.
inline constexpr unsigned kAsmRegisterCount = 12;

// Ends in a Separator and an End token. Never fails: what it does not know becomes an Unknown token.
std::vector<AsmToken> lex_assembly(std::string_view text);

// r0 to r11, or w0 to w11; [letter] is 'r' or 'w'. The case of the letter does not matter, as in LLVM.
std::optional<uint8_t> register_number(std::string_view name, char letter);
bool is_register(std::string_view name);

struct AsmValue {
  int64_t value = 0;
  int weight = 0;           // how many labels are added: 0 for a distance, 1 for a place in the code
  std::string_view symbol;  // added as well; not a label of the text
  bool has_label = false;   // is final only when all labels have their place
};

// Reads the expression that begins at [token]: C's operators on numbers and labels, in C's order of binding.
class AsmExpression {
 public:
  // With [is_final], all labels must be known; else they count as 0.
  AsmExpression(const AsmCode &code, size_t token, std::span<const int64_t> outside, bool is_final)
      : code_(code), token_(token), outside_(outside), is_final_(is_final) {}

  // Nothing where there is no expression; then fault() says why when it is more than that.
  std::optional<AsmValue> read(unsigned least_binding = 0);
  // One number or name, with its signs.
  std::optional<AsmValue> read_operand();
  size_t next_token() const { return token_; }
  const std::optional<AsmFault> &fault() const { return fault_; }

 private:
  const AsmToken &peek(size_t ahead = 0) const { return code_.tokens_[token_ + ahead]; }
  std::string_view text(const AsmToken &t) const {
    return std::string_view(code_.text_).substr(t.begin, t.end - t.begin);
  }
  bool is_punct(char c, size_t ahead = 0) const {
    return peek(ahead).kind == AsmToken::Kind::Punct && code_.text_[peek(ahead).begin] == c;
  }
  struct Operator {
    char symbol = 0;  // '<' and '>' are the shifts
    unsigned binding = 0;
    unsigned tokens = 0;
  };
  Operator peek_operator() const;
  std::optional<AsmValue> apply(char op, const AsmValue &a, const AsmValue &b, const AsmToken &at);
  std::optional<AsmValue> name_value();
  std::optional<AsmValue> local_label_value();
  std::nullopt_t fail(AsmFault::Kind kind, const AsmToken &at, std::string what);

  const AsmCode &code_;
  size_t token_;
  std::span<const int64_t> outside_;
  bool is_final_;
  unsigned depth_ = 0;
  std::optional<AsmFault> fault_;
};

}  // namespace spile::isa
