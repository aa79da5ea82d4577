// The frame of a lowered function: parameters, the emission of instructions, and the removal of what nothing reaches.
#include "frontend/lower/function_lowerer.h"

#include <bit>

#include "ir/pack.h"
#include "support/check.h"

namespace spile::lower {

LoweredBody FunctionLowerer::run() {
  f_.is_naked ? naked_body() : whole_body();
  pack(f_);
  body_.function = std::move(f_);
  return std::move(body_);
}

void FunctionLowerer::whole_body() {
  current_ = f_.add_block("entry");
  loc_ = f_.loc;
  uint32_t index = 0;
  bool may_repeat = symbol_.calls_itself && !symbol_.lends_locals && known_.empty() &&
                    symbol_.type->plain->has_prototype && !ModuleLowerer::by_pointer(symbol_.type->plain->base);
  if (ModuleLowerer::by_pointer(symbol_.type->plain->base)) result_pointer_ = f_.param(index++);
  for (const sema::Symbol *p : symbol_.parameters) {
    const ValueId value = f_.param(index++);
    if (ModuleLowerer::by_pointer(p->type)) {
      // The caller has made a copy for us.
      locals_[p] = {value, 0, types::align_of(p->type), false, {}, p->type};
      may_repeat = false;
      continue;
    }
    const Place at =
        slot(types::size_of(p->type), types::align_of(p->type), p->type, std::string(p->name), p->range.begin);
    locals_[p] = at;
    store_memory(at, value);
  }
  if (may_repeat) {
    again_ = f_.add_block("again");
    jump(again_);
    enter(again_);
  }
  statement(symbol_.definition->body);
  loc_ = f_.end_loc;
  if (current_.valid()) {
    // The end of the body: nothing to return, or (a warning was given) no value at hand.
    if (f_.result == ir::Type::Void)
      emit(Op::Ret, ir::Type::Void, {});
    else
      emit(Op::Ret, ir::Type::Void, {symbol_.name == "main" ? constant(f_.result, 0) : f_.undef(f_.result)});
    current_ = {};
  }
  drop_unreachable();
  report_uninitialized_reads(f_, diags_);
}

// Its assembly is all there is: nobody saves a parameter or returns.
void FunctionLowerer::naked_body() {
  current_ = f_.add_block("entry");
  statement(symbol_.definition->body);
  loc_ = f_.end_loc;
  emit(Op::Unreachable, ir::Type::Void, {});
}

void FunctionLowerer::ensure_block() {
  if (!current_.valid()) current_ = f_.add_block();
}

ValueId FunctionLowerer::emit_list(Op op, ir::Type type, const std::vector<ValueId> &ops, int64_t imm) {
  ensure_block();
  const ValueId v = f_.make(op, type, ops, {}, imm, loc_);
  f_.append(current_, v);
  return v;
}

ValueId FunctionLowerer::emit(Op op, ir::Type type, std::initializer_list<ValueId> ops, int64_t imm) {
  return emit_list(op, type, std::vector<ValueId>(ops), imm);
}

void FunctionLowerer::jump(BlockId to) {
  if (!current_.valid()) return;
  const BlockId targets[] = {to};
  f_.append(current_, f_.make(Op::Jump, ir::Type::Void, {}, targets, 0, loc_));
  current_ = {};
}

void FunctionLowerer::branch(ValueId truth, BlockId yes, BlockId no, int8_t weight) {
  ensure_block();
  const ValueId ops[] = {truth};
  const BlockId targets[] = {yes, no};
  const ValueId v = f_.make(Op::Branch, ir::Type::Void, ops, targets, 0, loc_);
  f_[v].weight = weight;
  f_.append(current_, v);
  current_ = {};
}

ValueId FunctionLowerer::compare(Pred pred, ValueId a, ValueId b) {
  const ValueId v = emit(Op::ICmp, ir::Type::I1, {a, b});
  f_[v].pred = pred;
  return v;
}

Place FunctionLowerer::scratch(uint64_t size, uint32_t align) {
  f_.slots.push_back({static_cast<uint32_t>(size), align, {}, loc_});
  return {f_.slot_addr(static_cast<uint32_t>(f_.slots.size() - 1)), 0, align, false, {}, nullptr};
}

Place FunctionLowerer::slot(uint64_t size, uint32_t align, const Type *type, std::string name, Loc loc) {
  // Objects of a word or more lie on words, so that they can be cleared and copied by words.
  const uint32_t known = size >= 8 ? std::max(align, 8u) : align;
  f_.slots.push_back({static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX)), known, std::move(name), loc});
  return {f_.slot_addr(static_cast<uint32_t>(f_.slots.size() - 1)), 0, known, types::is_shared(type), {}, type};
}

Place FunctionLowerer::temporary(const Type *type, std::string name) {
  return slot(types::size_of(type), types::align_of(type), type, std::move(name), loc_);
}

// Blocks that no path from the entry reaches hold code after a return and the like; none of it is kept. Lowering makes
// no phis, so no other block has to forget them.
void FunctionLowerer::drop_unreachable() {
  std::vector<bool> reached(f_.blocks.size());
  std::vector<BlockId> work{BlockId(0)};
  reached[0] = true;
  while (!work.empty()) {
    const BlockId b = work.back();
    work.pop_back();
    if (f_[b].insts.empty() || ir::info_of(f_[f_.terminator(b)].op).effects != ir::Effects::Term) {
      // An open end that is reached: `__builtin_unreachable` or a label at the end of the body.
      current_ = b;
      emit(Op::Unreachable, ir::Type::Void, {});
    }
    for (const BlockId next : f_.successors(b))
      if (!reached[next.index]) {
        reached[next.index] = true;
        work.push_back(next);
      }
  }
  for (size_t i = 0; i < f_.blocks.size(); i++) {
    if (reached[i]) continue;
    const std::vector<ValueId> gone = f_.blocks[i].insts;
    for (const ValueId v : gone) f_.remove(v);
    f_.blocks[i].insts.clear();
  }
}

}  // namespace spile::lower
