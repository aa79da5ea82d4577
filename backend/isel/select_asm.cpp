// Inline assembly: operands into registers, immediates or places in memory. The text itself waits for emit.
//
//     %2 = asm.i64 "%[0] += %[1]" ("+r" %0, "ri" i64 5)    ──►    %v2 = %v0; asm "…" (+%v2, 5)
#include <algorithm>
#include <bit>

#include "backend/isa/inline_asm.h"
#include "backend/isel/selector.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::isel {

using ir::Op;
using mir::AsmOperand;
using mir::Form;
using Kind = ir::Assembly::Operand::Kind;

// As clang: what stands above the bits of a narrow type is not touched, so that `"r"((short)x)` names the register of
// x. Only a 32-bit value gets a clean upper half.
mir::Reg Selector::asm_input(ValueId v) {
  const bool clean = bits(v) == 32 && !is_unplaced(v) && widths_[v.index] > 32 && target_.has_alu32();
  return clean ? zero_extended(v, 32) : reg(v);
}

// A number, or an address that is known when the object is loaded.
std::optional<mir::AsmOperand> Selector::asm_immediate(ValueId v) const {
  uint64_t sum = 0;
  while ((inst(v).op == Op::PtrAdd && is_constant(fn_.operand(v, 1))) || inst(v).op == Op::PtrToInt ||
         inst(v).op == Op::IntToPtr) {
    if (inst(v).op == Op::PtrAdd) sum += static_cast<uint64_t>(inst(fn_.operand(v, 1)).imm);
    v = fn_.operand(v, 0);
  }
  const ir::Inst &i = inst(v);
  const auto symbol = static_cast<uint32_t>(i.imm);
  if (i.op == Op::Const) sum += static_cast<uint64_t>(i.imm);
  const auto offset = static_cast<int64_t>(sum);
  if (i.op == Op::Const) return AsmOperand{.kind = AsmOperand::Kind::Constant, .imm = offset};
  if (i.op == Op::GlobalAddr) return AsmOperand{.kind = AsmOperand::Kind::Global, .symbol = symbol, .imm = offset};
  if (i.op == Op::FuncAddr && offset == 0) return AsmOperand{.kind = AsmOperand::Kind::Function, .symbol = symbol};
  return std::nullopt;
}

std::optional<mir::AsmOperand> Selector::asm_operand(const ir::Assembly::Operand &wanted, ValueId v) {
  AsmOperand made{.kind = AsmOperand::Kind::Register,
                  .is_read = wanted.is_read,
                  .is_written = wanted.is_written,
                  .is_early = wanted.is_early,
                  .is_narrow = wanted.is_narrow};
  switch (wanted.kind) {
    case Kind::Register:
      if (wanted.is_written) {
        made.reg = out_.new_register();
        if (wanted.is_read) is_unplaced(v) ? move_value(made.reg, v) : copy(made.reg, asm_input(v));
      } else {
        made.reg = asm_input(v);
      }
      return made;
    case Kind::RegisterOrImmediate:
      if (is_constant(v) && inst(v).imm == static_cast<int32_t>(inst(v).imm)) return asm_immediate(v);
      made.reg = asm_input(v);
      return made;
    case Kind::Immediate: {
      const auto value = asm_immediate(v);
      if (!value) diags_.report<diag::AsmNotConstant>(wanted.loc).hint("constraint `r` takes a value that is computed");
      return value;
    }
    case Kind::Memory: {
      const Address address = address_of(v, 0, sizeof(int64_t));
      made.kind = AsmOperand::Kind::Memory;
      made.is_read = true;
      made.is_written = false;  // the memory, not the register
      made.reg = address.base;
      made.slot = address.slot;
      made.imm = address.off;
      return made;
    }
  }
  SPILE_UNREACHABLE("a kind that is not in Kind");
}

// What may be had at once: see the colours that regalloc needs when nothing else is left in registers.
bool Selector::asm_fits(const mir::Assembly &assembly) const {
  size_t read = 0, written = 0, both = 0;
  std::vector<Reg> seen;
  for (const AsmOperand &operand : assembly.operands) {
    if (!operand.reg.valid() || std::ranges::find(seen, operand.reg) != seen.end()) continue;
    seen.push_back(operand.reg);
    if (operand.is_written && (operand.is_read || operand.is_early))
      both++;
    else
      (operand.is_written ? written : read)++;
  }
  const bool r6_is_taken = out_.keeps_context_in_r6 && (assembly.clobbers >> mir::kContext.id & 1) == 0;
  const size_t taken = static_cast<size_t>(std::popcount(assembly.clobbers)) + (r6_is_taken ? 1 : 0);
  const size_t needed = both == 0 ? std::max(read, written) : read + written + both;
  return needed + taken <= mir::kAllocatable;
}

void Selector::select_asm(ValueId v) {
  const auto source = static_cast<uint32_t>(inst(v).imm);
  const ir::Assembly &assembly = fn_.assemblies[source];
  mir::Assembly made{.source = source, .operands = {}, .clobbers = assembly.clobbers};
  const auto values = fn_.operands(v);
  size_t next = 0;
  std::vector<Reg> results;
  for (const ir::Assembly::Operand &wanted : assembly.operands) {
    const auto operand = asm_operand(wanted, wanted.is_read ? values[next] : ValueId{});
    if (wanted.is_read) next++;
    if (!operand) return;
    if (wanted.is_result()) results.push_back(operand->reg);
    made.operands.push_back(*operand);
  }
  // Registers that the text names without telling: nothing is kept there, as long as enough others are left.
  const uint16_t told = made.clobbers;
  if (!fn_.is_naked) made.clobbers |= isa::named_registers(assembly.text);  // of a naked function nothing lives
  if (!asm_fits(made)) made.clobbers = told;
  if (!asm_fits(made)) {
    diags_.report<diag::AsmTooManyRegisters>(inst(v).loc, made.operands.size(), std::popcount(made.clobbers))
        .hint("pass constants with `i`, or take registers out of the clobbers");
    return;
  }
  const bool jumps = inst(v).op == Op::AsmGoto;
  emit({.form = Form::Asm, .symbol = static_cast<uint32_t>(out_.assemblies.size())});
  out_.assemblies.push_back(std::move(made));
  if (jumps) return leave_asm(v, results);
  if (!results.empty()) alias(v, results[0]);
  asm_results_[v.index] = std::move(results);
}

// The results of an asm goto are copied on each way out: there they are ordinary registers.
void Selector::leave_asm(ValueId v, const std::vector<Reg> &results) {
  std::vector<Reg> copies(results.size());
  for (size_t i = 0; i < results.size(); i++) {
    out_.unspillable.push_back(results[i]);
    copies[i] = i == 0 ? result(v) : out_.new_register();
  }
  asm_results_[v.index] = copies;
  const auto way_out = [&](ir::BlockId to) {
    const mir::BlockId destination = edge_to(to);
    if (results.empty()) return destination;
    const mir::BlockId block = new_block();
    const mir::BlockId was = current_;
    begin_block(block);
    for (size_t i = 0; i < results.size(); i++) copy(copies[i], results[i]);
    jump(destination);
    begin_block(was);
    return block;
  };
  const auto targets = fn_.targets(v);
  for (size_t i = 1; i < targets.size(); i++) emit({.form = Form::AsmTarget, .target = way_out(targets[i])});
  jump(way_out(targets[0]));
}

void Selector::select_asm_output(ValueId v) {
  const auto &results = asm_results_.at(fn_.operand(v, 0).index);
  alias(v, results[static_cast<size_t>(inst(v).imm)]);
}

}  // namespace spile::isel
