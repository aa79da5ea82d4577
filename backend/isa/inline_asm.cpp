// A statement is matched against the text column of every row of insns.def; the row that matches to the end is the
// instruction. When none does, the row that came farthest says what is wrong.
#include "backend/isa/inline_asm.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/isa/asm_expression.h"
#include "backend/isa/asm_match.h"
#include "backend/isa/builder.h"
#include "backend/isa/info.h"

namespace spile::isa {

namespace {

using TokenKind = AsmToken::Kind;
using FaultKind = AsmFault::Kind;

// A directive that asks for more is a mistake, and must not cost memory.
constexpr int64_t kMaxFill = 1 << 20;
constexpr size_t kMaxNesting = 16;

}  // namespace

class BlockAssembler {
 public:
  BlockAssembler(std::string_view text, AsmCode &out) : out_(out) {
    out_ = {};
    out_.text_ = text;
    out_.tokens_ = lex_assembly(text);
  }

  std::optional<AsmFault> run() {
    while (!fault_ && peek().kind != TokenKind::End) statement();
    if (!fault_ && !repeats_.empty()) fail(FaultKind::BadDirective, peek(), "a `.rept` without its `.endr`");
    if (!fault_ && !conditions_.empty()) fail(FaultKind::BadDirective, peek(), "a `.if` without its `.endif`");
    if (!fault_ && out_.bytes_.size() % sizeof(Insn) != 0)
      fail(FaultKind::BrokenCode, peek(), fmt::format("{}", out_.bytes_.size()));
    if (!fault_) resolve_symbols();
    return std::move(fault_);
  }

 private:
  using Field = AsmCode::Pending::Field;

  // ---- tokens

  const AsmToken &peek() const { return out_.token(at_); }
  bool at_end() const { return peek().kind == TokenKind::Separator || peek().kind == TokenKind::End; }
  uint32_t here() const { return static_cast<uint32_t>(out_.bytes_.size()); }
  size_t statement_end() const {
    size_t end = at_;
    while (out_.token(end).kind != TokenKind::Separator && out_.token(end).kind != TokenKind::End) end++;
    return end;
  }

  void fail(FaultKind kind, const AsmToken &at, std::string what, std::string hint = {}) {
    if (!fault_) fault_ = AsmFault{kind, at.begin, at.end, std::move(what), std::move(hint)};
  }

  // ---- statements

  void statement() {
    if (peek().kind == TokenKind::Separator) {
      at_++;
      return;
    }
    const bool is_directive =
        peek().kind == TokenKind::Name && out_.text(peek()).starts_with('.') && !out_.is_punct(at_ + 1, ':');
    if (is_directive && condition_directive()) return;
    if (is_skipped()) {
      at_ = statement_end();
      return;
    }
    if (out_.is_punct(at_ + 1, ':') && (peek().kind == TokenKind::Name || peek().kind == TokenKind::Number))
      return label();
    out_.statements_.push_back({here(), peek().begin});
    is_directive ? directive() : instruction();
    if (!fault_ && !at_end()) fail(FaultKind::BadOperand, peek(), "more than the statement takes");
  }

  void label() {
    const AsmToken at = peek();
    if (at.kind == TokenKind::Number) {
      out_.local_labels_.push_back({at.value, here(), static_cast<uint32_t>(at_)});
    } else if (std::ranges::find(out_.labels_, out_.text(at), &AsmCode::Label::name) != out_.labels_.end()) {
      return fail(FaultKind::DuplicateLabel, at, std::string(out_.text(at)), "`%=` in a label makes it unique");
    } else {
      out_.labels_.push_back({std::string(out_.text(at)), here()});
    }
    at_ += 2;
  }

  void append(const void *bytes, size_t size) {
    const auto *begin = static_cast<const std::byte *>(bytes);
    out_.bytes_.insert(out_.bytes_.end(), begin, begin + size);
  }

  // ---- directives

  bool is_skipped() const { return !conditions_.empty() && !conditions_.back().is_taken; }

  // .if, .ifc and their like: true when it was one.
  bool condition_directive() {
    const AsmToken at = peek();
    const std::string_view name = out_.text(at);
    if (name == ".ifc" || name == ".ifnc" || name == ".if") {
      at_++;
      const bool holds = name == ".if" ? condition_value() : same_arguments() == (name == ".ifc");
      conditions_.push_back({!is_skipped() && holds, is_skipped() || holds});
    } else if (name == ".else" || name == ".endif") {
      at_++;
      if (conditions_.empty()) {
        fail(FaultKind::BadDirective, at, fmt::format("`{}` without a `.if`", name));
      } else if (name == ".endif") {
        conditions_.pop_back();
      } else {
        conditions_.back().is_taken = !conditions_.back().is_done;
        conditions_.back().is_done = true;
      }
    } else {
      return false;
    }
    if (!fault_ && !at_end()) fail(FaultKind::BadOperand, peek(), "more than the directive takes");
    return true;
  }

  bool condition_value() {
    if (is_skipped()) {
      at_ = statement_end();
      return false;
    }
    const auto value = constant("a condition");
    return value && *value != 0;
  }

  // Of `.ifc a, b`.
  bool same_arguments() {
    const size_t end = statement_end();
    size_t comma = at_;
    while (comma < end && !out_.is_punct(comma, ',')) comma++;
    const auto joined = [&](size_t from, size_t to) {
      std::string all;
      for (size_t i = from; i < to; i++) all += out_.text(out_.token(i));
      return all;
    };
    const std::string a = joined(at_, comma), b = joined(std::min(comma + 1, end), end);
    at_ = end;
    return a == b;
  }

  void directive() {
    struct Data {
      std::string_view name;
      uint8_t width;
    };
    static constexpr Data kData[] = {{".byte", 1},  {".2byte", 2}, {".short", 2}, {".hword", 2}, {".half", 2},
                                     {".value", 2}, {".4byte", 4}, {".long", 4},  {".int", 4},   {".word", 4},
                                     {".8byte", 8}, {".quad", 8},  {".xword", 8}};
    const AsmToken at = peek();
    const std::string_view name = out_.text(at);
    at_++;
    const auto *const data = std::ranges::find(kData, name, &Data::name);
    if (data != std::end(kData)) return data_values(data->width);
    if (name == ".zero" || name == ".space" || name == ".skip") return fill();
    if (name == ".rept") return repeat(at);
    if (name == ".endr") return end_repeat(at);
    if (name == ".p2align" || name == ".align" || name == ".balign") return align(name == ".p2align");
    if (name == ".globl" || name == ".global" || name == ".local" || name == ".type" || name == ".size" ||
        name == ".loc" || name == ".file") {
      at_ = statement_end();  // about symbols, and these labels are none
      return;
    }
    fail(FaultKind::BadDirective, at, fmt::format("`{}` is not known here", name),
         "data (`.byte` to `.8byte`, `.zero`), `.p2align`, `.rept`, `.if`, `.ifc`, `.else` and `.endif` are");
  }

  void data_values(uint8_t width) {
    do {
      AsmExpression expression(out_, at_, {}, false);
      const auto value = expression.read();
      if (!value) return expected(expression, "a number");
      if (value->has_label)
        out_.pending_.push_back({Field::Data, here(), static_cast<uint32_t>(at_), width});
      else if (width < 8 && !fits(value->value, width * 8u))
        return fail(FaultKind::TooFar, peek(), fmt::format("{} does not fit into {} byte(s)", value->value, width));
      append(&value->value, width);
      at_ = expression.next_token();
    } while (!fault_ && out_.is_punct(at_, ',') && at_++ != 0);
  }

  // .rept n … .endr: the statements in between n times.
  void repeat(const AsmToken &at) {
    const auto count = constant("a number of repetitions");
    if (!count) return;
    if (*count <= 0) {
      for (size_t depth = 1; depth != 0 && peek().kind != TokenKind::End; at_++)
        depth += out_.text(peek()) == ".rept" ? 1 : out_.text(peek()) == ".endr" ? size_t{0} - 1 : 0;
      return;
    }
    if (repeats_.size() >= kMaxNesting) return fail(FaultKind::BadDirective, at, "`.rept` nests too deep");
    repeats_.push_back({at_, *count});
  }

  void end_repeat(const AsmToken &at) {
    if (repeats_.empty()) return fail(FaultKind::BadDirective, at, "`.endr` without a `.rept`");
    if (here() > kMaxFill) return fail(FaultKind::TooFar, at, fmt::format("more than {} bytes", kMaxFill));
    Repeat &innermost = repeats_.back();
    if (++innermost.turns > kMaxFill) return fail(FaultKind::TooFar, at, "more repetitions than code has room for");
    if (--innermost.left > 0)
      at_ = innermost.token;
    else
      repeats_.pop_back();
  }

  void fill() {
    const auto count = constant("a number of bytes");
    if (!count) return;
    if (*count < 0 || *count > kMaxFill) return fail(FaultKind::TooFar, peek(), fmt::format("{} bytes", *count));
    out_.bytes_.resize(out_.bytes_.size() + static_cast<size_t>(*count));
  }

  // Code is a multiple of 8 bytes, so alignment up to that is given; more cannot be had inside a function.
  void align(bool is_power) {
    const AsmToken at = peek();
    const auto value = constant("an alignment");
    if (!value) return;
    const int64_t bytes = is_power && *value >= 0 && *value < 16 ? int64_t{1} << *value : *value;
    if (bytes < 0 || bytes > 8) return fail(FaultKind::TooFar, at, fmt::format("an alignment of {} bytes", bytes));
    while (bytes > 1 && here() % static_cast<uint32_t>(bytes) != 0) out_.bytes_.push_back(std::byte{0});
    at_ = statement_end();  // a fill byte, a maximum
  }

  // A value that is needed at once.
  std::optional<int64_t> constant(std::string_view what) {
    AsmExpression expression(out_, at_, {}, false);
    const auto value = expression.read();
    if (!value || value->has_label) {
      expected(expression, fmt::format("{} that is known here", what));
      return std::nullopt;
    }
    at_ = expression.next_token();
    return value->value;
  }

  void expected(const AsmExpression &expression, std::string_view what) {
    if (expression.fault()) {
      if (!fault_) fault_ = expression.fault();
      return;
    }
    fail(FaultKind::BadOperand, peek(),
         at_end() ? fmt::format("{} is missing", what) : fmt::format("`{}`: {} is wanted", out_.text(peek()), what));
  }

  static bool fits(int64_t value, unsigned bits) {
    return value >= -(int64_t{1} << (bits - 1)) && value < int64_t{1} << bits;
  }

  // ---- instructions

  void instruction() {
    if (pseudo_load()) return;
    AsmMatch best;
    const InsnInfo *best_info = nullptr;
    for (const InsnInfo &info : all_insns()) {
      if (is_loader_form(info)) continue;
      AsmMatch match = AsmMatcher(out_, at_, info).run();
      const bool is_whole = !match.fault && !match.is_rejected && (out_.token(match.next).kind == TokenKind::Separator);
      if (is_whole) return add(info, match);
      if (best_info == nullptr || match.next > best.next) {
        best_info = &info;
        best = std::move(match);
      }
    }
    report(best, *best_info);
  }

  void report(const AsmMatch &best, const InsnInfo &info) {
    const AsmToken first = peek();
    AsmToken whole = first;
    whole.end = out_.token(statement_end() - 1).end;
    // A register at the start says nothing about what was meant.
    const bool is_known = best.next > at_ + (is_register(out_.text(first)) ? 1 : 0);
    if (!is_known)
      return fail(FaultKind::UnknownInstruction, whole, std::string(out_.text(whole)),
                  nearest_instruction(out_.text(whole)));
    fault_ = best.fault ? best.fault : misplaced(out_, best.next);
    if (fault_->hint.empty()) fault_->hint = fmt::format("it is written `{}`", asm_example(info));
  }

  void add(const InsnInfo &info, AsmMatch &match) {
    for (AsmCode::Pending &pending : match.pending) {
      pending.at = here();
      out_.pending_.push_back(pending);
    }
    if (match.symbol_token != 0)
      symbols_.push_back({here(), info.shape == Shape::CallHelper, static_cast<uint32_t>(match.symbol_token)});
    if (match.symbol_token != 0 && info.shape == Shape::CallHelper) match.first.src = kPseudoCall;
    out_.cpu_ = std::max<unsigned>(out_.cpu_, info.cpu);
    append(&match.first, sizeof match.first);
    if (match.first.is_lddw()) append(&match.second, sizeof match.second);
    at_ = match.next;
  }

  // ld_pseudo r1, 1, 5: LLVM's way to write the loader's forms.
  bool pseudo_load() {
    if (out_.text(peek()) != "ld_pseudo") return false;
    at_++;
    const auto dst = register_number(out_.text(peek()), 'r');
    if (!dst) {
      fail(FaultKind::BadOperand, peek(), "a register is wanted");
      return true;
    }
    at_ += out_.is_punct(at_ + 1, ',') ? 2 : 1;
    const auto src = constant("a number");
    if (!src) return true;
    if (out_.is_punct(at_, ',')) at_++;
    const auto value = constant("a number");
    if (!value) return true;
    const auto pair = lddw_pseudo(*dst, static_cast<PseudoLoad>(*src & 15), static_cast<int32_t>(*value));
    append(pair.data(), sizeof pair);
    return true;
  }

  // ---- symbols

  // Names of calls and of 64-bit loads: a label of the text, or a symbol.
  void resolve_symbols() {
    for (const NamedPlace &place : symbols_) {
      AsmExpression expression(out_, place.token, {}, true);
      const auto value = expression.read();
      if (!value) return expected(expression, "a name");
      const AsmToken &at = out_.token(place.token);
      if (!value->symbol.empty()) {
        out_.symbols_.push_back({place.at, place.is_call, std::string(value->symbol), value->value, at.begin, at.end});
      } else if (place.is_call) {
        out_.pending_.push_back({Field::Call, place.at, place.token});
      } else {
        return fail(FaultKind::BadOperand, at,
                    fmt::format("the address of the label `{}` cannot be had", out_.text(at)));
      }
    }
  }

  struct Condition {
    bool is_taken = false, is_done = false;
  };
  struct NamedPlace {
    uint32_t at = 0;
    bool is_call = false;
    uint32_t token = 0;
  };

  struct Repeat {
    size_t token = 0;
    int64_t left = 0;
    int64_t turns = 0;
  };

  AsmCode &out_;
  size_t at_ = 0;
  std::vector<Repeat> repeats_;
  std::vector<Condition> conditions_;
  std::vector<NamedPlace> symbols_;
  std::optional<AsmFault> fault_;
};

std::optional<AsmFault> assemble_block(std::string_view text, AsmCode &out) { return BlockAssembler(text, out).run(); }

}  // namespace spile::isa
