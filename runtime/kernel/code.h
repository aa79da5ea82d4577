// Instructions, one a call, for the few that this folder writes itself. Names as in the kernel's
// include/linux/filter.h.
#pragma once

#include "backend/isa/insn.h"

namespace spile::kernel::code {

using isa::Insn;

constexpr Insn mov(uint8_t dst, uint8_t src) { return {isa::opcode(isa::ALU64, isa::MOV, isa::X), dst, src, 0, 0}; }
constexpr Insn mov_imm(uint8_t dst, int32_t imm) { return {isa::opcode(isa::ALU64, isa::MOV, isa::K), dst, 0, 0, imm}; }
constexpr Insn alu(isa::AluOp op, uint8_t dst, uint8_t src) {
  return {isa::opcode(isa::ALU64, op, isa::X), dst, src, 0, 0};
}
constexpr Insn alu_imm(isa::AluOp op, uint8_t dst, int32_t imm) {
  return {isa::opcode(isa::ALU64, op, isa::K), dst, 0, 0, imm};
}
constexpr Insn load32(uint8_t dst, uint8_t base, int16_t off) {
  return {isa::mem_opcode(isa::LDX, isa::MEM, isa::W), dst, base, off, 0};
}
constexpr Insn store32(uint8_t base, int16_t off, uint8_t src) {
  return {isa::mem_opcode(isa::STX, isa::MEM, isa::W), base, src, off, 0};
}
constexpr Insn store32_imm(uint8_t base, int16_t off, int32_t imm) {
  return {isa::mem_opcode(isa::ST, isa::MEM, isa::W), base, 0, off, imm};
}
constexpr Insn atomic_add64(uint8_t base, int16_t off, uint8_t src) {
  return {isa::mem_opcode(isa::STX, isa::ATOMIC, isa::DW), base, src, off, isa::kAtomicAdd};
}
constexpr Insn jump_imm(isa::JumpOp op, uint8_t dst, int32_t imm, int16_t off) {
  return {isa::opcode(isa::JMP, op, isa::K), dst, 0, off, imm};
}
constexpr Insn call(int32_t helper) { return {isa::opcode(isa::JMP, isa::CALL, isa::K), 0, 0, 0, helper}; }
constexpr Insn exit() { return {isa::opcode(isa::JMP, isa::EXIT, isa::K), 0, 0, 0, 0}; }
// The address of a map, or of a byte of an array's first value; the second half follows in wide().
constexpr Insn map_address(uint8_t dst, int fd) {
  return {isa::mem_opcode(isa::LD, isa::IMM, isa::DW), dst, isa::kPseudoMapFd, 0, fd};
}
constexpr Insn map_value(uint8_t dst, int fd) {
  return {isa::mem_opcode(isa::LD, isa::IMM, isa::DW), dst, isa::kPseudoMapValue, 0, fd};
}
constexpr Insn wide(int32_t upper) { return {0, 0, 0, 0, upper}; }

}  // namespace spile::kernel::code
