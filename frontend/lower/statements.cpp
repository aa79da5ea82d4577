// Statements: control flow as blocks and jumps.
#include <algorithm>

#include "frontend/lower/function_lowerer.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

BlockId FunctionLowerer::label_block(const sema::Label *label) {
  const auto [it, is_new] = labels_.try_emplace(label);
  if (is_new) it->second = f_.add_block(std::string(label->name));
  return it->second;
}

void FunctionLowerer::statement(const Stmt *s) {
  if (s->range.begin.valid()) loc_ = s->range.begin;
  switch (s->kind) {
    case Stmt::Compound: {
      const size_t outer = cleanups_.size();
      for (size_t i = 0; i < s->items.size(); i++) {
        const Stmt *item = s->items[i];
        const Stmt *next = i + 1 < s->items.size() ? s->items[i + 1] : nullptr;
        const bool is_end = next != nullptr ? next->kind == Stmt::Return && next->expr == nullptr
                                            : s == symbol_.definition->body && f_.result == ir::Type::Void;
        if (is_end && item->kind == Stmt::Expression && repeat(item->expr)) continue;
        statement(item);
      }
      end_scope(outer);
      return;
    }
    case Stmt::Expression:
      effect(s->expr);
      return;
    case Stmt::Declaration:
      if (s->decl->kind == ast::Decl::Variables)
        for (const ast::InitDeclarator *d : s->decl->declarators) variable(*d);
      return;
    case Stmt::If: {
      const BlockId end = f_.add_block();
      for (;; s = s->else_body) {  // a chain of else-ifs may be long
        if (s->expr->range.begin.valid()) loc_ = s->expr->range.begin;
        const BlockId yes = f_.add_block();
        const BlockId no = s->else_body != nullptr ? f_.add_block() : end;
        condition(s->expr, yes, no);
        enter(yes);
        statement(s->body);
        jump(end);
        if (s->else_body == nullptr) break;
        enter(no);
        if (s->else_body->kind == Stmt::If) continue;
        statement(s->else_body);
        jump(end);
        break;
      }
      enter(end);
      return;
    }
    case Stmt::Switch:
      switch_statement(s);
      return;
    case Stmt::While:
    case Stmt::DoWhile:
    case Stmt::For:
      loop(s);
      return;
    case Stmt::Case:
    case Stmt::Default: {
      const auto it = cases_.find(s);
      SPILE_CHECK(it != cases_.end(), "the switch has made a block for each of its labels");
      jump(it->second);
      enter(it->second);
      if (s->body != nullptr) statement(s->body);
      return;
    }
    case Stmt::Label: {
      const BlockId block = label_block(s->target);
      jump(block);
      enter(block);
      if (s->body != nullptr) statement(s->body);
      return;
    }
    case Stmt::Goto:
      clean_up(s->target->cleanups);
      jump(label_block(s->target));
      return;
    case Stmt::Continue:
      clean_up(continues_.back().cleanups);
      jump(continues_.back().block);
      return;
    case Stmt::Break:
      clean_up(breaks_.back().cleanups);
      jump(breaks_.back().block);
      return;
    case Stmt::Return:
      return_statement(s);
      return;
    case Stmt::Asm:
      assembly(s);
      return;
    case Stmt::Empty:
      return;
  }
}

// Calls the cleanups of the variables from the [outer]th on, the youngest first: their scopes are left.
void FunctionLowerer::clean_up(size_t outer) {
  if (!current_.valid()) return;
  for (size_t i = cleanups_.size(); i-- > outer;) effect(cleanups_[i]->cleanup_call);
}

void FunctionLowerer::end_scope(size_t outer) {
  clean_up(outer);
  cleanups_.resize(outer);
}

void FunctionLowerer::loop(const Stmt *s) {
  const size_t outer = cleanups_.size();
  const size_t first_block = f_.blocks.size();
  if (s->kind == Stmt::For && s->init != nullptr) statement(s->init);
  const BlockId body = f_.add_block("loop"), end = f_.add_block();
  const bool tests_first = s->kind != Stmt::DoWhile && s->expr != nullptr;
  const BlockId test = s->expr != nullptr ? f_.add_block() : body;
  const BlockId next = s->kind == Stmt::For && s->step != nullptr ? f_.add_block() : test;
  jump(tests_first ? test : body);
  breaks_.push_back({end, cleanups_.size()});
  continues_.push_back({next, cleanups_.size()});
  enter(body);
  statement(s->body);
  jump(next);
  breaks_.pop_back();
  continues_.pop_back();
  if (next != test) {
    enter(next);
    effect(s->step);
    jump(test);
  }
  if (s->expr != nullptr) {
    enter(test);
    condition(s->expr, body, end);
  }
  if (s->unroll != 0) mark_unroll(first_block, tests_first ? test : body, s->unroll);
  enter(end);
  end_scope(outer);
}

// Every way back to the header carries what the pragma asks for.
void FunctionLowerer::mark_unroll(size_t first_block, BlockId header, int32_t count) {
  constexpr int32_t kMostCopies = INT16_MAX;
  for (size_t i = first_block; i < f_.blocks.size(); i++) {
    const auto &insts = f_.blocks[i].insts;
    if (insts.empty()) continue;
    const bool is_jump = f_[insts.back()].op == Op::Jump || f_[insts.back()].op == Op::Branch;
    if (is_jump && std::ranges::find(f_.targets(insts.back()), header) != f_.targets(insts.back()).end())
      f_[insts.back()].unroll = count < 0 ? ir::kUnrollFull : static_cast<int16_t>(std::min(count, kMostCopies));
  }
}

void FunctionLowerer::switch_statement(const Stmt *s) {
  const ValueId value = scalar(s->expr);
  const ir::Type type = f_[value].type;
  const BlockId end = f_.add_block();
  BlockId otherwise = end;
  // The labels of this switch, not of those inside it.
  std::vector<const Stmt *> labels, work{s->body};
  while (!work.empty()) {
    const Stmt *at = work.back();
    work.pop_back();
    if (at == nullptr || at->kind == Stmt::Switch) continue;
    if (at->kind == Stmt::Case || at->kind == Stmt::Default) labels.push_back(at);
    work.push_back(at->else_body);
    work.push_back(at->body);
    for (size_t i = at->items.size(); i-- > 0;) work.push_back(at->items[i]);
  }
  constexpr uint64_t kWrittenOut = 32;  // ranges up to this long become single cases
  std::vector<BlockId> targets{BlockId{}};
  std::vector<int64_t> values;
  loc_ = s->range.begin;
  for (const Stmt *label : labels) {
    const BlockId block = f_.add_block();
    cases_[label] = block;
    if (label->kind == Stmt::Default) {
      otherwise = block;
      continue;
    }
    const uint64_t length = static_cast<uint64_t>(label->case_high) - static_cast<uint64_t>(label->case_low);
    if (length < kWrittenOut) {
      for (uint64_t i = 0; i <= length; i++) {
        values.push_back(f_[constant(type, static_cast<int64_t>(static_cast<uint64_t>(label->case_low) + i))].imm);
        targets.push_back(block);
      }
    } else {
      // A long range: value - low <= high - low, unsigned.
      const BlockId next = f_.add_block();
      const ValueId from_low = emit(Op::Sub, type, {value, constant(type, label->case_low)});
      branch(compare(Pred::Ule, from_low, constant(type, static_cast<int64_t>(length))), block, next);
      enter(next);
    }
  }
  targets[0] = otherwise;
  ensure_block();
  const ValueId ops[] = {value};
  const ValueId v = f_.make(Op::Switch, ir::Type::Void, ops, {}, 0, loc_);
  f_.set_switch(v, targets, values);
  f_.append(current_, v);
  current_ = {};
  breaks_.push_back({end, cleanups_.size()});
  statement(s->body);
  breaks_.pop_back();
  jump(end);
  enter(end);
}

void FunctionLowerer::return_statement(const Stmt *s) {
  if (result_pointer_.valid()) {
    const Type *type = symbol_.type->plain->base;
    if (s->expr != nullptr) {
      // A call writes the result in place only when it cannot read what it overwrites; a copy is always right.
      const Place to{result_pointer_, 0, types::align_of(type), false, {}, type};
      const Place from = record_value(s->expr);
      copy(to, from, types::size_of(type));
    }
    clean_up(0);
    emit(Op::Ret, ir::Type::Void, {});
  } else if (s->expr == nullptr || types::is_void(s->expr->type)) {
    if (s->expr != nullptr && repeat(s->expr)) return;
    if (s->expr != nullptr) effect(s->expr);
    clean_up(0);
    loc_ = s->range.begin;
    emit(Op::Ret, ir::Type::Void, {});
  } else {
    return_value(s, s->expr);
  }
  current_ = {};
}

static bool is_call_of(const sema::Symbol &function, const Expr *e) {
  if (e->kind == Expr::Conditional && e->b != nullptr) return is_call_of(function, e->b) || is_call_of(function, e->c);
  if (e->kind != Expr::Call) return false;
  const Expr *callee = ast::without_implicit_casts(e->a);
  return callee->kind == Expr::Identifier && callee->symbol == &function;
}

// `return test ? f(…) : value` goes two ways, so that one of them can begin the body again.
void FunctionLowerer::return_value(const Stmt *s, const Expr *e) {
  if (again_.valid() && e->kind == Expr::Conditional && is_call_of(symbol_, e)) {
    const BlockId yes = f_.add_block(), no = f_.add_block();
    condition(e->a, yes, no);
    enter(yes);
    return_value(s, e->b);
    enter(no);
    return_value(s, e->c);
    return;
  }
  if (repeat(e)) return;
  const ValueId v = scalar(e);
  clean_up(0);
  loc_ = s->range.begin;
  emit(Op::Ret, ir::Type::Void, {v});
  current_ = {};
}

// The function calls itself, and has nothing to do afterwards. As clang does it: no call, but the body once more, with
// other parameters. Nobody holds the address of a variable, so no round sees those of another.
bool FunctionLowerer::repeat(const Expr *e) {
  const bool fits = again_.valid() && cleanups_.empty() && e->kind == Expr::Call && is_call_of(symbol_, e) &&
                    e->args.size() == symbol_.parameters.size() && known_arguments(e, symbol_).empty();
  if (!fits) return false;
  const std::vector<ValueId> values = arguments(e, false);
  for (size_t i = 0; i < values.size(); i++) store_memory(locals_[symbol_.parameters[i]], values[i]);
  jump(again_);
  return true;
}

}  // namespace spile::lower
