// The state of selecting one function, shared by the files select_*.cpp. Not for others: isel.h is the interface.
//
// Blocks are visited in reverse post-order, instructions in order. A value of the IR is in one virtual register, low
// bits first; what is above its type's bits is known only from widths_. Three kinds of values have no code of their
// own: constants and addresses are made where they are used (shared within a block, before the loop when in one),
// truncations and the like are another name of their operand's register, and truth values (is_lazy) become jumps where
// a branch asks and 0 or 1 where something else does.
#pragma once

#include <unordered_map>
#include <vector>

#include "backend/isel/flow.h"
#include "backend/isel/isel.h"

namespace spile::isel {

class Selector {
 public:
  Selector(const ir::Module &module, ir::FunctionId id, const Target &target, Diagnostics &diags);
  std::optional<mir::Function> run();

 private:
  using ValueId = ir::ValueId;
  using Reg = mir::Reg;

  // Where a memory access goes: [base] + [off], or [slot] + [off] when there is no base.
  struct Address {
    Reg base;
    mir::SlotId slot;
    int32_t off = 0;
    uint32_t core = mir::Inst::kNoCore;  // relocates [off], to which nothing may be added then
  };
  // One operation of an edge's parallel copy.
  struct Move {
    Reg to, from;
    ValueId value;  // when [from] is none: a constant or address to make in [to]
  };

  // ---- select.cpp: blocks, edges, dispatch
  void select_entry();
  void select_block(uint32_t block);
  void select_inst(ValueId v);
  void select_terminator(ValueId v);
  void select_return(ValueId v);
  bool has_phis(ir::BlockId block) const;
  // The machine block that a jump from the current IR block to [to] goes to; one on the edge when there are phis.
  mir::BlockId edge_to(ir::BlockId to);
  void copy_to_phis(uint32_t from, ir::BlockId to);
  void emit_parallel(std::vector<Move> moves);
  void insert_hoisted();

  // ---- select_values.cpp: registers, constants, extension
  const ir::Inst &inst(ValueId v) const { return fn_[v]; }
  bool is_constant(ValueId v) const { return inst(v).op == ir::Op::Const; }
  // A number that CO-RE relocates and that an instruction can take as its immediate operand.
  bool is_core_imm(ValueId v) const;
  const ir::CoreReloc &core_reloc(ValueId v) const { return module_.core_relocs[static_cast<size_t>(inst(v).imm)]; }
  bool is_unplaced(ValueId v) const;
  bool is_lazy(ValueId v) const { return laziness_[v.index] != 0; }
  void find_lazy_values();
  unsigned bits(ValueId v) const { return ir::bits_of(inst(v).type); }
  // The width that arithmetic of [bits] is done in: 32 or 64.
  unsigned native(unsigned bits) const { return bits <= 32 && target_.has_alu32() ? 32 : 64; }
  Reg reg(ValueId v);
  Reg result(ValueId v);  // a new register for v
  void alias(ValueId v, Reg of) { regs_[v.index] = of; }
  // A constant as its register holds it: zero-extended from its type (sign-extended from I32 without 32-bit ALU).
  int64_t register_constant(ValueId v) const;
  mir::Inst constant_inst(int64_t value) const;  // without its register
  mir::Inst unplaced_inst(ValueId v);            // the same for constants and addresses
  Reg shared(mir::Inst proto);                   // a register that holds what [proto] makes
  Reg shared_constant(int64_t value) { return shared(constant_inst(value)); }
  void move_value(Reg to, ValueId v);           // to = v, all bits of its register
  Reg zero_extended(ValueId v, unsigned from);  // to 64 bits
  Reg sign_extended(ValueId v, unsigned from, unsigned to);

  // ---- emission
  mir::Inst &emit(mir::Inst machine_inst);
  void copy(Reg to, Reg from);
  void alu(isa::AluOp op, unsigned width, Reg dst, Reg src, int16_t off = 0);
  void alu_imm(isa::AluOp op, unsigned width, Reg dst, int64_t imm);  // any value: a register where it does not fit
  void alu_core(isa::AluOp op, unsigned width, Reg dst, ValueId core);
  void unary(isa::AluOp op, unsigned width, Reg dst);
  void swap_bytes(unsigned bits, Reg dst);
  void jump(mir::BlockId to);
  void cond_jump(isa::JumpOp op, unsigned width, Reg a, Reg b, int64_t imm, mir::BlockId to, int8_t weight);
  mir::BlockId new_block();
  void begin_block(mir::BlockId block) { current_ = block; }

  // ---- select_arith.cpp
  bool may_be_stack_address(ValueId v) const;
  bool is_better_overwritten(ValueId v, ValueId a, ValueId b) const;
  void select_binary(ValueId v);
  void select_shift(ValueId v);
  void select_unsigned_division(ValueId v);
  void select_signed_division(ValueId v);
  void divide_by_power(isa::AluOp op, unsigned width, Reg dst, Reg dividend, unsigned k);
  void negate_if_negative(Reg value, Reg sign, unsigned width);
  bool load_signed(ValueId extension);
  void select_extension(ValueId v);
  void select_address_space_cast(ValueId v);
  void select_ptr_add(ValueId v);

  // ---- select_compare.cpp
  // Ends the current block: to [yes] when the I1 [condition] holds, else to [no].
  void branch_on(ValueId condition, mir::BlockId yes, mir::BlockId no, int8_t weight);
  void compare(ValueId icmp, mir::BlockId yes, mir::BlockId no, int8_t weight);
  bool test_bits(ir::Pred pred, ValueId masked, unsigned width, mir::BlockId yes, mir::BlockId no, int8_t weight);
  void compare_registers(ir::Pred pred, unsigned width, Reg a, Reg b, int64_t imm, mir::BlockId yes, mir::BlockId no,
                         int8_t weight);
  Reg truth_value(ValueId v);  // 0 or 1 of a lazy value
  void select_select(ValueId v);
  void select_switch(ValueId v);

  // ---- select_memory.cpp
  Address address_of(ValueId pointer, int64_t offset, uint32_t bytes);
  // The same for an access of one instruction, whose offset a CO-RE relocation may be.
  Address access_address(ValueId pointer, int64_t offset, uint32_t bytes);
  Address advanced(Address address, int32_t by) const;
  void load(Reg to, const Address &from, uint32_t bytes);
  void store(const Address &to, Reg value, uint32_t bytes);
  void store_imm(const Address &to, int64_t value, uint32_t bytes);
  uint32_t access_size(ValueId pointer, uint32_t bytes, uint32_t align) const;
  void select_load(ValueId v);
  void select_store(ValueId v);
  void select_atomic(ValueId v);
  void select_memcopy(ValueId v);
  void select_memset(ValueId v);
  uint32_t block_access_size(ValueId v) const;

  // ---- select_asm.cpp
  Reg asm_input(ValueId v);
  std::optional<mir::AsmOperand> asm_immediate(ValueId v) const;
  std::optional<mir::AsmOperand> asm_operand(const ir::Assembly::Operand &wanted, ValueId v);
  bool asm_fits(const mir::Assembly &assembly) const;
  void select_asm(ValueId v);
  void leave_asm(ValueId v, const std::vector<Reg> &results);
  void select_asm_output(ValueId v);

  // ---- select_call.cpp
  void select_call(ValueId v);
  void select_packet_load(ValueId v);

  const ir::Module &module_;
  const ir::Function &fn_;
  const Target &target_;
  Diagnostics &diags_;
  mir::Function out_;
  mir::Flow flow_;
  std::vector<uint8_t> widths_;
  std::vector<uint32_t> uses_;
  std::vector<Reg> regs_;
  // The same, but of a loop's phi only those inside the loop: after it, the value has the register to itself.
  std::vector<uint32_t> overwrite_uses_;
  std::vector<ValueId> joined_by_;  // a phi that the value is an operand of
  // The last instruction in the order of blocks that reads the value, phis left out.
  std::vector<ValueId> last_read_by_;
  uint32_t calls_ = 0;                  // selected so far
  std::vector<uint32_t> calls_before_;  // by ValueId: calls_ when it was selected
  std::vector<uint8_t> laziness_;       // 0: not lazy; else the depth of the tree of lazy values below

  uint32_t ir_block_ = 0;
  mir::BlockId current_;
  Loc loc_;
  // False in a block that does not dominate the rest of the IR block: what is made there is not shared.
  bool on_spine_ = true;

  struct ProtoKey {
    mir::Form form;
    uint8_t opcode;
    uint32_t what;
    int32_t off;
    int64_t imm;
    uint32_t core;
    friend bool operator==(const ProtoKey &, const ProtoKey &) = default;
  };
  struct ProtoHash {
    size_t operator()(const ProtoKey &k) const noexcept {
      return (static_cast<uint64_t>(k.imm) + k.what * 31u + k.core * 127u + static_cast<uint32_t>(k.off)) *
                 0x9e3779b97f4a7c15ull +
             static_cast<size_t>(k.form);
    }
  };
  std::unordered_map<ProtoKey, Reg, ProtoHash> in_block_;  // made in this IR block
  std::unordered_map<ProtoKey, Reg, ProtoHash> hoisted_;   // made before the outermost loop around [hoisted_for_]
  uint32_t hoisted_for_ = mir::Flow::kNone;
  struct Hoisted {
    uint32_t block;
    mir::Inst inst;
  };
  std::vector<Hoisted> hoisted_insts_;
  std::unordered_map<uint32_t, std::vector<Reg>> asm_results_;  // by ValueId of the Asm
  std::unordered_map<uint32_t, Reg> truths_;                    // lazy values made in this IR block
  struct Point {
    mir::BlockId block;
    size_t index = 0;
  };
  std::unordered_map<uint32_t, Point> plain_loads_;  // by ValueId; of one instruction, where loads can extend by sign
  std::vector<Point> terminator_at_;                 // by IR block: before its terminator and phi copies
  // The blocks on edges into a block with phis, by what they pass to the phis: edges that pass the same share one.
  struct Edge {
    std::vector<uint32_t> values;
    mir::BlockId block;
  };
  std::unordered_map<uint32_t, std::vector<Edge>> edges_;
};

}  // namespace spile::isel
