// One eBPF instruction as RFC 9669 and the kernel's `struct bpf_insn` lay it out: 8 bytes, little endian here.
// A 64-bit immediate load (lddw) takes two of them. Names of fields, classes and modes are the RFC's.
#pragma once

#include <cstdint>

namespace spile::isa {

struct Insn {
  uint8_t opcode = 0;
  uint8_t dst : 4 = 0;
  uint8_t src : 4 = 0;
  int16_t off = 0;
  int32_t imm = 0;
  friend constexpr bool operator==(const Insn &, const Insn &) = default;

  constexpr uint8_t insn_class() const { return opcode & 0x07; }
  constexpr bool is_alu() const { return insn_class() == 0x04 || insn_class() == 0x07; }
  constexpr bool is_jump() const { return insn_class() == 0x05 || insn_class() == 0x06; }
  constexpr bool source_is_reg() const { return (opcode & 0x08) != 0; }
  constexpr uint8_t alu_op() const { return opcode & 0xf0; }
  constexpr uint8_t jump_op() const { return opcode & 0xf0; }
  constexpr uint8_t size_bits() const { return opcode & 0x18; }
  constexpr uint8_t mode() const { return opcode & 0xe0; }
  constexpr bool is_lddw() const { return opcode == 0x18; }
  constexpr bool is_call() const { return opcode == 0x85 || opcode == 0x8d; }
  constexpr bool is_exit() const { return opcode == 0x95; }
};
static_assert(sizeof(Insn) == 8);

// RFC 9669 section 3: instruction classes.
enum Class : uint8_t { LD = 0, LDX = 1, ST = 2, STX = 3, ALU = 4, JMP = 5, JMP32 = 6, ALU64 = 7 };
// Section 4.1: ALU operations; bit 3 of an opcode says whether the source is a register (X) or the immediate (K).
enum AluOp : uint8_t {
  ADD = 0x00,
  SUB = 0x10,
  MUL = 0x20,
  DIV = 0x30,
  OR = 0x40,
  AND = 0x50,
  LSH = 0x60,
  RSH = 0x70,
  NEG = 0x80,
  MOD = 0x90,
  XOR = 0xa0,
  MOV = 0xb0,
  ARSH = 0xc0,
  END = 0xd0,
};
enum Source : uint8_t { K = 0x00, X = 0x08 };
// Section 4.3: jumps.
enum JumpOp : uint8_t {
  JA = 0x00,
  JEQ = 0x10,
  JGT = 0x20,
  JGE = 0x30,
  JSET = 0x40,
  JNE = 0x50,
  JSGT = 0x60,
  JSGE = 0x70,
  CALL = 0x80,
  EXIT = 0x90,
  JLT = 0xa0,
  JLE = 0xb0,
  JSLT = 0xc0,
  JSLE = 0xd0,
  JCOND = 0xe0,
};
// Section 5: modes and sizes of loads and stores.
enum Mode : uint8_t { IMM = 0x00, ABS = 0x20, IND = 0x40, MEM = 0x60, MEMSX = 0x80, ATOMIC = 0xc0 };
enum Size : uint8_t { W = 0x00, H = 0x08, B = 0x10, DW = 0x18 };
// Section 5.3: atomic operations, in imm.
enum AtomicOp : int32_t {
  kAtomicAdd = 0x00,
  kAtomicOr = 0x40,
  kAtomicAnd = 0x50,
  kAtomicXor = 0xa0,
  kAtomicFetch = 0x01,
  kAtomicXchg = 0xe1,
  kAtomicCmpxchg = 0xf1,
  kAtomicLoadAcquire = 0x100,
  kAtomicStoreRelease = 0x110,
};
// Section 5.4 and uapi/linux/bpf.h: src of a 64-bit immediate load.
enum PseudoLoad : uint8_t {
  kPseudoMapFd = 1,        // imm: fd of a map
  kPseudoMapValue = 2,     // imm: fd of a map, next imm: offset into its value
  kPseudoBtfId = 3,        // imm: BTF id of a kernel variable
  kPseudoFunc = 4,         // imm: instruction offset to a subprogram, for callbacks
  kPseudoMapIdx = 5,       // imm: index of a map
  kPseudoMapIdxValue = 6,  // imm: index of a map, next imm: offset into its value
};
// src of a call.
enum PseudoCall : uint8_t {
  kHelperCall = 0,       // imm: helper number
  kPseudoCall = 1,       // imm: instruction offset to a subprogram
  kPseudoKfuncCall = 2,  // imm: BTF id of a kernel function
};

inline constexpr unsigned kFramePointer = 10;
inline constexpr unsigned kRegisterCount = 11;

constexpr uint8_t opcode(Class c, uint8_t op, Source s) { return static_cast<uint8_t>(+c | op | +s); }
constexpr uint8_t mem_opcode(Class c, Mode m, Size s) { return static_cast<uint8_t>(+c | +m | +s); }
constexpr unsigned bytes_of(Size s) { return s == W ? 4 : s == H ? 2 : s == B ? 1 : 8; }

}  // namespace spile::isa
