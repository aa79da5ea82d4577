// Makes instructions: `mov64(R1, R2)`, `alu64(ADD, R1, 5)`, `load(DW, R0, R1, 8)`. Used by emit, by linking, by what
// runs beside programs in the kernel, and by tests.
//
// Offsets of jumps count instructions from the next one. Nothing is checked but what the types say; encodings are
// those of insns.def (a test builds every row).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/isa/insn.h"

namespace spile::isa {

enum Reg : uint8_t { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };

// The offset that makes DIV and MOD signed.
inline constexpr int16_t kSigned = 1;

// ---- ALU: op is ADD ... ARSH; off is kSigned for signed division and remainder.
constexpr Insn alu64(AluOp op, uint8_t dst, int32_t imm, int16_t off = 0) {
  return {opcode(ALU64, op, K), dst, 0, off, imm};
}
constexpr Insn alu32(AluOp op, uint8_t dst, int32_t imm, int16_t off = 0) {
  return {opcode(ALU, op, K), dst, 0, off, imm};
}
constexpr Insn alu64_reg(AluOp op, uint8_t dst, uint8_t src, int16_t off = 0) {
  return {opcode(ALU64, op, X), dst, src, off, 0};
}
constexpr Insn alu32_reg(AluOp op, uint8_t dst, uint8_t src, int16_t off = 0) {
  return {opcode(ALU, op, X), dst, src, off, 0};
}
constexpr Insn mov64(uint8_t dst, int32_t imm) { return alu64(MOV, dst, imm); }
constexpr Insn mov32(uint8_t dst, int32_t imm) { return alu32(MOV, dst, imm); }
constexpr Insn mov64_reg(uint8_t dst, uint8_t src) { return alu64_reg(MOV, dst, src); }
constexpr Insn mov32_reg(uint8_t dst, uint8_t src) { return alu32_reg(MOV, dst, src); }
// Sign-extends the lower [from_bits] (8, 16, 32; 8, 16) of src.
constexpr Insn movs64(uint8_t dst, uint8_t src, int16_t from_bits) { return alu64_reg(MOV, dst, src, from_bits); }
constexpr Insn movs32(uint8_t dst, uint8_t src, int16_t from_bits) { return alu32_reg(MOV, dst, src, from_bits); }
constexpr Insn neg64(uint8_t dst) { return {opcode(ALU64, NEG, K), dst, 0, 0, 0}; }
constexpr Insn neg32(uint8_t dst) { return {opcode(ALU, NEG, K), dst, 0, 0, 0}; }
// [bits] 16, 32 or 64.
constexpr Insn to_le(uint8_t dst, int32_t bits) { return {opcode(ALU, END, K), dst, 0, 0, bits}; }
constexpr Insn to_be(uint8_t dst, int32_t bits) { return {opcode(ALU, END, X), dst, 0, 0, bits}; }
constexpr Insn bswap(uint8_t dst, int32_t bits) { return {opcode(ALU64, END, K), dst, 0, 0, bits}; }

// ---- Control flow: op is JEQ ... JSLE.
constexpr Insn jump(int16_t off) { return {opcode(JMP, JA, K), 0, 0, off, 0}; }
constexpr Insn jump_long(int32_t distance) { return {opcode(JMP32, JA, K), 0, 0, 0, distance}; }
constexpr Insn may_goto(int16_t off) { return {opcode(JMP, JCOND, K), 0, 0, off, 0}; }
constexpr Insn branch64(JumpOp op, uint8_t dst, int32_t imm, int16_t off) {
  return {opcode(JMP, op, K), dst, 0, off, imm};
}
constexpr Insn branch32(JumpOp op, uint8_t dst, int32_t imm, int16_t off) {
  return {opcode(JMP32, op, K), dst, 0, off, imm};
}
constexpr Insn branch64_reg(JumpOp op, uint8_t dst, uint8_t src, int16_t off) {
  return {opcode(JMP, op, X), dst, src, off, 0};
}
constexpr Insn branch32_reg(JumpOp op, uint8_t dst, uint8_t src, int16_t off) {
  return {opcode(JMP32, op, X), dst, src, off, 0};
}
constexpr Insn call(int32_t helper) { return {opcode(JMP, CALL, K), 0, kHelperCall, 0, helper}; }
constexpr Insn call_local(int32_t distance) { return {opcode(JMP, CALL, K), 0, kPseudoCall, 0, distance}; }
constexpr Insn call_kfunc(int32_t btf_id) { return {opcode(JMP, CALL, K), 0, kPseudoKfuncCall, 0, btf_id}; }
constexpr Insn call_reg(uint8_t reg) { return {opcode(JMP, CALL, X), reg, 0, 0, 0}; }
constexpr Insn exit() { return {opcode(JMP, EXIT, K), 0, 0, 0, 0}; }

// ---- Memory.
constexpr Insn load(Size size, uint8_t dst, uint8_t base, int16_t off) {
  return {mem_opcode(LDX, MEM, size), dst, base, off, 0};
}
constexpr Insn load_signed(Size size, uint8_t dst, uint8_t base, int16_t off) {
  return {mem_opcode(LDX, MEMSX, size), dst, base, off, 0};
}
constexpr Insn store(Size size, uint8_t base, int16_t off, uint8_t src) {
  return {mem_opcode(STX, MEM, size), base, src, off, 0};
}
constexpr Insn store_imm(Size size, uint8_t base, int16_t off, int32_t imm) {
  return {mem_opcode(ST, MEM, size), base, 0, off, imm};
}
// [op] with or without kAtomicFetch; size W or DW (load-acquire, store-release: any).
constexpr Insn atomic(Size size, int32_t op, uint8_t base, int16_t off, uint8_t src) {
  return {mem_opcode(STX, ATOMIC, size), base, src, off, op};
}
constexpr Insn load_acquire(Size size, uint8_t dst, uint8_t base, int16_t off) {
  return {mem_opcode(STX, ATOMIC, size), dst, base, off, kAtomicLoadAcquire};
}
constexpr Insn store_release(Size size, uint8_t base, int16_t off, uint8_t src) {
  return {mem_opcode(STX, ATOMIC, size), base, src, off, kAtomicStoreRelease};
}
constexpr Insn load_abs(Size size, int32_t offset) { return {mem_opcode(LD, ABS, size), 0, 0, 0, offset}; }
constexpr Insn load_ind(Size size, uint8_t src, int32_t offset) {
  return {mem_opcode(LD, IND, size), 0, src, 0, offset};
}

// ---- 64-bit immediates: two instructions.
constexpr std::array<Insn, 2> lddw_pseudo(uint8_t dst, uint8_t pseudo, int32_t imm, int32_t second = 0) {
  return {Insn{mem_opcode(LD, IMM, DW), dst, pseudo, 0, imm}, Insn{0, 0, 0, 0, second}};
}
constexpr std::array<Insn, 2> lddw(uint8_t dst, uint64_t value) {
  return lddw_pseudo(dst, 0, static_cast<int32_t>(value), static_cast<int32_t>(value >> 32));
}

// ---- Sequences: of instructions, of such pairs, and of other sequences.
inline void append(std::vector<Insn> &to, Insn one) { to.push_back(one); }
inline void append(std::vector<Insn> &to, const auto &several) { to.insert(to.end(), several.begin(), several.end()); }
std::vector<Insn> sequence(const auto &...parts) {
  std::vector<Insn> made;
  (append(made, parts), ...);
  return made;
}

}  // namespace spile::isa
