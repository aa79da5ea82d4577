// A statement is matched against the text column of every row of insns.def; the row that matches to the end is the
// instruction. When none does, the row that came farthest says what is wrong.
#include "backend/isa/inline_asm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "backend/isa/asm_expression.h"
#include "backend/isa/builder.h"
#include "backend/isa/info.h"

namespace spile::isa {

namespace {

using TokenKind = AsmToken::Kind;
using FaultKind = AsmFault::Kind;

// A directive that asks for more is a mistake, and must not cost memory.
constexpr int64_t kMaxFill = 1 << 20;
constexpr size_t kMaxNesting = 16;

bool is_word_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }
bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// Rows whose text is not LLVM's: kinds of calls and of 64-bit loads that only a loader makes.
bool is_loader_form(const InsnInfo &info) { return info.select == InsnInfo::Select::Src && info.select_value != 0; }

// How the row is written, for a hint: `r1 = *(u32 *)(r2 + 8)`.
std::string example_of(const InsnInfo &info) {
  std::string out;
  for (size_t i = 0; i < info.text.size(); i++) {
    if (info.text[i] != '{') {
      out += info.text[i];
      continue;
    }
    switch (info.text[i + 1]) {
      case 'd':
        out += '1';
        break;
      case 's':
        out += info.shape == Shape::Atomic && info.text.starts_with("r{s}") ? '1' : '2';
        break;
      case 'o':
        out += "+ 8";
        break;
      case 'j':
      case 'l':
        out += "label";
        break;
      case 'q':
        out += "0x123456789";
        break;
      case 'c':
        out += "0, 1";
        break;
      case 'x':
      case 'm':
        break;
      default:
        out += '5';
        break;
    }
    i += 2;
  }
  return out;
}

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

  const AsmToken &token(size_t at) const { return out_.tokens_[std::min(at, out_.tokens_.size() - 1)]; }
  const AsmToken &peek() const { return token(at_); }
  std::string_view text(const AsmToken &t) const {
    return std::string_view(out_.text_).substr(t.begin, t.end - t.begin);
  }
  bool is_punct(size_t at, char c) const {
    return token(at).kind == TokenKind::Punct && out_.text_[token(at).begin] == c;
  }
  bool at_end() const { return peek().kind == TokenKind::Separator || peek().kind == TokenKind::End; }
  uint32_t here() const { return static_cast<uint32_t>(out_.bytes_.size()); }
  size_t statement_end() const {
    size_t end = at_;
    while (token(end).kind != TokenKind::Separator && token(end).kind != TokenKind::End) end++;
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
        peek().kind == TokenKind::Name && text(peek()).starts_with('.') && !is_punct(at_ + 1, ':');
    if (is_directive && condition_directive()) return;
    if (is_skipped()) {
      at_ = statement_end();
      return;
    }
    if (is_punct(at_ + 1, ':') && (peek().kind == TokenKind::Name || peek().kind == TokenKind::Number)) return label();
    out_.statements_.push_back({here(), peek().begin});
    is_directive ? directive() : instruction();
    if (!fault_ && !at_end()) fail(FaultKind::BadOperand, peek(), "more than the statement takes");
  }

  void label() {
    const AsmToken at = peek();
    if (at.kind == TokenKind::Number) {
      out_.local_labels_.push_back({at.value, here(), static_cast<uint32_t>(at_)});
    } else if (std::ranges::find(out_.labels_, text(at), &AsmCode::Label::name) != out_.labels_.end()) {
      return fail(FaultKind::DuplicateLabel, at, std::string(text(at)), "`%=` in a label makes it unique");
    } else {
      out_.labels_.push_back({std::string(text(at)), here()});
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
    const std::string_view name = text(at);
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
    while (comma < end && !is_punct(comma, ',')) comma++;
    const auto joined = [&](size_t from, size_t to) {
      std::string all;
      for (size_t i = from; i < to; i++) all += text(token(i));
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
    const std::string_view name = text(at);
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
    } while (!fault_ && is_punct(at_, ',') && at_++ != 0);
  }

  // .rept n … .endr: the statements in between n times.
  void repeat(const AsmToken &at) {
    const auto count = constant("a number of repetitions");
    if (!count) return;
    if (*count <= 0) {
      for (size_t depth = 1; depth != 0 && peek().kind != TokenKind::End; at_++)
        depth += text(peek()) == ".rept" ? 1 : text(peek()) == ".endr" ? size_t{0} - 1 : 0;
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
         at_end() ? fmt::format("{} is missing", what) : fmt::format("`{}`: {} is wanted", text(peek()), what));
  }

  static bool fits(int64_t value, unsigned bits) {
    return value >= -(int64_t{1} << (bits - 1)) && value < int64_t{1} << bits;
  }

  // ---- instructions

  struct Match {
    Insn first, second;
    std::vector<AsmCode::Pending> pending;
    size_t symbol_token = 0;   // of a call's or a 64-bit load's name; 0: none
    bool is_rejected = false;  // at [next]
    std::optional<AsmFault> fault;
    size_t next = 0;  // token
  };

  void instruction() {
    if (pseudo_load()) return;
    Match best;
    const InsnInfo *best_info = nullptr;
    for (const InsnInfo &info : all_insns()) {
      if (is_loader_form(info)) continue;
      Match match = matched(info);
      const bool is_whole = !match.fault && !match.is_rejected && (token(match.next).kind == TokenKind::Separator);
      if (is_whole) return add(info, match);
      if (best_info == nullptr || match.next > best.next) {
        best_info = &info;
        best = std::move(match);
      }
    }
    report(best, *best_info);
  }

  void report(const Match &best, const InsnInfo &info) {
    const AsmToken first = peek();
    AsmToken whole = first;
    whole.end = token(statement_end() - 1).end;
    // A register at the start says nothing about what was meant.
    const bool is_known = best.next > at_ + (is_register(text(first)) ? 1 : 0);
    if ((best.fault || best.is_rejected) && is_known) {
      fault_ = best.fault ? best.fault : mismatch(best.next);
      if (fault_->hint.empty()) fault_->hint = fmt::format("it is written `{}`", example_of(info));
      return;
    }
    if (!is_known) return fail(FaultKind::UnknownInstruction, whole, std::string(text(whole)), nearest(text(whole)));
    const AsmToken at = token(best.next);
    const bool ends = at.kind == TokenKind::Separator;
    fail(FaultKind::BadOperand, ends ? token(best.next - 1) : at,
         ends ? fmt::format("something is missing behind `{}`", text(token(best.next - 1)))
              : fmt::format("`{}` does not belong here", text(at)),
         fmt::format("it is written `{}`", example_of(info)));
  }

  // The first word of an instruction that is spelled nearly so.
  static std::string nearest(std::string_view statement) {
    const std::string_view word = statement.substr(0, statement.find_first_of(" \t"));
    const auto distance = [](std::string_view a, std::string_view b) {
      std::vector<size_t> row(b.size() + 1);
      for (size_t j = 0; j <= b.size(); j++) row[j] = j;
      for (size_t i = 1; i <= a.size(); i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); j++) {
          const size_t above = row[j];
          row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
          diagonal = above;
        }
      }
      return row[b.size()];
    };
    const InsnInfo *best = nullptr;
    size_t least = std::max<size_t>(2, word.size() / 2);
    for (const InsnInfo &info : all_insns()) {
      const std::string_view start = info.text.substr(0, info.text.find_first_of(" ("));
      if (is_loader_form(info) || start.contains('{') || start.contains('*')) continue;
      if (const size_t d = distance(word, start); d < least) {
        least = d;
        best = &info;
      }
    }
    return best == nullptr ? std::string() : fmt::format("did you mean `{}`?", example_of(*best));
  }

  void add(const InsnInfo &info, Match &match) {
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
    if (text(peek()) != "ld_pseudo") return false;
    at_++;
    const auto dst = register_number(text(peek()), 'r');
    if (!dst) {
      fail(FaultKind::BadOperand, peek(), "a register is wanted");
      return true;
    }
    at_ += is_punct(at_ + 1, ',') ? 2 : 1;
    const auto src = constant("a number");
    if (!src) return true;
    if (is_punct(at_, ',')) at_++;
    const auto value = constant("a number");
    if (!value) return true;
    const auto pair = lddw_pseudo(*dst, static_cast<PseudoLoad>(*src & 15), static_cast<int32_t>(*value));
    append(pair.data(), sizeof pair);
    return true;
  }

  // One row against the statement at at_.
  Match matched(const InsnInfo &info) {
    Match m;
    m.next = at_;
    m.first.opcode = info.opcode;
    if (info.select == InsnInfo::Select::Off) m.first.off = static_cast<int16_t>(info.select_value);
    if (info.select == InsnInfo::Select::Imm) m.first.imm = info.select_value;
    std::optional<uint8_t> dst, src;
    const std::string_view want = info.text;
    for (size_t i = 0; i < want.size() && !m.fault;) {
      const char c = want[i];
      if (c == ' ') {
        i++;
      } else if (c == '{') {
        operand(want[i + 1], m);
        i += 3;
      } else if ((c == 'r' || c == 'w') && want.substr(i + 1, 1) == "{") {
        const bool is_dst = want[i + 2] == 'd';
        if (!take_register(info, c, want[i + 2], is_dst ? dst : src, m)) return rejected(m);
        i += 4;
      } else if (is_word_char(c)) {
        const size_t begin = i;
        while (i < want.size() && is_word_char(want[i]) && !is_register_mark(want, i)) i++;
        if (token(m.next).kind != TokenKind::Name || !same_word(text(token(m.next)), want.substr(begin, i - begin)))
          return rejected(m);
        m.next++;
      } else {
        // LLVM's parser drops commas, wherever they are.
        if (c == ',') {
          if (is_punct(m.next, ',')) m.next++;
        } else {
          if (!is_punct(m.next, c)) return rejected(m);
          m.next++;
        }
        i++;
      }
    }
    m.first.dst = dst.value_or(0);
    m.first.src = src.value_or(info.select == InsnInfo::Select::Src ? static_cast<uint8_t>(info.select_value) : 0);
    return m;
  }

  static bool is_register_mark(std::string_view want, size_t i) {
    return (want[i] == 'r' || want[i] == 'w') && want.substr(i + 1, 1) == "{";
  }
  // Matched up to [m.next], and no farther.
  static Match rejected(Match &m) {
    m.is_rejected = true;
    return std::move(m);
  }
  std::optional<AsmFault> mismatch(size_t at) const {
    const AsmToken &t = token(at);
    if (t.kind == TokenKind::Separator) {
      const AsmToken &before = token(at - 1);
      return AsmFault{FaultKind::BadOperand,
                      before.begin,
                      before.end,
                      fmt::format("something is missing behind `{}`", text(before)),
                      {}};
    }
    return AsmFault{FaultKind::BadOperand, t.begin, t.end, fmt::format("`{}` does not belong here", text(t)), {}};
  }

  // A register of which only the lower half counts may be named either way.
  static bool lower_half_counts(const InsnInfo &info, char operand) {
    if (info.bits > 32) return false;
    return (info.shape == Shape::Load && info.extend() == Extend::Zero && operand == 'd') ||
           ((info.shape == Shape::StoreReg || info.shape == Shape::Atomic) && operand == 's');
  }

  bool take_register(const InsnInfo &info, char letter, char operand, std::optional<uint8_t> &reg, Match &m) const {
    const AsmToken &t = token(m.next);
    if (t.kind != TokenKind::Name) return false;
    auto number = register_number(text(t), letter);
    if (!number && lower_half_counts(info, operand)) number = register_number(text(t), letter == 'r' ? 'w' : 'r');
    if (!number) return false;
    if (reg && *reg != *number) {
      m.fault = AsmFault{FaultKind::BadOperand,
                         t.begin,
                         t.end,
                         fmt::format("`{}`: the instruction reads and writes one register", text(t)),
                         {}};
      return false;
    }
    reg = number;
    m.next++;
    return true;
  }

  void operand(char kind, Match &m) {
    switch (kind) {
      case 'i':
        return immediate(m);
      case 'o':
        return offset(m);
      case 'j':
        return target(m, Field::Jump16);
      case 'l':
        return target(m, Field::Jump32);
      case 'q':
        return wide_immediate(m);
      case 'c':
        return address_spaces(m);
      default:
        return;  // {x}: LLVM has no second number there
    }
  }

  // Reads an expression at m.next; on failure sets the fault.
  std::optional<AsmValue> expression(Match &m, bool is_offset = false) {
    AsmExpression reader(out_, m.next, {}, false);
    const auto value = is_offset ? reader.read(4) : reader.read();
    if (value)
      m.next = reader.next_token();
    else
      m.fault = reader.fault() ? reader.fault() : mismatch(m.next);
    return value;
  }

  // As LLVM, takes any 64-bit number and keeps its lower half: masks are written both ways.
  void immediate(Match &m) {
    const auto begin = static_cast<uint32_t>(m.next);
    const bool is_call = m.first.opcode == opcode(JMP, CALL, K);
    const bool is_name = token(m.next).kind == TokenKind::Name && !is_register(text(token(m.next)));
    const auto value = expression(m);
    if (!value) return;
    m.first.imm = static_cast<int32_t>(value->value);
    if (!value->has_label) return;
    if (is_call && is_name)
      m.symbol_token = begin;
    else
      m.pending.push_back({Field::Imm, 0, begin});
  }

  void offset(Match &m) {
    const bool is_plus = is_punct(m.next, '+');
    if (!is_plus && !is_punct(m.next, '-')) return;
    if (is_plus) m.next++;
    const AsmToken at = token(m.next);
    const auto begin = static_cast<uint32_t>(m.next);
    const auto value = expression(m, true);
    if (!value) return;
    if (value->has_label) {
      m.pending.push_back({Field::Off, 0, begin});
    } else if (value->value != static_cast<int16_t>(value->value)) {
      m.fault = AsmFault{FaultKind::TooFar,
                         at.begin,
                         at.end,
                         fmt::format("the offset {} does not fit into 16 bits", value->value),
                         {}};
    }
    m.first.off = static_cast<int16_t>(value->value);
  }

  void target(Match &m, Field field) {
    const AsmToken at = token(m.next);
    const auto begin = static_cast<uint32_t>(m.next);
    const auto value = expression(m);
    if (!value) return;
    if (value->has_label) {
      m.pending.push_back({field, 0, begin});
    } else if (field == Field::Jump32) {
      m.first.imm = static_cast<int32_t>(value->value);
    } else {
      if (value->value != static_cast<int16_t>(value->value))
        m.fault = AsmFault{FaultKind::TooFar,
                           at.begin,
                           at.end,
                           fmt::format("a jump over {} instructions does not fit into 16 bits", value->value),
                           {}};
      m.first.off = static_cast<int16_t>(value->value);
    }
  }

  void wide_immediate(Match &m) {
    const auto begin = m.next;
    const auto value = expression(m);
    if (!value) return;
    m.first.imm = static_cast<int32_t>(value->value);
    m.second.imm = static_cast<int32_t>(value->value >> 32);
    if (value->has_label) m.symbol_token = begin;
  }

  // addr_space_cast(r1, to, from)
  void address_spaces(Match &m) {
    const auto to = expression(m);
    if (to && is_punct(m.next, ',')) m.next++;
    const auto from = to ? expression(m) : std::nullopt;
    if (!from) return;
    m.first.imm = static_cast<int32_t>((to->value & 0xffff) << 16 | (from->value & 0xffff));
  }

  // ---- symbols

  // Names of calls and of 64-bit loads: a label of the text, or a symbol.
  void resolve_symbols() {
    for (const NamedPlace &place : symbols_) {
      AsmExpression expression(out_, place.token, {}, true);
      const auto value = expression.read();
      if (!value) return expected(expression, "a name");
      const AsmToken &at = token(place.token);
      if (!value->symbol.empty()) {
        out_.symbols_.push_back({place.at, place.is_call, std::string(value->symbol), value->value, at.begin, at.end});
      } else if (place.is_call) {
        out_.pending_.push_back({Field::Call, place.at, place.token});
      } else {
        return fail(FaultKind::BadOperand, at, fmt::format("the address of the label `{}` cannot be had", text(at)));
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

std::optional<AsmFault> AsmCode::finish(std::span<const int64_t> outside) {
  for (const Pending &pending : pending_)
    if (auto fault = fill(pending, outside)) return fault;
  return std::nullopt;
}

std::optional<AsmFault> AsmCode::fill(const Pending &pending, std::span<const int64_t> outside) {
  const AsmToken &at = tokens_[pending.token];
  const auto fault = [&](AsmFault::Kind kind, std::string what) {
    return AsmFault{kind, at.begin, at.end, std::move(what), {}};
  };
  AsmExpression expression(*this, pending.token, outside, true);
  const auto value = pending.field == Pending::Field::Off ? expression.read(4) : expression.read();
  if (!value) return expression.fault() ? expression.fault() : fault(AsmFault::Kind::BadOperand, "no number");
  const std::string name = text_.substr(at.begin, at.end - at.begin);
  if (!value->symbol.empty()) return fault(AsmFault::Kind::UndefinedLabel, name);
  std::byte *const to = bytes_.data() + pending.at;
  if (pending.field == Pending::Field::Data) {
    if (value->weight != 0)
      return fault(AsmFault::Kind::BadOperand, fmt::format("`{}` is a place, and a number is wanted", name));
    std::memcpy(to, &value->value, pending.width);
    return std::nullopt;
  }
  Insn insn;
  std::memcpy(&insn, to, sizeof insn);
  // Jumps count instructions from the next one.
  const int64_t distance = (value->value - pending.at) / static_cast<int64_t>(sizeof(Insn)) - 1;
  const bool is_jump = pending.field == Pending::Field::Jump16 || pending.field == Pending::Field::Jump32 ||
                       pending.field == Pending::Field::Call;
  if (value->weight != (is_jump ? 1 : 0))
    return fault(AsmFault::Kind::BadOperand, is_jump ? fmt::format("`{}` is no place to jump to", name)
                                                     : fmt::format("`{}` is a place, and a number is wanted", name));
  switch (pending.field) {
    case Pending::Field::Imm:
      insn.imm = static_cast<int32_t>(value->value);
      break;
    case Pending::Field::Off:
      insn.off = static_cast<int16_t>(value->value);
      break;
    case Pending::Field::Jump16:
      if (distance != static_cast<int16_t>(distance))
        return fault(AsmFault::Kind::TooFar,
                     fmt::format("a jump over {} instructions does not fit into 16 bits", distance));
      insn.off = static_cast<int16_t>(distance);
      break;
    case Pending::Field::Call:
      insn.src = kPseudoCall;
      [[fallthrough]];
    case Pending::Field::Jump32:
      insn.imm = static_cast<int32_t>(distance);
      break;
    case Pending::Field::Data:
      break;
  }
  std::memcpy(to, &insn, sizeof insn);
  return std::nullopt;
}

uint16_t named_registers(std::string_view text) {
  uint16_t named = 0;
  for (const AsmToken &t : lex_assembly(text)) {
    if (t.kind != TokenKind::Name) continue;
    const std::string_view word = text.substr(t.begin, t.end - t.begin);
    auto number = register_number(word, 'r');
    if (!number) number = register_number(word, 'w');
    if (number && *number < 10) named |= static_cast<uint16_t>(1u << *number);
  }
  return named;
}

}  // namespace spile::isa
