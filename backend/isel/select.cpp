// The walk over a function: blocks, phis, edges, and which file selects which operation.
#include <algorithm>

#include "backend/isel/selector.h"
#include "backend/isel/widths.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::isel {

using ir::Op;
using mir::Form;

namespace {

mir::BlockLists successor_lists(const ir::Function &fn) {
  mir::BlockLists lists;
  for (size_t b = 0; b < fn.blocks.size(); b++) {
    const auto first = static_cast<ptrdiff_t>(lists.pool.size());
    if (!fn.blocks[b].insts.empty())
      for (const ir::BlockId to : fn.successors(ir::BlockId(b)))
        if (std::find(lists.pool.begin() + first, lists.pool.end(), to.index) == lists.pool.end())
          lists.pool.push_back(to.index);
    lists.end_list();
  }
  return lists;
}

bool is_call(Op op) { return op == Op::Call || op == Op::CallHelper || op == Op::LoadAbs || op == Op::LoadInd; }

}  // namespace

Selector::Selector(const ir::Module &module, ir::FunctionId id, const Target &target, Diagnostics &diags)
    : module_(module), fn_(module[id]), target_(target), diags_(diags), flow_(successor_lists(fn_)) {
  out_.source = id;
  out_.name = fn_.name;
  out_.is_naked = fn_.is_naked;
  for (const ir::Slot &slot : fn_.slots)
    out_.slots.push_back({.size = slot.size, .align = slot.align, .name = slot.name, .loc = slot.loc});
}

std::optional<mir::Function> Selector::run() {
  const size_t errors = diags_.error_count();
  bool has_packet_loads = false, only_of_first_parameter = true, spoils_context = false;
  if (fn_.params.size() > mir::kMaxArguments) {
    diags_.report<diag::TooManyParameters>(fn_.loc, fn_.name, fn_.params.size(), mir::kMaxArguments)
        .hint("pass a pointer to a struct, or let the function be inlined (`static __always_inline`)");
    return std::nullopt;
  }
  widths_ = register_widths(fn_, target_, flow_.order);
  uses_.assign(fn_.insts.size(), 0);
  overwrite_uses_.assign(fn_.insts.size(), 0);
  joined_by_.assign(fn_.insts.size(), {});
  last_read_by_.assign(fn_.insts.size(), {});
  regs_.assign(fn_.insts.size(), {});
  for (const uint32_t block : flow_.order)
    for (const ValueId v : fn_.blocks[block].insts) {
      for (const ValueId operand : fn_.operands(v)) {
        uses_[operand.index]++;
        (inst(v).op == Op::Phi ? joined_by_ : last_read_by_)[operand.index] = v;
        const bool is_after_loop =
            inst(operand).op == Op::Phi && flow_.loop_depth[block] < flow_.loop_depth[inst(operand).block.index];
        if (!is_after_loop) overwrite_uses_[operand.index]++;
      }
      const ir::Inst &i = inst(v);
      const bool is_asm = i.op == Op::Asm || i.op == Op::AsmGoto;
      if (is_asm) spoils_context |= (fn_.assemblies[static_cast<size_t>(i.imm)].clobbers >> mir::kContext.id & 1) != 0;
      if (i.op != Op::LoadAbs && i.op != Op::LoadInd) continue;
      const ir::Inst &context = inst(fn_.operand(v, 0));
      has_packet_loads = true;
      only_of_first_parameter &= context.op == Op::Param && context.imm == 0;
    }
  out_.keeps_context_in_r6 = has_packet_loads && only_of_first_parameter && !spoils_context;
  calls_before_.assign(fn_.insts.size(), 0);
  find_lazy_values();
  out_.blocks.resize(fn_.blocks.size());
  terminator_at_.resize(fn_.blocks.size());
  for (size_t b = 0; b < fn_.blocks.size(); b++) out_.blocks[b].loop_depth = flow_.loop_depth[b];

  for (const uint32_t block : flow_.order) select_block(block);
  insert_hoisted();
  if (diags_.error_count() != errors) return std::nullopt;
  return std::move(out_);
}

// Parameters come in r1..r5.
void Selector::select_entry() {
  loc_ = fn_.loc;
  for (uint32_t index = 0; index < fn_.insts.size(); index++) {
    const ir::Inst &i = fn_.insts[index];
    if (i.op != Op::Param || uses_[index] == 0) continue;
    Reg &home = regs_[index];
    // The context of legacy packet loads stays where they want it.
    home = out_.keeps_context_in_r6 && i.imm == 0 ? mir::kContext : out_.new_register();
    copy(home, mir::physical(static_cast<unsigned>(i.imm) + 1));
  }
}

void Selector::select_block(uint32_t block) {
  ir_block_ = block;
  current_ = mir::BlockId(block);
  on_spine_ = true;
  in_block_.clear();
  truths_.clear();
  if (block == 0) select_entry();
  for (const ValueId v : fn_.blocks[block].insts) {
    if (inst(v).loc.valid()) loc_ = inst(v).loc;
    if (is_call(inst(v).op)) calls_++;
    calls_before_[v.index] = calls_;
    if (inst(v).op == Op::Phi) {
      result(v);
    } else if (ir::info_of(inst(v).op).effects == ir::Effects::Term) {
      terminator_at_[block] = {current_, out_[current_].insts.size()};
      select_terminator(v);
    } else {
      select_inst(v);
    }
  }
}

void Selector::select_inst(ValueId v) {
  const Op op = inst(v).op;
  if (inst(v).type == ir::Type::I1) {
    if (is_lazy(v)) return;
    const bool is_logic = op == Op::ICmp || op == Op::And || op == Op::Or || op == Op::Xor;
    if (is_logic) return alias(v, truth_value(v));
  }
  switch (op) {
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::And:
    case Op::Or:
    case Op::Xor:
      return select_binary(v);
    case Op::Shl:
    case Op::LShr:
    case Op::AShr:
      return select_shift(v);
    case Op::UDiv:
    case Op::UMod:
      return select_unsigned_division(v);
    case Op::SDiv:
    case Op::SMod:
      return select_signed_division(v);
    case Op::Bswap:
      move_value(result(v), fn_.operand(v, 0));
      return swap_bytes(bits(v), result(v));
    case Op::PtrAdd:
      return select_ptr_add(v);
    case Op::Select:
      return select_select(v);
    case Op::Zext:
    case Op::Sext:
    case Op::Trunc:
    case Op::PtrToInt:
    case Op::IntToPtr:
    case Op::Opaque:
      return select_extension(v);
    case Op::IsConstant: {  // left in an always-inline function whose address is taken
      mir::Inst no = constant_inst(0);
      no.dst = result(v);
      emit(no);
      return;
    }
    case Op::Load:
      return select_load(v);
    case Op::Store:
      return select_store(v);
    case Op::AtomicAdd:
    case Op::AtomicOr:
    case Op::AtomicAnd:
    case Op::AtomicXor:
    case Op::AtomicXchg:
    case Op::CmpXchg:
      return select_atomic(v);
    case Op::MemCopy:
      return select_memcopy(v);
    case Op::MemSet:
      return select_memset(v);
    case Op::LoadAbs:
    case Op::LoadInd:
      return select_packet_load(v);
    case Op::CallHelper:
    case Op::Call:
      return select_call(v);
    case Op::AddrSpaceCast:
      return select_address_space_cast(v);
    case Op::Asm:
      return select_asm(v);
    case Op::AsmOutput:
      return select_asm_output(v);
    case Op::Barrier:
      return;  // selection keeps the order of memory accesses anyway
    case Op::Const:
    case Op::Undef:
    case Op::Param:
    case Op::GlobalAddr:
    case Op::FuncAddr:
    case Op::SlotAddr:
    case Op::CoreValue:
    case Op::ICmp:
    case Op::Phi:
    case Op::Jump:
    case Op::Branch:
    case Op::Switch:
    case Op::AsmGoto:
    case Op::Ret:
    case Op::Unreachable:
      SPILE_UNREACHABLE("an operation that select_inst is never given");
  }
}

void Selector::select_terminator(ValueId v) {
  switch (inst(v).op) {
    case Op::Jump: {
      const ir::BlockId to = fn_.targets(v)[0];
      copy_to_phis(ir_block_, to);
      return jump(mir::BlockId(to.index));
    }
    case Op::Branch: {
      const auto targets = fn_.targets(v);
      return branch_on(fn_.operand(v, 0), edge_to(targets[0]), edge_to(targets[1]), inst(v).weight);
    }
    case Op::Switch:
      return select_switch(v);
    case Op::AsmGoto:
      return select_asm(v);
    case Op::Ret:
      return select_return(v);
    default:  // Unreachable: the verifier wants every path to end. A naked function ends as its text does
      if (fn_.is_naked) {
        emit({.form = Form::Exit, .opcode = isa::opcode(isa::JMP, isa::EXIT, isa::K)});
        return;
      }
      emit({.form = Form::Mov, .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::K), .dst = mir::kResult});
      emit({.form = Form::Exit, .opcode = isa::opcode(isa::JMP, isa::EXIT, isa::K), .arguments = 1});
  }
}

// As clang's calling convention: a result narrower than 32 bits is extended to 32, by its sign; above them is anything.
void Selector::select_return(ValueId v) {
  const auto operands = fn_.operands(v);
  if (!operands.empty()) {
    const ValueId value = operands[0];
    const unsigned n = bits(value);
    if (is_unplaced(value)) {
      if (is_constant(value) && n < 32 && fn_.result_is_signed) {
        mir::Inst made = constant_inst(inst(value).imm);
        made.dst = mir::kResult;
        if (target_.has_alu32()) made.opcode = isa::opcode(isa::ALU, isa::MOV, isa::K);
        emit(made);
      } else {
        move_value(mir::kResult, value);
      }
    } else if (n < 32) {
      copy(mir::kResult, fn_.result_is_signed ? sign_extended(value, n, 32) : zero_extended(value, n));
    } else {
      copy(mir::kResult, reg(value));
    }
  }
  emit({.form = Form::Exit,
        .opcode = isa::opcode(isa::JMP, isa::EXIT, isa::K),
        .arguments = static_cast<uint8_t>(operands.empty() ? 0 : 1)});
}

bool Selector::has_phis(ir::BlockId block) const {
  const auto &insts = fn_[block].insts;
  return !insts.empty() && inst(insts.front()).op == Op::Phi;
}

mir::BlockId Selector::edge_to(ir::BlockId to) {
  if (!has_phis(to)) return mir::BlockId(to.index);
  std::vector<uint32_t> values;
  for (const ValueId phi : fn_[to].insts) {
    if (inst(phi).op != Op::Phi) break;
    const auto from = fn_.targets(phi);
    const auto at = std::find(from.begin(), from.end(), ir::BlockId(ir_block_));
    SPILE_CHECK(at != from.end(), "a phi without an operand for one of its predecessors");
    values.push_back(fn_.operand(phi, static_cast<size_t>(at - from.begin())).index);
  }
  // A lazy value is computed on the edge, from what is known in this block only: not to be shared.
  const bool can_share = std::none_of(values.begin(), values.end(), [&](uint32_t v) { return laziness_[v] != 0; });
  auto &edges = edges_[to.index];
  for (const Edge &edge : edges)
    if (can_share && edge.values == values) return edge.block;
  const mir::BlockId block = new_block();
  if (can_share) edges.push_back({std::move(values), block});
  const mir::BlockId was = current_;
  const bool was_on_spine = on_spine_;
  begin_block(block);
  on_spine_ = false;
  copy_to_phis(ir_block_, to);
  jump(mir::BlockId(to.index));
  on_spine_ = was_on_spine;
  begin_block(was);
  return block;
}

void Selector::copy_to_phis(uint32_t from, ir::BlockId to) {
  std::vector<Move> moves;
  for (const ValueId phi : fn_[to].insts) {
    if (inst(phi).op != Op::Phi) break;
    const auto sources = fn_.targets(phi);
    const auto at = std::find(sources.begin(), sources.end(), ir::BlockId(from));
    SPILE_CHECK(at != sources.end(), "a phi without an operand for one of its predecessors");
    const ValueId value = fn_.operand(phi, static_cast<size_t>(at - sources.begin()));
    const Reg source = is_unplaced(value) ? Reg{} : reg(value);
    moves.push_back({result(phi), source, value});
  }
  emit_parallel(std::move(moves));
}

// All sources are read before any target is written. A move whose target nobody still reads can go first; when there
// is none, the rest are cycles, and one value is put aside.
void Selector::emit_parallel(std::vector<Move> moves) {
  std::erase_if(moves, [](const Move &m) { return m.to == m.from; });
  while (!moves.empty()) {
    const auto free = std::find_if(moves.begin(), moves.end(), [&](const Move &m) {
      return std::none_of(moves.begin(), moves.end(), [&](const Move &other) { return other.from == m.to; });
    });
    if (free == moves.end()) {
      const Reg aside = out_.new_register();
      const Reg busy = moves.front().to;
      copy(aside, busy);
      for (Move &m : moves)
        if (m.from == busy) m.from = aside;
      continue;
    }
    if (free->from.valid())
      copy(free->to, free->from);
    else
      move_value(free->to, free->value);
    moves.erase(free);
  }
}

void Selector::insert_hoisted() {
  // From the last to the first, so that those of one block keep their order.
  for (size_t i = hoisted_insts_.size(); i-- > 0;) {
    const Hoisted &h = hoisted_insts_[i];
    const Point &at = terminator_at_[h.block];
    auto &insts = out_[at.block].insts;
    insts.insert(insts.begin() + static_cast<ptrdiff_t>(at.index), h.inst);
  }
}

std::optional<mir::Function> select(const ir::Module &module, ir::FunctionId function, const Target &target,
                                    Diagnostics &diags) {
  return Selector(module, function, target, diags).run();
}

}  // namespace spile::isel
