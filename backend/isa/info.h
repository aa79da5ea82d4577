// Rows of lang-spec/tables/insns.def: what an instruction is, its operands, whether its encoding is well formed.
//
// lookup() decodes; malformed() says what is wrong with the fields of an instruction that it found. Everything that
// asks "what is this instruction" (disassembler, verifier, engines) goes through here, by Op or by Shape.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "backend/isa/insn.h"
#include "backend/isa/semantics.h"

namespace spile::isa {

// One enumerator for each row.
enum class Op : uint8_t {
#define SPILE_INSN(Name, ...) Name,
#include "lang-spec/tables/insns.def"
};

// Which fields are operands; the others must be zero (but for the one that selects the row).
enum class Shape : uint8_t {
  AluImm,        // dst, imm
  AluReg,        // dst, src
  AluUnary,      // dst
  AddressCast,   // dst, src, imm: the address space to (upper half) and from (lower half)
  BranchImm,     // dst, imm, off
  BranchReg,     // dst, src, off
  Jump,          // off
  JumpLong,      // imm
  MayGoto,       // off
  CallHelper,    // imm: helper number
  CallLocal,     // imm: distance to the subprogram
  CallKfunc,     // imm: BTF id; off: index of a module's BTF
  CallReg,       // dst: address of what is called, or helper number
  Exit,          //
  Load,          // dst, src, off
  StoreImm,      // dst, off, imm
  StoreReg,      // dst, off, src
  Atomic,        // dst, off, src
  LoadAcquire,   // dst, src, off
  StoreRelease,  // dst, off, src
  LoadImm64,     // dst, imm, imm of the next instruction, which is otherwise zero
  PacketAbs,     // imm
  PacketInd,     // src, imm
};

struct InsnInfo {
  enum class Select : uint8_t { Any, Off, Imm, Src };
  Op op;
  std::string_view name;
  uint8_t opcode;
  Select select;
  int32_t select_value;
  Shape shape;
  uint8_t operation;  // see alu(), cond(), extend(), atomic()
  uint8_t bits;
  std::string_view text;
  uint8_t cpu;

  constexpr Alu alu() const { return static_cast<Alu>(operation); }           // AluImm, AluReg, AluUnary, AddressCast
  constexpr Cond cond() const { return static_cast<Cond>(operation); }        // BranchImm, BranchReg
  constexpr Extend extend() const { return static_cast<Extend>(operation); }  // Load
  constexpr Atomic atomic() const { return static_cast<Atomic>(operation); }  // Atomic
  constexpr unsigned bytes() const { return bits / 8u; }                      // of a memory access

  constexpr bool selects(const Insn &insn) const {
    return opcode == insn.opcode &&
           (select == Select::Any || (select == Select::Off && insn.off == select_value) ||
            (select == Select::Imm && insn.imm == select_value) || (select == Select::Src && insn.src == select_value));
  }
};

// All rows, indexed by Op.
std::span<const InsnInfo> all_insns();
const InsnInfo &info_of(Op op);

// The row of an instruction; null when there is none: the opcode is unknown, or the field that selects the row has an
// unknown value. Says nothing about the other fields.
const InsnInfo *lookup(const Insn &insn);

// What is wrong with the fields of an instruction of row [info]: a register above r10, or a field that must be zero.
// Empty when it is well formed. The second half of a 64-bit immediate is checked by malformed_second().
std::string_view malformed(const InsnInfo &info, const Insn &insn);
std::string_view malformed_second(const Insn &second);

// Instructions that [insn] takes: 2 for a 64-bit immediate.
constexpr unsigned width(const Insn &insn) { return insn.is_lddw() ? 2 : 1; }

// Distance to the target from the next instruction, for a row with a target (BranchImm, BranchReg, Jump, JumpLong,
// MayGoto, CallLocal, and LddwFunc, counted from the instruction after its first half).
constexpr int64_t distance(const InsnInfo &info, const Insn &insn) {
  return info.shape == Shape::JumpLong || info.shape == Shape::CallLocal || info.shape == Shape::LoadImm64 ? insn.imm
                                                                                                           : insn.off;
}
constexpr uint64_t imm64(const Insn &first, const Insn &second) {
  return static_cast<uint32_t>(first.imm) | static_cast<uint64_t>(static_cast<uint32_t>(second.imm)) << 32;
}
// An immediate operand as the operations of semantics.h take it.
constexpr uint64_t operand(const Insn &insn) { return static_cast<uint64_t>(static_cast<int64_t>(insn.imm)); }

}  // namespace spile::isa
