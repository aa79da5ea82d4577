// Assembler of inline assembly: the syntax that LLVM's BPF assembler reads, with its labels, directives and comments.
//
// In: the text of one `asm` with its operands filled in. Out: bytes, and what only the surroundings know: symbols, and
// labels that stand outside. Done in two steps, because the distance to such a label is known only when all code has
// its place: assemble_block() fixes the size, finish() fills in what depends on labels. (asm.h reads the other syntax,
// that of listings.)
//
// Deliberately not LLVM's: an offset may be left out, `(r1)`, and `(r1 + -8)` is read; an immediate may be any
// expression of constants and of distances between labels. As LLVM, it looks at no -mcpu.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spile::isa {

struct AsmFault {
  enum class Kind : uint8_t {
    UnknownInstruction,  // [what]: the statement
    BadOperand,          // [what]: what was seen, and what is wrong with it
    UndefinedLabel,      // [what]: its name
    DuplicateLabel,      // [what]: its name
    BadDirective,        // [what]: the directive, and why it cannot be had
    TooFar,              // [what]: the number that does not fit
    BrokenCode,          // [what]: bytes that are no whole instruction
  };
  Kind kind = Kind::UnknownInstruction;
  uint32_t begin = 0, end = 0;  // in the text
  std::string what;
  std::string hint;  // may be empty
};

struct AsmToken {
  enum class Kind : uint8_t { Name, Number, LocalLabel, String, Punct, Separator, Unknown, End };
  Kind kind = Kind::End;
  uint32_t begin = 0, end = 0;
  uint64_t value = 0;  // Number; LocalLabel: its number
};

class AsmCode {
 public:
  struct SymbolUse {
    uint32_t at = 0;  // byte
    bool is_call = false;
    std::string name;
    int64_t addend = 0;
    uint32_t begin = 0, end = 0;  // in the text
  };
  struct Statement {
    uint32_t at = 0;     // byte
    uint32_t begin = 0;  // in the text
  };

  std::span<const std::byte> bytes() const { return bytes_; }
  size_t insn_count() const { return bytes_.size() / 8; }
  std::span<const SymbolUse> symbols() const { return symbols_; }
  std::span<const Statement> statements() const { return statements_; }  // in order
  // The newest -mcpu that an instruction of it asks for.
  unsigned cpu() const { return cpu_; }

  // Fills in everything that depends on labels. [outside]: where the labels `$l0`, `$l1`, … are, in bytes from the
  // beginning of this code. May be called again with other distances.
  std::optional<AsmFault> finish(std::span<const int64_t> outside);

 private:
  friend class BlockAssembler;
  friend class AsmExpression;
  friend class AsmMatcher;
  friend struct AsmMatch;
  friend std::optional<AsmFault> misplaced(const AsmCode &code, size_t token);
  struct Label {
    std::string name;
    uint32_t at = 0;
  };
  struct LocalLabel {
    uint64_t number = 0;
    uint32_t at = 0;
    uint32_t token = 0;  // its place in the text decides what 1b and 1f mean
  };
  // A field that is filled in by finish(): the expression that begins at [token].
  struct Pending {
    enum class Field : uint8_t { Imm, Off, Jump16, Jump32, Call, Data };
    Field field = Field::Imm;
    uint32_t at = 0;  // byte of the instruction, or of the datum
    uint32_t token = 0;
    uint8_t width = 4;  // Data
  };
  // Behind the last token stands that one.
  const AsmToken &token(size_t at) const { return tokens_[std::min(at, tokens_.size() - 1)]; }
  std::string_view text(const AsmToken &t) const { return std::string_view(text_).substr(t.begin, t.end - t.begin); }
  bool is_punct(size_t at, char c) const {
    return token(at).kind == AsmToken::Kind::Punct && text_[token(at).begin] == c;
  }
  std::optional<AsmFault> fill(const Pending &pending, std::span<const int64_t> outside);

  std::string text_;
  std::vector<AsmToken> tokens_;
  std::vector<std::byte> bytes_;
  std::vector<SymbolUse> symbols_;
  std::vector<Statement> statements_;
  std::vector<Label> labels_;
  std::vector<LocalLabel> local_labels_;
  std::vector<Pending> pending_;
  unsigned cpu_ = 1;
};

// The size of the code and its symbols are final in [out]; its bytes are after finish().
std::optional<AsmFault> assemble_block(std::string_view text, AsmCode &out);

// A bit for each of r0 to r9 that the text names (as r or w).
uint16_t named_registers(std::string_view text);

}  // namespace spile::isa
