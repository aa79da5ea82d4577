// Inline assembly: constraints, clobbers, and the text with its operands numbered. What the instructions mean is asked
// only when they are assembled (backend/emit/assemble.h).
//
//     asm("%[sum] += %1; call g" : [sum] "=r"(a) : "r"(b), "0"(a) : "r1");
//     plain text: "%[0] += %[1]; call %[2]", operand 0 in the register of input 2, g as an operand of its own
#include <algorithm>
#include <charconv>

#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::AsmOperand;
using ast::AsmStmt;

namespace {

constexpr unsigned kRegisters = 10;  // r0 to r9; r10 is the frame's and never changes

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.' || c == '$';
}

// The locations of the bytes that a string literal stands for: escapes and line splices are longer than what they mean.
// [raw] is the source from the literal on. Empty when it is no literal as written (a macro's `#x`).
std::vector<uint32_t> byte_offsets(std::string_view raw) {
  std::vector<uint32_t> offsets;
  size_t i = raw.find('"');
  if (i > 2) return {};  // a prefix has at most two characters
  const auto skip_splices = [&] {
    while (raw.substr(i).starts_with("\\\n") || raw.substr(i).starts_with("\\\r\n")) i += raw[i + 1] == '\n' ? 2 : 3;
  };
  for (i++, skip_splices(); i < raw.size() && raw[i] != '"'; skip_splices()) {
    offsets.push_back(static_cast<uint32_t>(i));
    if (raw[i++] != '\\') continue;
    skip_splices();
    if (i >= raw.size()) return {};
    const char c = raw[i++];
    const size_t most = c == 'x' ? raw.size() : c >= '0' && c <= '7' ? 2 : 0;
    const auto belongs = [&](char d) {
      return c == 'x' ? std::isxdigit(static_cast<unsigned char>(d)) != 0 : d >= '0' && d <= '7';
    };
    for (size_t n = 0; n < most && i < raw.size() && belongs(raw[i]); n++) i++;
  }
  return offsets;
}

}  // namespace

// One location for each byte of the text.
static std::vector<Loc> locations(const AsmStmt &a, const SourceManager &sources,
                                  const std::vector<size_t> &piece_sizes) {
  std::vector<Loc> locs;
  for (size_t p = 0; p < piece_sizes.size(); p++) {
    const Loc at = p < a.text_locs.size() ? a.text_locs[p] : a.text->range.begin;
    const Loc spelled = sources.spelling(at);
    std::vector<uint32_t> offsets;
    if (const SourceManager::File *file = sources.file_of(spelled))
      offsets = byte_offsets(std::string_view(file->text).substr(spelled.raw - file->begin.raw));
    for (size_t i = 0; i < piece_sizes[p]; i++) locs.push_back(offsets.size() == piece_sizes[p] ? at + offsets[i] : at);
  }
  return locs;
}

void Analyzer::asm_statement(Stmt *s) {
  AsmStmt &a = *s->assembly;
  const auto type_string = [&](Expr *e) {
    if (e != nullptr && e->kind == Expr::StringLit) string_literal(e);
  };
  type_string(a.text);
  for (AsmOperand *operand : a.outputs) {
    type_string(operand->constraint);
    const bool is_known = asm_constraint(a, *operand, true);
    operand->value = expr(operand->value);
    if (!is_known || types::is_error(operand->value->type)) continue;
    check_assignable(operand->value, operand->range);
    asm_operand_type(*operand);
  }
  for (AsmOperand *operand : a.inputs) {
    type_string(operand->constraint);
    const bool is_known = asm_constraint(a, *operand, false);
    operand->value = expr(operand->value);
    if (types::is_error(operand->value->type)) continue;
    const bool is_array = types::is_array(operand->value->type);
    if (!is_known || operand->place != AsmOperand::Memory) operand->value = decay(operand->value);
    if (is_known && !(is_array && operand->place == AsmOperand::Memory)) asm_operand_type(*operand);
  }
  for (Expr *clobber : a.clobbers) asm_clobber(a, clobber);
  std::vector<Label *> targets;
  for (const std::string_view name : a.labels) {
    targets.push_back(label(name, s->range));
    targets.back()->is_used = true;
  }
  a.targets = nodes_->copy(targets);
  if (a.text != nullptr) asm_text(a);
}

// "+&r", "=m", "ri", "0", "[name]": false when it is not known. Alternatives behind commas are taken together.
bool Analyzer::asm_constraint(AsmStmt &a, AsmOperand &operand, bool is_output) {
  if (operand.constraint == nullptr) return false;
  std::string_view rest = operand.constraint->bytes;
  const Range at = operand.constraint->range;
  const auto skip = [&rest](char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  };
  if (is_output) {
    operand.is_read = skip('+');
    operand.is_written = operand.is_read || skip('=');
    if (!operand.is_written) {
      report<diag::AsmOutputConstraint>(at, rest);
      return false;
    }
  } else {
    operand.is_read = true;
  }
  bool has_register = false, has_immediate = false, has_memory = false;
  while (!rest.empty()) {
    const char c = rest.front();
    if (c == '[' || is_digit(c)) {
      if (!asm_tied(a, operand, rest, is_output)) return false;
      has_register = true;
      continue;
    }
    rest.remove_prefix(1);
    switch (c) {
      case '&':
        operand.is_early = true;
        break;
      case 'w':
        operand.is_narrow = true;
        [[fallthrough]];
      case 'r':
      case 'p':
        has_register = true;
        break;
      case 'i':
      case 'n':
        has_immediate = true;
        break;
      case 'm':
        has_memory = true;
        break;
      case 'g':
      case 'X':
        has_register = has_immediate = has_memory = true;
        break;
      case '+':  // of an input: clang takes it, and gives the register as for `r`
        if (is_output) {
          report<diag::AsmConstraint>(at, operand.constraint->bytes);
          return false;
        }
        break;
      case '%':
      case ',':
      case '?':
      case '!':
      case '*':
        break;  // order, alternatives and their costs
      case 'I':
      case 'J':
      case 'K':
      case 'L':
      case 'M':
      case 'N':
      case 'O':
      case 'P':
      case 'E':
      case 's':
      case 'o':
      case 'V':
        break;  // of no use to BPF alone, and harmless beside another
      default:
        report<diag::AsmConstraint>(at, operand.constraint->bytes)
            .hint("`r` is a register, `i` a constant, `m` an object in memory, `0` the register of operand 0");
        return false;
    }
  }
  const bool takes_immediate = has_immediate && !is_output;
  if (has_register) {
    operand.place = takes_immediate && operand.tied < 0 ? AsmOperand::RegisterOrImmediate : AsmOperand::Register;
  } else if (takes_immediate) {
    operand.place = AsmOperand::Immediate;
  } else if (has_memory) {
    operand.place = AsmOperand::Memory;
  } else {
    report<diag::AsmConstraint>(at, operand.constraint->bytes)
        .hint("`r` is a register, `i` a constant, `m` an object in memory, `0` the register of operand 0");
    return false;
  }
  // What fits into no register can still be in memory.
  operand.is_early &= operand.place == AsmOperand::Register;
  operand.may_be_memory = has_memory;
  return true;
}

// A number or name at the front of [rest]: the output whose register an input shares.
bool Analyzer::asm_tied(AsmStmt &a, AsmOperand &operand, std::string_view &rest, bool is_output) {
  size_t index = a.outputs.size();
  if (rest.front() == '[') {
    const std::string_view name = rest.substr(1, rest.find(']') - 1);
    const auto at = std::ranges::find_if(a.outputs, [&](const AsmOperand *o) { return o->symbolic_name == name; });
    index = static_cast<size_t>(at - a.outputs.begin());
    rest.remove_prefix(std::min(name.size() + 2, rest.size()));
  } else {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    if (error != std::errc()) index = a.outputs.size();
  }
  const bool fits = !is_output && index < a.outputs.size() && !a.outputs[index]->is_read &&
                    a.outputs[index]->place == AsmOperand::Register;
  if (!fits) {
    report<diag::AsmTied>(operand.constraint->range, operand.constraint->bytes);
    return false;
  }
  operand.tied = static_cast<int32_t>(index);
  return true;
}

void Analyzer::asm_operand_type(AsmOperand &operand) {
  const Type *t = operand.value->type;
  if (operand.place == AsmOperand::Memory) {
    if (!operand.value->is_lvalue) report<diag::AsmMemoryOperand>(operand.value->range);
    return;
  }
  const bool is_scalar = (types::is_integer(t) && !types::is_int128(t)) || types::is_pointer(t);
  if (is_scalar) return;
  if (operand.may_be_memory && operand.value->is_lvalue) {
    operand.place = AsmOperand::Memory;
    return;
  }
  report<diag::AsmOperandType>(operand.value->range, types::to_string(t));
}

void Analyzer::asm_clobber(AsmStmt &a, Expr *clobber) {
  if (clobber == nullptr || clobber->kind != Expr::StringLit) return;
  string_literal(clobber);
  const std::string_view name = clobber->bytes;
  unsigned number = 0;
  const bool is_register =
      name.size() >= 2 && name.size() <= 3 && (name[0] == 'r' || name[0] == 'w') &&
      std::from_chars(name.data() + 1, name.data() + name.size(), number).ptr == name.data() + name.size() &&
      number <= kRegisters + 1;
  if (is_register && number < kRegisters)
    a.clobbered |= static_cast<uint16_t>(1u << number);
  else if (name == "memory")
    a.clobbers_memory = true;
  else if (!is_register && name != "cc")
    report<diag::AsmClobber>(clobber->range, name).hint("registers are `r0` to `r9`; memory is `memory`");
}

// Numbers the operands in the text. Inputs that share an output's register are that output.
class Analyzer::AsmTextReader {
 public:
  AsmTextReader(Analyzer &analyzer, AsmStmt &a, std::vector<Loc> locs)
      : analyzer_(analyzer), a_(a), text_(a.text->bytes), locs_(std::move(locs)) {}

  void run() {
    int32_t next = 0;
    for (const AsmOperand *output : a_.outputs) add_operand(output, next++);
    for (const AsmOperand *input : a_.inputs) add_operand(input, input->tied >= 0 ? input->tied : next++);
    next_ = next;
    while (at_ < text_.size() && !failed_) {
      if (text_[at_] == '%' && a_.is_extended)
        percent();
      else if (is_name_char(text_[at_]) && !is_digit(text_[at_]))
        name();
      else
        plain(text_[at_++]);
    }
    a_.plain_text = analyzer_.nodes_->copy(std::string_view(out_));
    a_.plain_locs = analyzer_.nodes_->copy(out_locs_);
    a_.symbols = {analyzer_.nodes_->copy(symbols_)};
  }

 private:
  struct Named {
    std::string_view name;
    int32_t index;
  };
  void add_operand(const AsmOperand *operand, int32_t index) { operands_.push_back({operand->symbolic_name, index}); }

  Loc loc(size_t at) const { return at < locs_.size() ? locs_[at] : a_.text->range.begin; }
  Range range(size_t begin, size_t end) const {
    const Loc first = loc(begin), last = loc(end - 1);
    return {first, last >= first ? last + 1 : first + 1};
  }
  void put(std::string_view text, size_t from) {
    out_ += text;
    out_locs_.resize(out_.size(), loc(from));
  }
  void plain(char c) {
    // A text without operands keeps its percent signs.
    put(c == '%' ? std::string_view("%%") : std::string_view(&c, 1), at_ - 1);
  }

  // %0, %[name], %l[label], %%, %=
  void percent() {
    const size_t begin = at_++;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '%' || c == '=') {
      at_++;
      return put(c == '%' ? "%%" : "%=", begin);
    }
    if (c == '{' || c == '|' || c == '}') {
      at_++;
      return put(std::string_view(&c, 1), begin);
    }
    const bool has_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (has_letter) at_++;
    const bool is_label = c == 'l';
    if (has_letter && !is_label && c != 'c') {
      failed_ = true;
      analyzer_.report<diag::AsmModifier>(range(begin, at_), c);
      return;
    }
    const auto index = at_ < text_.size() && text_[at_] == '[' ? named(begin, is_label) : numbered(begin, is_label);
    if (index)
      put(is_label ? fmt::format("%l[{}]", *index) : fmt::format("%[{}]", *index), begin);
    else
      failed_ = true;
  }

  std::optional<int32_t> named(size_t begin, bool is_label) {
    const size_t close = text_.find(']', at_);
    const std::string_view name =
        close == std::string_view::npos ? text_.substr(at_ + 1) : text_.substr(at_ + 1, close - at_ - 1);
    at_ = close == std::string_view::npos ? text_.size() : close + 1;
    if (is_label) {
      const auto at = std::ranges::find(a_.labels, name);
      if (at != a_.labels.end()) return static_cast<int32_t>(at - a_.labels.begin());
    } else {
      const auto at = std::ranges::find(operands_, name, &Named::name);
      if (at != operands_.end() && !name.empty()) return at->index;
    }
    auto message = analyzer_.report<diag::AsmOperandName>(range(begin, at_), is_label ? "label" : "operand", name);
    std::string known;
    for (const Named &o : operands_)
      if (!is_label && !o.name.empty()) known += fmt::format("{}`{}`", known.empty() ? "" : ", ", o.name);
    for (const std::string_view label : a_.labels)
      if (is_label) known += fmt::format("{}`{}`", known.empty() ? "" : ", ", label);
    if (!known.empty()) message.hint("there is {}", known);
    return std::nullopt;
  }

  std::optional<int32_t> numbered(size_t begin, bool is_label) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), index);
    at_ = static_cast<size_t>(end - text_.data());
    // Labels are counted behind all operands, those that are read and written twice.
    const auto both =
        static_cast<size_t>(std::ranges::count_if(a_.outputs, [](const AsmOperand *o) { return o->is_read; }));
    const size_t first_label = operands_.size() + both;
    if (error == std::errc() && is_label && index >= first_label && index - first_label < a_.labels.size())
      return static_cast<int32_t>(index - first_label);
    if (error == std::errc() && !is_label && index < operands_.size()) return operands_[index].index;
    analyzer_
        .report<diag::AsmOperandNumber>(range(begin, std::max(at_, begin + 1)),
                                        text_.substr(begin, std::max(at_, begin + 1) - begin), operands_.size())
        .hint("a percent sign itself is written `%%`");
    return std::nullopt;
  }

  // `call f` and `r1 = g ll` refer to what the program declares.
  void name() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) at_++;
    const std::string_view word = text_.substr(begin, at_ - begin);
    const size_t before = text_.find_last_not_of(" \t", begin == 0 ? 0 : begin - 1);
    const bool is_called = last_word_ == "call" && before != std::string_view::npos && text_[before] == 'l';
    const bool is_loaded = begin != 0 && before != std::string_view::npos && text_[before] == '=';
    last_word_ = word;
    Symbol *symbol = is_called || is_loaded ? analyzer_.lookup_file_scope(word) : nullptr;
    const bool is_named = symbol != nullptr &&
                          (symbol->kind == SymbolKind::Function || (symbol->kind == SymbolKind::Variable && is_loaded));
    if (!is_named || text_.contains(std::string(word) + ':')) return put_word(word, begin);
    AsmOperand *operand = analyzer_.asm_symbol(*symbol, range(begin, at_));
    symbols_.push_back(operand);
    put(fmt::format("%[{}]", next_++), begin);
  }
  void put_word(std::string_view word, size_t begin) {
    for (size_t i = 0; i < word.size(); i++) put(word.substr(i, 1), begin + i);
  }

  Analyzer &analyzer_;
  AsmStmt &a_;
  std::string_view text_;
  std::vector<Loc> locs_;
  size_t at_ = 0;
  std::vector<Named> operands_;
  std::vector<AsmOperand *> symbols_;
  std::string out_;
  std::vector<Loc> out_locs_;
  std::string_view last_word_;
  int32_t next_ = 0;
  bool failed_ = false;
};

void Analyzer::asm_text(AsmStmt &a) {
  std::vector<size_t> sizes;
  for (const std::string_view piece : a.text->pieces) sizes.push_back(decode_piece(piece, a.text->range).size());
  AsmTextReader(*this, a, locations(a, diags_.sources(), sizes)).run();
}

// Nobody sets up a frame or returns, so only assembly makes sense.
void Analyzer::check_naked(const Symbol &function, const Stmt &body) {
  for (const Stmt *s : body.items)
    if (s->kind != Stmt::Asm && s->kind != Stmt::Empty) {
      report<diag::NakedStatement>(s->range, function.name)
          .hint("remove `naked`, or write the whole function as assembly, `exit` included");
      return;
    }
}

// The address of [symbol] as an operand of constraint `i`.
AsmOperand *Analyzer::asm_symbol(Symbol &symbol, Range at) {
  auto *name = nodes_->make<Expr>();
  name->kind = Expr::Identifier;
  name->range = at;
  name->text = symbol.name;
  Expr *address = name;
  if (symbol.kind == SymbolKind::Variable) {
    address = nodes_->make<Expr>();
    address->kind = Expr::Unary;
    address->op.unary = ast::UnaryOp::AddressOf;
    address->range = at;
    address->a = name;
    address->depth = 1;
  }
  auto *operand = nodes_->make<AsmOperand>();
  operand->range = at;
  operand->place = AsmOperand::Immediate;
  operand->is_read = true;
  operand->value = value(address);
  return operand;
}

}  // namespace spile::sema
