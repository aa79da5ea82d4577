#include "ir/ir.h"

#include <algorithm>
#include <functional>

namespace spile::ir {

namespace {

constexpr auto kOps = std::to_array<OpInfo>({
#define SPILE_IR_OP(Name, text, operands, result, effects) {text, operands, ResultRule::result, Effects::effects},
#include "ir/ops.def"
});

// Appends [items] to [pool] and returns where they begin; [items] may be a part of the pool itself.
template <class T>
uint32_t add_slice(std::vector<T> &pool, std::span<const T> items) {
  const auto begin = static_cast<uint32_t>(pool.size());
  const bool inside = !items.empty() && std::less_equal<>{}(static_cast<const T *>(pool.data()), items.data()) &&
                      std::less<>{}(items.data(), static_cast<const T *>(pool.data()) + pool.size());
  if (!inside) {
    pool.insert(pool.end(), items.begin(), items.end());
    return begin;
  }
  const auto from = static_cast<size_t>(items.data() - pool.data());
  const size_t count = items.size();
  pool.resize(pool.size() + count);
  std::copy_n(pool.begin() + static_cast<ptrdiff_t>(from), count, pool.begin() + begin);
  return begin;
}

// Puts [items] where a slice was when they fit there, else at the end of the pool.
template <class T>
uint32_t replace_slice(std::vector<T> &pool, uint32_t begin, uint32_t count, std::span<const T> items) {
  if (items.size() > count) return add_slice(pool, items);
  std::copy(items.begin(), items.end(), pool.begin() + begin);
  return begin;
}

// Makes a slice longer by one; moves it to the end of the pool unless it is there already.
template <class T>
void extend_slice(std::vector<T> &pool, uint32_t &begin, uint32_t count, T item) {
  if (begin + count != pool.size()) begin = add_slice(pool, std::span<const T>(pool.data() + begin, count));
  pool.push_back(item);
}

}  // namespace

const OpInfo &info_of(Op op) { return kOps[static_cast<size_t>(op)]; }

Type integer_type(unsigned bits) {
  switch (bits) {
    case 1:
      return Type::I1;
    case 8:
      return Type::I8;
    case 16:
      return Type::I16;
    case 32:
      return Type::I32;
    case 64:
      return Type::I64;
    default:
      SPILE_UNREACHABLE("no integer type of this width");
  }
}

std::string_view name_of(Type t) {
  constexpr std::array<std::string_view, 7> kNames = {"void", "i1", "i8", "i16", "i32", "i64", "ptr"};
  return kNames[static_cast<size_t>(t)];
}

std::string_view name_of(Pred p) {
  constexpr std::array<std::string_view, 10> kNames = {"eq",  "ne",  "ult", "ule", "ugt",
                                                       "uge", "slt", "sle", "sgt", "sge"};
  return kNames[static_cast<size_t>(p)];
}

Pred inverted(Pred p) {
  switch (p) {
    case Pred::Eq:
      return Pred::Ne;
    case Pred::Ne:
      return Pred::Eq;
    case Pred::Ult:
      return Pred::Uge;
    case Pred::Ule:
      return Pred::Ugt;
    case Pred::Ugt:
      return Pred::Ule;
    case Pred::Uge:
      return Pred::Ult;
    case Pred::Slt:
      return Pred::Sge;
    case Pred::Sle:
      return Pred::Sgt;
    case Pred::Sgt:
      return Pred::Sle;
    case Pred::Sge:
      return Pred::Slt;
  }
  SPILE_UNREACHABLE("a predicate that is not in Pred");
}

Pred swapped(Pred p) {
  switch (p) {
    case Pred::Eq:
      return Pred::Eq;
    case Pred::Ne:
      return Pred::Ne;
    case Pred::Ult:
      return Pred::Ugt;
    case Pred::Ule:
      return Pred::Uge;
    case Pred::Ugt:
      return Pred::Ult;
    case Pred::Uge:
      return Pred::Ule;
    case Pred::Slt:
      return Pred::Sgt;
    case Pred::Sle:
      return Pred::Sge;
    case Pred::Sgt:
      return Pred::Slt;
    case Pred::Sge:
      return Pred::Sle;
  }
  SPILE_UNREACHABLE("a predicate that is not in Pred");
}

int64_t normalized(Type type, int64_t value) {
  const unsigned bits = bits_of(type);
  if (bits == 1) return value & 1;
  if (bits == 0 || bits == 64) return value;
  return static_cast<int64_t>(static_cast<uint64_t>(value) << (64 - bits)) >> (64 - bits);
}

size_t Assembly::output_count() const {
  return static_cast<size_t>(std::ranges::count_if(operands, &Operand::is_result));
}

bool Assembly::writes_memory() const {
  return clobbers_memory || std::ranges::any_of(operands, [](const Operand &o) {
           return o.kind == Operand::Kind::Memory && o.is_written;
         });
}

Loc Assembly::loc_of(size_t offset) const {
  const auto behind = std::ranges::upper_bound(origins, offset, {}, [](const Origin &o) { return size_t{o.offset}; });
  if (behind == origins.begin()) return {};
  const Origin &origin = *std::prev(behind);
  return origin.loc + static_cast<uint32_t>(offset - origin.offset);
}

ValueId Function::unplaced(Op op, Type type, int64_t imm) {
  const auto [at, is_new] = unplaced_.try_emplace(Key{op, type, imm}, ValueId(insts.size()));
  if (is_new) insts.push_back(Inst{.op = op, .type = type, .imm = imm});
  return at->second;
}

ValueId Function::constant(Type type, int64_t value) { return unplaced(Op::Const, type, normalized(type, value)); }
ValueId Function::undef(Type type) { return unplaced(Op::Undef, type, 0); }
ValueId Function::param(uint32_t index) {
  SPILE_CHECK(index < params.size(), "a parameter that the function does not have");
  return unplaced(Op::Param, params[index], index);
}
ValueId Function::global_addr(GlobalId id) { return unplaced(Op::GlobalAddr, Type::Ptr, id.index); }
ValueId Function::func_addr(FunctionId id) { return unplaced(Op::FuncAddr, Type::Ptr, id.index); }
ValueId Function::core_value(Type type, uint32_t reloc) { return unplaced(Op::CoreValue, type, reloc); }
ValueId Function::slot_addr(uint32_t slot) {
  SPILE_CHECK(slot < slots.size(), "a slot that the function does not have");
  return unplaced(Op::SlotAddr, Type::Ptr, slot);
}

BlockId Function::add_block(std::string name_hint) {
  blocks.push_back(Block{.name = std::move(name_hint)});
  return BlockId(blocks.size() - 1);
}

ValueId Function::make(Op op, Type type, std::span<const ValueId> ops, std::span<const BlockId> tgts, int64_t imm,
                       Loc at) {
  const ValueId v(insts.size());
  Inst inst{.op = op, .type = type, .imm = imm, .loc = at};
  inst.operand_begin = add_slice(operand_pool, ops);
  inst.operand_count = static_cast<uint32_t>(ops.size());
  inst.target_begin = add_slice(target_pool, tgts);
  inst.target_count = static_cast<uint32_t>(tgts.size());
  insts.push_back(inst);
  return v;
}

void Function::append(BlockId b, ValueId v) {
  (*this)[b].insts.push_back(v);
  (*this)[v].block = b;
}

void Function::insert(BlockId b, size_t at, ValueId v) {
  auto &list = (*this)[b].insts;
  list.insert(list.begin() + static_cast<ptrdiff_t>(at), v);
  (*this)[v].block = b;
}

void Function::set_operands(ValueId v, std::span<const ValueId> ops) {
  Inst &inst = (*this)[v];
  inst.operand_begin = replace_slice(operand_pool, inst.operand_begin, inst.operand_count, ops);
  inst.operand_count = static_cast<uint32_t>(ops.size());
}

void Function::set_targets(ValueId v, std::span<const BlockId> tgts) {
  Inst &inst = (*this)[v];
  inst.target_begin = replace_slice(target_pool, inst.target_begin, inst.target_count, tgts);
  inst.target_count = static_cast<uint32_t>(tgts.size());
}

void Function::set_switch(ValueId v, std::span<const BlockId> tgts, std::span<const int64_t> case_values) {
  SPILE_CHECK(tgts.size() == case_values.size() + 1, "a switch has a default and one target a case");
  set_targets(v, tgts);
  (*this)[v].case_begin = add_slice(case_pool, case_values);
}

void Function::add_phi_operand(ValueId phi, ValueId value, BlockId from) {
  Inst &inst = (*this)[phi];
  extend_slice(operand_pool, inst.operand_begin, inst.operand_count++, value);
  extend_slice(target_pool, inst.target_begin, inst.target_count++, from);
}

void Function::remove_phi_operand(ValueId phi, size_t i) {
  Inst &inst = (*this)[phi];
  const auto values = operands(phi);
  const auto from = targets(phi);
  std::copy(values.begin() + static_cast<ptrdiff_t>(i) + 1, values.end(), values.begin() + static_cast<ptrdiff_t>(i));
  std::copy(from.begin() + static_cast<ptrdiff_t>(i) + 1, from.end(), from.begin() + static_cast<ptrdiff_t>(i));
  inst.operand_count--;
  inst.target_count--;
}

ValueId Function::phi_operand(ValueId phi, BlockId from) const {
  const auto from_blocks = targets(phi);
  const auto at = std::ranges::find(from_blocks, from);
  SPILE_CHECK(at != from_blocks.end(), "a phi without an operand for a predecessor");
  return operand(phi, static_cast<size_t>(at - from_blocks.begin()));
}

size_t Function::taken(ValueId terminator, int64_t value) const {
  if ((*this)[terminator].op == Op::Branch) return value != 0 ? 0 : 1;
  const auto values = cases(terminator);
  const auto at = std::ranges::find(values, value);
  return at == values.end() ? 0 : static_cast<size_t>(at - values.begin()) + 1;
}

void Function::remove_phi_operands(BlockId to, BlockId from) {
  for (const ValueId phi : (*this)[to].insts) {
    if ((*this)[phi].op != Op::Phi) break;
    const auto from_blocks = targets(phi);
    const auto at = std::ranges::find(from_blocks, from);
    if (at != from_blocks.end()) remove_phi_operand(phi, static_cast<size_t>(at - from_blocks.begin()));
  }
}

void Function::remove(ValueId v) {
  Inst &inst = (*this)[v];
  if (inst.block) std::erase((*this)[inst.block].insts, v);
  inst.block = {};
  inst.op = Op::Undef;
  inst.operand_count = inst.target_count = 0;
}

void Function::replace_all_uses(ValueId from, ValueId to) {
  for (const Block &block : blocks)
    for (const ValueId v : block.insts)
      for (ValueId &use : operands(v))
        if (use == from) use = to;
}

}  // namespace spile::ir
