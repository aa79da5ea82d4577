#include "backend/isa/asm_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"

namespace spile::isa {

using TokenKind = AsmToken::Kind;
using FaultKind = AsmFault::Kind;

bool is_loader_form(const InsnInfo &info) { return info.select == InsnInfo::Select::Src && info.select_value != 0; }

std::string asm_example(const InsnInfo &info) {
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

std::string nearest_instruction(std::string_view statement) {
  const std::string_view word = statement.substr(0, statement.find_first_of(" \t"));
  const InsnInfo *best = nullptr;
  size_t least = std::max<size_t>(2, word.size() / 2);
  for (const InsnInfo &info : all_insns()) {
    const std::string_view start = info.text.substr(0, info.text.find_first_of(" ("));
    if (is_loader_form(info) || start.contains('{') || start.contains('*')) continue;
    if (const size_t d = tables::letters_apart(word, start); d < least) {
      least = d;
      best = &info;
    }
  }
  return best == nullptr ? std::string() : fmt::format("did you mean `{}`?", asm_example(*best));
}

std::optional<AsmFault> misplaced(const AsmCode &code, size_t token) {
  const AsmToken &t = code.token(token);
  if (t.kind == TokenKind::Separator) {
    const AsmToken &before = code.token(token - 1);
    return AsmFault{FaultKind::BadOperand,
                    before.begin,
                    before.end,
                    fmt::format("something is missing behind `{}`", code.text(before)),
                    {}};
  }
  return AsmFault{FaultKind::BadOperand, t.begin, t.end, fmt::format("`{}` does not belong here", code.text(t)), {}};
}

namespace {

bool is_word_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }
bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

bool is_register_mark(std::string_view want, size_t i) {
  return (want[i] == 'r' || want[i] == 'w') && want.substr(i + 1, 1) == "{";
}

// A register of which only the lower half counts may be named either way.
bool lower_half_counts(const InsnInfo &info, char operand) {
  if (info.bits > 32) return false;
  return (info.shape == Shape::Load && info.extend() == Extend::Zero && operand == 'd') ||
         ((info.shape == Shape::StoreReg || info.shape == Shape::Atomic) && operand == 's');
}

}  // namespace

void AsmMatcher::fail(FaultKind kind, const AsmToken &at, std::string what) {
  m_.fault = AsmFault{kind, at.begin, at.end, std::move(what), {}};
}

AsmMatch AsmMatcher::run() {
  m_.first.opcode = info_.opcode;
  if (info_.select == InsnInfo::Select::Off) m_.first.off = static_cast<int16_t>(info_.select_value);
  if (info_.select == InsnInfo::Select::Imm) m_.first.imm = info_.select_value;
  std::optional<uint8_t> dst, src;
  const std::string_view want = info_.text;
  for (size_t i = 0; i < want.size() && !m_.fault && !m_.is_rejected;) {
    const char c = want[i];
    if (c == ' ') {
      i++;
    } else if (c == '{') {
      operand(want[i + 1]);
      i += 3;
    } else if (is_register_mark(want, i)) {
      m_.is_rejected = !take_register(c, want[i + 2], want[i + 2] == 'd' ? dst : src);
      i += 4;
    } else if (is_word_char(c)) {
      const size_t begin = i;
      while (i < want.size() && is_word_char(want[i]) && !is_register_mark(want, i)) i++;
      m_.is_rejected = !take_word(want.substr(begin, i - begin));
    } else {
      // LLVM's parser drops commas, wherever they are.
      if (code_.is_punct(m_.next, c))
        m_.next++;
      else
        m_.is_rejected = c != ',';
      i++;
    }
  }
  m_.first.dst = dst.value_or(0);
  m_.first.src = src.value_or(info_.select == InsnInfo::Select::Src ? static_cast<uint8_t>(info_.select_value) : 0);
  return std::move(m_);
}

bool AsmMatcher::take_word(std::string_view word) {
  const AsmToken &t = code_.token(m_.next);
  if (t.kind != TokenKind::Name || !same_word(code_.text(t), word)) return false;
  m_.next++;
  return true;
}

bool AsmMatcher::take_register(char letter, char operand, std::optional<uint8_t> &reg) {
  const AsmToken &t = code_.token(m_.next);
  if (t.kind != TokenKind::Name) return false;
  auto number = register_number(code_.text(t), letter);
  if (!number && lower_half_counts(info_, operand)) number = register_number(code_.text(t), letter == 'r' ? 'w' : 'r');
  if (!number) return false;
  if (reg && *reg != *number) {
    fail(FaultKind::BadOperand, t, fmt::format("`{}`: the instruction reads and writes one register", code_.text(t)));
    return false;
  }
  reg = number;
  m_.next++;
  return true;
}

void AsmMatcher::operand(char kind) {
  switch (kind) {
    case 'i':
      return immediate();
    case 'o':
      return offset();
    case 'j':
      return target(Field::Jump16);
    case 'l':
      return target(Field::Jump32);
    case 'q':
      return wide_immediate();
    case 'c':
      return address_spaces();
    default:
      return;  // {x}: LLVM has no second number there
  }
}

// Reads an expression at m_.next; on failure sets the fault.
std::optional<AsmValue> AsmMatcher::expression(bool is_offset) {
  AsmExpression reader(code_, m_.next, {}, false);
  const auto value = is_offset ? reader.read(4) : reader.read();
  if (value)
    m_.next = reader.next_token();
  else
    m_.fault = reader.fault() ? reader.fault() : misplaced(code_, m_.next);
  return value;
}

// As LLVM, takes any 64-bit number and keeps its lower half: masks are written both ways.
void AsmMatcher::immediate() {
  const auto begin = static_cast<uint32_t>(m_.next);
  const bool is_call = m_.first.opcode == opcode(JMP, CALL, K);
  const AsmToken &t = code_.token(m_.next);
  const bool is_name = t.kind == TokenKind::Name && !is_register(code_.text(t));
  const auto value = expression();
  if (!value) return;
  m_.first.imm = static_cast<int32_t>(value->value);
  if (!value->has_label) return;
  if (is_call && is_name)
    m_.symbol_token = begin;
  else
    m_.pending.push_back({Field::Imm, 0, begin});
}

void AsmMatcher::offset() {
  const bool is_plus = code_.is_punct(m_.next, '+');
  if (!is_plus && !code_.is_punct(m_.next, '-')) return;
  if (is_plus) m_.next++;
  const AsmToken &at = code_.token(m_.next);
  const auto begin = static_cast<uint32_t>(m_.next);
  const auto value = expression(true);
  if (!value) return;
  if (value->has_label)
    m_.pending.push_back({Field::Off, 0, begin});
  else if (value->value != static_cast<int16_t>(value->value))
    fail(FaultKind::TooFar, at, fmt::format("the offset {} does not fit into 16 bits", value->value));
  m_.first.off = static_cast<int16_t>(value->value);
}

void AsmMatcher::target(Field field) {
  const AsmToken &at = code_.token(m_.next);
  const auto begin = static_cast<uint32_t>(m_.next);
  const auto value = expression();
  if (!value) return;
  if (value->has_label) {
    m_.pending.push_back({field, 0, begin});
  } else if (field == Field::Jump32) {
    m_.first.imm = static_cast<int32_t>(value->value);
  } else {
    if (value->value != static_cast<int16_t>(value->value))
      fail(FaultKind::TooFar, at, fmt::format("a jump over {} instructions does not fit into 16 bits", value->value));
    m_.first.off = static_cast<int16_t>(value->value);
  }
}

void AsmMatcher::wide_immediate() {
  const auto begin = m_.next;
  const auto value = expression();
  if (!value) return;
  m_.first.imm = static_cast<int32_t>(value->value);
  m_.second.imm = static_cast<int32_t>(value->value >> 32);
  if (value->has_label) m_.symbol_token = begin;
}

// addr_space_cast(r1, to, from)
void AsmMatcher::address_spaces() {
  const auto to = expression();
  if (to && code_.is_punct(m_.next, ',')) m_.next++;
  const auto from = to ? expression() : std::nullopt;
  if (!from) return;
  m_.first.imm = static_cast<int32_t>((to->value & 0xffff) << 16 | (from->value & 0xffff));
}

}  // namespace spile::isa
