#include "backend/isel/mir.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "backend/isa/info.h"
#include "support/check.h"

namespace spile::mir {

bool Inst::is_rematerializable() const {
  return (form == Form::Mov && !src.valid()) || form == Form::LoadConst || form == Form::LoadGlobal ||
         form == Form::LoadFunc || form == Form::FrameAddr;
}

bool same_value(const Inst &a, const Inst &b) {
  return a.form == b.form && a.opcode == b.opcode && a.imm == b.imm && a.off == b.off && a.symbol == b.symbol &&
         a.slot == b.slot && a.core == b.core;
}

bool is_set_early(const Function &function, const Inst &inst, Reg reg) {
  if (inst.form != Form::Asm) return false;
  const Assembly &assembly = function.assemblies[inst.symbol];
  if (reg.is_physical()) return (assembly.clobbers >> reg.id & 1) != 0;
  // One that is read as well is in use anyway.
  return std::ranges::any_of(assembly.operands, [&](const AsmOperand &operand) {
    return operand.reg == reg && operand.is_early && operand.is_written && !operand.is_read;
  });
}

std::string name_of(Reg reg) {
  if (!reg.valid()) return "-";
  return reg.is_physical() ? fmt::format("r{}", reg.id) : fmt::format("%{}", reg.id - Reg::kFirstVirtual);
}

namespace {

// A 32-bit operand: w1, or %5.w.
std::string narrow_name_of(Reg reg) { return reg.is_physical() ? fmt::format("w{}", reg.id) : name_of(reg) + ".w"; }

std::string slot_name(SlotId slot) { return fmt::format("${}", slot.index); }

// Fills in the text of a row of insns.def. Its base register is the slot where the operand is one.
std::string expand(const Inst &inst) {
  const isa::Insn encoded{inst.opcode, 0, 0, static_cast<int16_t>(inst.off), static_cast<int32_t>(inst.imm)};
  const isa::InsnInfo *info = isa::lookup(encoded);
  if (info == nullptr) return fmt::format("<opcode {:#x}>", inst.opcode);
  const std::string_view text = info->text;
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    const bool is_register = (text[i] == 'r' || text[i] == 'w') && i + 3 < text.size() && text[i + 1] == '{' &&
                             (text[i + 2] == 'd' || text[i + 2] == 's') && text[i + 3] == '}';
    if (is_register) {
      const Reg reg = text[i + 2] == 'd' ? inst.dst : inst.src;
      out += !reg.valid() && inst.slot.valid() ? slot_name(inst.slot)
             : text[i] == 'w'                  ? narrow_name_of(reg)
                                               : name_of(reg);
      i += 3;
    } else if (text[i] == '{') {
      switch (text[i + 1]) {
        case 'i':
        case 'x':
          out += fmt::format("{}", inst.imm);
          break;
        case 'o':
          out += fmt::format("{:+}", inst.off);
          break;
        case 'j':
        case 'l':
          out += fmt::format("b{}", inst.target.index);
          break;
        default:
          break;
      }
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// asm "%[0] += %[1]" (=+%4, %5) clobbers r1
std::string print_assembly(const Function &function, const Inst &inst, const ir::Module &module) {
  const Assembly &assembly = function.assemblies[inst.symbol];
  std::string out = fmt::format("asm {:?} (", module[function.source].assemblies[assembly.source].text);
  for (const AsmOperand &operand : assembly.operands) {
    if (&operand != assembly.operands.data()) out += ", ";
    switch (operand.kind) {
      case AsmOperand::Kind::Register:
        out += operand.is_written ? operand.is_read ? "+" : "=" : "";
        out += operand.is_early ? "&" : "";
        out += operand.is_narrow ? narrow_name_of(operand.reg) : name_of(operand.reg);
        break;
      case AsmOperand::Kind::Memory:
        out +=
            fmt::format("({} {:+})", operand.reg.valid() ? name_of(operand.reg) : slot_name(operand.slot), operand.imm);
        break;
      case AsmOperand::Kind::Constant:
        out += fmt::format("{}", operand.imm);
        break;
      case AsmOperand::Kind::Global:
        out += fmt::format("@{} {:+}", module.globals[operand.symbol].name, operand.imm);
        break;
      case AsmOperand::Kind::Function:
        out += '@' + module.functions[operand.symbol].name;
        break;
    }
  }
  out += ')';
  for (unsigned i = 0; i < kAllocatable; i++)
    if ((assembly.clobbers >> i & 1) != 0) out += fmt::format(" !r{}", i);
  return out;
}

std::string print_plain(const Function &function, const Inst &inst, const ir::Module &module) {
  switch (inst.form) {
    case Form::LoadConst:
      return fmt::format("{} = {:#x} ll", name_of(inst.dst), static_cast<uint64_t>(inst.imm));
    case Form::LoadGlobal:
      return fmt::format("{} = @{} + {} ll", name_of(inst.dst), module.globals[inst.symbol].name, inst.imm);
    case Form::LoadFunc:
      return fmt::format("{} = @{} ll", name_of(inst.dst), module.functions[inst.symbol].name);
    case Form::FrameAddr:
      return fmt::format("{} = {} {:+}", name_of(inst.dst), slot_name(inst.slot), inst.off);
    case Form::Asm:
      return print_assembly(function, inst, module);
    case Form::AsmTarget:
      return fmt::format("asm may jump to b{}", inst.target.index);
    case Form::CallLocal:
      return fmt::format("call @{}", module.functions[inst.symbol].name);
    case Form::Mov:
    case Form::Alu:
    case Form::Unary:
    case Form::Load:
    case Form::Store:
    case Form::StoreImm:
    case Form::Atomic:
    case Form::PacketLoad:
    case Form::Call:
    case Form::Exit:
    case Form::Jump:
    case Form::CondJump:
      return expand(inst);
  }
  SPILE_UNREACHABLE("a form that is not in Form");
}

}  // namespace

std::string print(const Function &function, const Inst &inst, const ir::Module &module) {
  std::string text = print_plain(function, inst, module);
  if (inst.core != Inst::kNoCore) text += fmt::format("  ; core {}", inst.core);
  return text;
}

std::string print(const Function &function, const ir::Module &module, std::span<const uint32_t> order) {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to, "machine @{} {{\n", function.name);
  for (size_t i = 0; i < function.slots.size(); i++) {
    const Slot &slot = function.slots[i];
    fmt::format_to(to, "  ${} size {} align {}", i, slot.size, slot.align);
    if (slot.offset != 0) fmt::format_to(to, " at r10{:+}", slot.offset);
    if (!slot.name.empty()) fmt::format_to(to, " \"{}\"", slot.name);
    out += '\n';
  }
  for (size_t i = 0; i < (order.empty() ? function.blocks.size() : order.size()); i++) {
    const size_t block = order.empty() ? i : order[i];
    if (function.blocks[block].insts.empty()) continue;
    fmt::format_to(to, "b{}:\n", block);
    for (const Inst &inst : function.blocks[block].insts) fmt::format_to(to, "  {}\n", print(function, inst, module));
  }
  return out + "}\n";
}

}  // namespace spile::mir
