// What of assembled code waits for the places of labels, filled in; and which registers a text names.
#include <fmt/format.h>

#include <cstring>

#include "backend/isa/asm_expression.h"
#include "backend/isa/builder.h"
#include "backend/isa/inline_asm.h"

namespace spile::isa {

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
  const std::string name = std::string(text(at));
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
    if (t.kind != AsmToken::Kind::Name) continue;
    const std::string_view word = text.substr(t.begin, t.end - t.begin);
    auto number = register_number(word, 'r');
    if (!number) number = register_number(word, 'w');
    if (number && *number < 10) named |= static_cast<uint16_t>(1u << *number);
  }
  return named;
}

}  // namespace spile::isa
