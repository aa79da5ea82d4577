// Machine IR: eBPF instructions over virtual registers, grouped in blocks.
//
// In: instruction selection makes it from ir::Function. Out: register allocation replaces virtual by physical
// registers in place; emit lays out the blocks and encodes them. Each instruction is one row of insns.def, given by its
// opcode byte, except for a few forms that stand for two (an address in the frame) or need the object (addresses of
// globals). Not SSA: an eBPF operation overwrites its first operand, so a sum is `copy` and `add`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backend/isa/insn.h"
#include "ir/ir.h"
#include "support/ids.h"
#include "support/source.h"

namespace spile::mir {

// r0..r10, or a virtual register of the function.
struct Reg {
  static constexpr uint32_t kFirstVirtual = 16;
  static constexpr uint32_t kNone = 0xffff'ffff;
  uint32_t id = kNone;

  constexpr bool valid() const { return id != kNone; }
  constexpr bool is_virtual() const { return valid() && id >= kFirstVirtual; }
  constexpr bool is_physical() const { return id < kFirstVirtual; }
  friend constexpr auto operator<=>(Reg, Reg) = default;
};
constexpr Reg physical(unsigned number) { return Reg{number}; }
inline constexpr Reg kResult = physical(0);
inline constexpr Reg kContext = physical(6);  // read by the legacy packet loads
inline constexpr unsigned kMaxArguments = 5;
inline constexpr unsigned kAllocatable = 10;  // r0..r9

using BlockId = Id<struct MachineBlockTag>;
using SlotId = Id<struct MachineSlotTag>;

enum class Form : uint8_t {
  // Up to Load: does nothing but set dst.
  Mov,         // dst = src, or imm; opcode says 32 or 64 bits; off: sign extension from so many bits
  Alu,         // dst = dst op src, or imm; off: isa::builder's kSigned
  Unary,       // dst = op dst: NEG, END (imm: bits)
  LoadConst,   // dst = imm, 64 bits; two instructions wide
  LoadGlobal,  // dst = address of global [symbol] + imm
  LoadFunc,    // dst = address of function [symbol]: a callback
  FrameAddr,   // dst = address of [slot] + off: a move and an addition
  Load,        // dst = *(src + off), or of [slot] + off
  Store,       // *(dst + off) = src; of [slot] + off where dst is none
  StoreImm,    // *(dst + off) = imm
  Atomic,      // imm: what; *(dst + off), src; src or r0 gets the old value where imm asks for it
  PacketLoad,  // r0 = packet[imm + src]; reads r6
  Call,        // a helper: imm
  CallLocal,   // a function of the module: symbol
  Exit,
  Jump,       // to [target]
  CondJump,   // to [target] when dst op src (or imm) holds, else to the next instruction
  Asm,        // Function::assemblies[symbol]: text of the program, with operands and clobbers of its own
  AsmTarget,  // behind an Asm: its text may jump to [target]; no code of its own
};

struct Inst {
  Form form = Form::Exit;
  uint8_t opcode = 0;        // isa::Insn::opcode
  uint8_t arguments = 0;     // calls: how many of r1..r5 are read; Exit: 1 when r0 is
  int8_t weight = 0;         // CondJump: > 0 likely taken, < 0 unlikely
  bool is_inserted = false;  // by register allocation: a spill, a reload or a rematerialised value
  Reg dst, src;
  int32_t off = 0;
  uint32_t symbol = 0;  // ir::GlobalId or ir::FunctionId
  // The CO-RE relocation (ir::Module::core_relocs) of this instruction's imm, or of its off where it accesses memory.
  static constexpr uint32_t kNoCore = 0xffff'ffff;
  uint32_t core = kNoCore;
  SlotId slot;
  BlockId target;
  int64_t imm = 0;
  Loc loc;

  bool reads_source_register() const { return (opcode & isa::X) != 0; }  // ALU and jumps
  bool is_copy() const {                                                 // of all 64 bits
    return form == Form::Mov && opcode == isa::opcode(isa::ALU64, isa::MOV, isa::X) && off == 0;
  }
  bool is_terminator() const {
    return form == Form::Exit || form == Form::Jump || form == Form::CondJump || form == Form::AsmTarget;
  }
  bool is_call() const { return form == Form::Call || form == Form::CallLocal; }
  // Leaves r1..r5 unreadable, besides what it defines.
  bool clobbers_arguments() const { return is_call() || form == Form::PacketLoad; }
  // Does nothing but set its register: may be removed when nobody reads that.
  bool is_pure() const { return form <= Form::Load; }
  // Gives the same value wherever it stands: may be repeated in place of keeping the register.
  bool is_rematerializable() const;
};

// A block ends with one Jump or Exit, before which may stand one CondJump, or the AsmTargets of the Asm before them. So
// what register allocation adds for a jump is there on both its ways. There is no falling through before layout.
struct Block {
  std::vector<Inst> insts;
  uint32_t loop_depth = 0;
};

// What an Asm puts into its text for %[n], and what it does to registers.
struct AsmOperand {
  enum class Kind : uint8_t { Register, Memory, Constant, Global, Function };
  Kind kind = Kind::Constant;
  bool is_read = false, is_written = false;  // the register
  bool is_early = false;                     // written before all others are read
  bool is_narrow = false;                    // named as w register
  Reg reg;                                   // Register; Memory: base, none where it is in [slot]
  SlotId slot;
  uint32_t symbol = 0;  // ir::GlobalId or ir::FunctionId
  int64_t imm = 0;      // Constant; Memory: offset; Global: addend
};
struct Assembly {
  uint32_t source = 0;  // in ir::Function::assemblies
  std::vector<AsmOperand> operands;
  uint16_t clobbers = 0;  // bit n: rn, from before the operands are read
};

// A piece of the frame: a variable of the program, or a spilled register.
struct Slot {
  uint32_t size = 0, align = 8;
  int32_t offset = 0;  // from r10, negative; set by frame layout
  std::string name;    // empty for a spill or a temporary
  Loc loc;
};

struct Function {
  ir::FunctionId source;
  std::string name;
  std::vector<Block> blocks;  // blocks[0] is the entry
  std::vector<Slot> slots;
  std::vector<Assembly> assemblies;
  // Set by an Asm that may jump away: no store could follow it on all ways, so they are never spilled.
  std::vector<Reg> unspillable;
  // Addresses kept for several uses that each could make them again: given up before anything else.
  std::vector<Reg> shared;
  uint32_t register_count = Reg::kFirstVirtual;  // ids of virtual registers are below it
  bool is_naked = false;                         // its Exit is no instruction
  bool keeps_context_in_r6 = false;              // r6 is reserved for the legacy packet loads
  uint32_t frame_size = 0;

  Reg new_register() { return Reg{register_count++}; }
  Block &operator[](BlockId b) { return blocks[b.index]; }
  const Block &operator[](BlockId b) const { return blocks[b.index]; }
};

// Calls [visit](Reg) for each register that the instruction reads; r10 counts only where it is written out.
template <class Visit>
void for_each_use(const Function &function, const Inst &inst, Visit &&visit) {
  switch (inst.form) {
    case Form::Mov:
      if (inst.src.valid()) visit(inst.src);
      return;
    case Form::Alu:
      visit(inst.dst);
      if (inst.src.valid()) visit(inst.src);
      return;
    case Form::Unary:
      visit(inst.dst);
      return;
    case Form::LoadConst:
    case Form::LoadGlobal:
    case Form::LoadFunc:
    case Form::FrameAddr:
    case Form::Jump:
    case Form::AsmTarget:
      return;
    case Form::Asm:
      for (const AsmOperand &operand : function.assemblies[inst.symbol].operands)
        if (operand.is_read && operand.reg.valid()) visit(operand.reg);
      return;
    case Form::Load:
      if (inst.src.valid()) visit(inst.src);
      return;
    case Form::StoreImm:
      if (inst.dst.valid()) visit(inst.dst);
      return;
    case Form::Atomic:
      if (inst.imm == isa::kAtomicCmpxchg) visit(kResult);
      [[fallthrough]];
    case Form::Store:
      if (inst.dst.valid()) visit(inst.dst);
      visit(inst.src);
      return;
    case Form::PacketLoad:
      visit(kContext);
      if (inst.src.valid()) visit(inst.src);
      return;
    case Form::Call:
    case Form::CallLocal:
      for (unsigned i = 1; i <= inst.arguments; i++) visit(physical(i));
      return;
    case Form::Exit:
      if (inst.arguments != 0) visit(kResult);
      return;
    case Form::CondJump:
      visit(inst.dst);
      if (inst.src.valid()) visit(inst.src);
      return;
  }
}

// Two instructions without operands in registers that give the same value: constants, addresses.
bool same_value(const Inst &a, const Inst &b);
// The register that the instruction sets; none where there is none. An Asm may set several: see for_each_def.
inline Reg defined_register(const Inst &inst) {
  if (inst.is_pure()) return inst.dst;
  if (inst.clobbers_arguments()) return kResult;
  if (inst.form != Form::Atomic) return {};
  if (inst.imm == isa::kAtomicCmpxchg) return kResult;
  return (inst.imm & isa::kAtomicFetch) != 0 ? inst.src : Reg{};
}

// Calls [visit](Reg) for each register that the instruction sets or spoils.
template <class Visit>
void for_each_def(const Function &function, const Inst &inst, Visit &&visit) {
  if (Reg def = defined_register(inst); def.valid()) visit(def);
  if (inst.clobbers_arguments())
    for (unsigned i = 1; i <= kMaxArguments; i++) visit(physical(i));
  if (inst.form != Form::Asm) return;
  const Assembly &assembly = function.assemblies[inst.symbol];
  for (const AsmOperand &operand : assembly.operands)
    if (operand.is_written) visit(operand.reg);
  for (unsigned i = 0; i < kAllocatable; i++)
    if ((assembly.clobbers >> i & 1) != 0) visit(physical(i));
}

// Whether an Asm sets the register before it has read its operands, which then must be elsewhere.
bool is_set_early(const Function &function, const Inst &inst, Reg reg);

// Calls [visit](BlockId) for each target of the block's jumps.
template <class Visit>
void for_each_successor(const Block &block, Visit &&visit) {
  for (size_t i = block.insts.size(); i-- > 0 && block.insts[i].is_terminator();)
    if (block.insts[i].form != Form::Exit) visit(block.insts[i].target);
}

// 0..10: a number; else the virtual register.
std::string name_of(Reg reg);
std::string print(const Function &function, const Inst &inst, const ir::Module &module);
// What `--emit=mir` shows; blocks as they stand in the function, or in [order].
std::string print(const Function &function, const ir::Module &module, std::span<const uint32_t> order = {});

}  // namespace spile::mir
