#include "backend/emit/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "support/check.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::codegen {

namespace {

using mir::AsmOperand;

// What stands in the text for an operand. `$g`, `$f` and `$l` begin no name that a program can write.
std::string text_of(const AsmOperand &operand, const mir::Function &function) {
  switch (operand.kind) {
    case AsmOperand::Kind::Register:
      return fmt::format("{}{}", operand.is_narrow ? 'w' : 'r', operand.reg.id);
    case AsmOperand::Kind::Memory: {
      const int64_t offset = operand.imm + (operand.slot.valid() ? function.slots[operand.slot.index].offset : 0);
      const uint32_t base = operand.slot.valid() ? isa::kFramePointer : operand.reg.id;
      return fmt::format("(r{} {} {})", base, offset < 0 ? '-' : '+', offset < 0 ? -offset : offset);
    }
    case AsmOperand::Kind::Constant:
      return fmt::format("{}", operand.imm);
    case AsmOperand::Kind::Global:
      return fmt::format("$g{}{:+}", operand.symbol, operand.imm);
    case AsmOperand::Kind::Function:
      return fmt::format("$f{}", operand.symbol);
  }
  SPILE_UNREACHABLE("a kind that is not in Kind");
}

// The number in "[12]" at the front of [text], which loses it.
size_t take_index(std::string_view &text) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), index);
  SPILE_CHECK(text.starts_with('[') && error == std::errc() && *end == ']', "assembly whose operands have no numbers");
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return index;
}

std::optional<uint32_t> id_after(std::string_view name, std::string_view prefix, size_t count) {
  uint32_t id = 0;
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), id);
  if (error != std::errc() || id >= count) return std::nullopt;  // a name that the program has made up
  return id;
}

template <class Entities>
std::optional<uint32_t> find_named(const Entities &entities, std::string_view name) {
  const auto at = std::ranges::find_if(entities, [&](const auto &e) { return e.name == name; });
  if (at == entities.end()) return std::nullopt;
  return static_cast<uint32_t>(at - entities.begin());
}

}  // namespace

std::optional<AssembledText> AssembledText::make(const ir::Module &module, const mir::Function &function,
                                                 uint32_t assembly, uint32_t unique, const isel::Target &target,
                                                 Diagnostics &diags) {
  AssembledText made;
  made.source_ = &module[function.source].assemblies[function.assemblies[assembly].source];
  made.fill_in(function, assembly, unique);
  if (const auto fault = isa::assemble_block(made.text_, made.code_)) {
    made.report(*fault, diags);
    return std::nullopt;
  }
  if (!made.resolve(module, diags)) return std::nullopt;
  if (made.code_.cpu() > target.cpu)
    diags.report<diag::AsmNewerThanCpu>(made.source_->loc_of(0), made.code_.cpu(), target.cpu);
  return made;
}

void AssembledText::fill_in(const mir::Function &function, uint32_t assembly, uint32_t unique) {
  const std::vector<AsmOperand> &operands = function.assemblies[assembly].operands;
  const std::string_view from = source_->text;
  std::string_view rest = from;
  const auto here = [&] { return static_cast<uint32_t>(from.size() - rest.size()); };
  const auto piece = [&](bool is_operand) {
    pieces_.push_back({static_cast<uint32_t>(text_.size()), here(), is_operand});
  };
  while (!rest.empty()) {
    piece(false);
    const size_t plain = std::min(rest.find('%'), rest.size());
    text_ += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    piece(true);
    rest.remove_prefix(1);
    if (rest.starts_with('%')) {
      text_ += '%';
      rest.remove_prefix(1);
    } else if (rest.starts_with('=')) {
      text_ += std::to_string(unique);
      rest.remove_prefix(1);
    } else if (rest.starts_with('l')) {
      rest.remove_prefix(1);
      text_ += fmt::format("$l{}", take_index(rest));
    } else {
      const size_t index = take_index(rest);
      SPILE_CHECK(index < operands.size(), "assembly with an operand that it does not have");
      text_ += text_of(operands[index], function);
    }
  }
}

uint32_t AssembledText::source_offset(uint32_t filled) const {
  const auto behind = std::ranges::upper_bound(pieces_, filled, {}, &Piece::at);
  if (behind == pieces_.begin()) return 0;
  const Piece &piece = *std::prev(behind);
  return piece.is_operand ? piece.source : piece.source + (filled - piece.at);
}

Range AssembledText::source_range(uint32_t begin, uint32_t end) const {
  const Loc from = source_->loc_of(source_offset(begin));
  if (!from.valid()) return {};
  const Loc last = source_->loc_of(source_offset(end > begin ? end - 1 : begin));
  return {from, last >= from ? last + 1 : from + 1};
}

Loc AssembledText::loc_of(size_t insn) const {
  const auto statements = code_.statements();
  const auto behind = std::ranges::upper_bound(statements, insn * sizeof(isa::Insn), {},
                                               [](const isa::AsmCode::Statement &s) { return size_t{s.at}; });
  if (behind == statements.begin()) return source_->loc_of(0);
  return source_->loc_of(source_offset(std::prev(behind)->begin));
}

bool AssembledText::resolve(const ir::Module &module, Diagnostics &diags) {
  for (const isa::AsmCode::SymbolUse &use : code_.symbols()) {
    EncodedFunction::Fixup fixup{.insn = static_cast<uint32_t>(use.at / sizeof(isa::Insn)),
                                 .global = {},
                                 .function = {},
                                 .is_call = use.is_call,
                                 .addend = use.addend};
    auto function = id_after(use.name, "$f", module.functions.size());
    auto global = id_after(use.name, "$g", module.globals.size());
    if (!function) function = find_named(module.functions, use.name);
    if (!global && !function) global = find_named(module.globals, use.name);
    const Range at = source_range(use.begin, use.end);
    if (!function && !global && !use.is_call) {
      undefined_loads_.push_back({fixup.insn, fixup.addend, std::string(use.name)});
      continue;
    }
    if (!function && !global) {
      diags.report<diag::AsmUnknownSymbol>(at, use.name);
      return false;
    }
    if (use.is_call && !function) {
      diags.report<diag::AsmBadOperand>(
          at, fmt::format("`{}` is called, and is no function", module.globals[*global].name));
      return false;
    }
    if (function)
      fixup.function = ir::FunctionId(*function);
    else
      fixup.global = ir::GlobalId(*global);
    fixups_.push_back(fixup);
  }
  return true;
}

bool AssembledText::place(std::span<const int64_t> labels, std::vector<isa::Insn> &out, Diagnostics &diags) {
  std::vector<int64_t> bytes;
  for (const int64_t label : labels) bytes.push_back(label * static_cast<int64_t>(sizeof(isa::Insn)));
  if (const auto fault = code_.finish(bytes)) {
    report(*fault, diags);
    return false;
  }
  out.resize(code_.insn_count());
  if (!out.empty()) std::memcpy(out.data(), code_.bytes().data(), code_.bytes().size());
  return true;
}

void AssembledText::add_fixups(uint32_t first, EncodedFunction &out) const {
  for (EncodedFunction::Fixup fixup : fixups_) {
    fixup.insn += first;
    out.fixups.push_back(fixup);
  }
  for (EncodedFunction::UndefinedLoad load : undefined_loads_) {
    load.insn += first;
    out.undefined_loads.push_back(std::move(load));
  }
}

void AssembledText::report(const isa::AsmFault &fault, Diagnostics &diags) const {
  using Kind = isa::AsmFault::Kind;
  const Range at = source_range(fault.begin, fault.end);
  const auto hinted = [&](auto &&report) {
    if (!fault.hint.empty()) report.hint("{}", fault.hint);
  };
  switch (fault.kind) {
    case Kind::UnknownInstruction:
      return hinted(diags.report<diag::AsmUnknownInstruction>(at, fault.what));
    case Kind::BadOperand:
      return hinted(diags.report<diag::AsmBadOperand>(at, fault.what));
    case Kind::UndefinedLabel:
      return hinted(diags.report<diag::AsmUndefinedLabel>(at, fault.what));
    case Kind::DuplicateLabel:
      return hinted(diags.report<diag::AsmDuplicateLabel>(at, fault.what));
    case Kind::BadDirective:
      return hinted(diags.report<diag::AsmBadDirective>(at, fault.what));
    case Kind::TooFar:
      return hinted(diags.report<diag::AsmTooFar>(at, fault.what));
    case Kind::BrokenCode:
      return hinted(diags.report<diag::AsmBrokenCode>(at, fault.what));
  }
}

}  // namespace spile::codegen
