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
    case Stmt::Compound:
      for (const Stmt *item : s->items) statement(item);
      return;
    case Stmt::Expression:
      effect(s->expr);
      return;
    case Stmt::Declaration:
      if (s->decl->kind == ast::Decl::Variables)
        for (const ast::InitDeclarator *d : s->decl->declarators) variable(*d);
      return;
    case Stmt::If: {
      const BlockId yes = f_.add_block(), end = f_.add_block();
      const BlockId no = s->else_body != nullptr ? f_.add_block() : end;
      condition(s->expr, yes, no);
      enter(yes);
      statement(s->body);
      jump(end);
      if (s->else_body != nullptr) {
        enter(no);
        statement(s->else_body);
        jump(end);
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
      jump(label_block(s->target));
      return;
    case Stmt::Continue:
      jump(continues_.back());
      return;
    case Stmt::Break:
      jump(breaks_.back());
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

void FunctionLowerer::loop(const Stmt *s) {
  if (s->kind == Stmt::For && s->init != nullptr) statement(s->init);
  const BlockId body = f_.add_block("loop"), end = f_.add_block();
  const bool tests_first = s->kind != Stmt::DoWhile && s->expr != nullptr;
  const BlockId test = s->expr != nullptr ? f_.add_block() : body;
  const BlockId next = s->kind == Stmt::For && s->step != nullptr ? f_.add_block() : test;
  jump(tests_first ? test : body);
  breaks_.push_back(end);
  continues_.push_back(next);
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
  enter(end);
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
  breaks_.push_back(end);
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
    emit(Op::Ret, ir::Type::Void, {});
  } else if (s->expr == nullptr || types::is_void(s->expr->type)) {
    if (s->expr != nullptr) effect(s->expr);
    loc_ = s->range.begin;
    emit(Op::Ret, ir::Type::Void, {});
  } else {
    const ValueId v = scalar(s->expr);
    loc_ = s->range.begin;
    emit(Op::Ret, ir::Type::Void, {v});
  }
  current_ = {};
}

// What of an assembly statement cannot be had; empty: nothing. The forms without instructions only keep the optimizer
// from seeing through a value or moving memory accesses.
static std::string_view unsupported_part(const Stmt *s) {
  const ast::AsmStmt &a = *s->assembly;
  if (a.text != nullptr && a.text->bytes.find_first_not_of(" \t\n;") != std::string_view::npos) return "instructions";
  if (a.is_goto) return "`asm goto`";
  for (const ast::AsmOperand *operand : a.outputs) {
    std::string_view constraint = operand->constraint != nullptr ? operand->constraint->bytes : std::string_view{};
    if (!constraint.starts_with('=') && !constraint.starts_with('+')) return "an output that is not written";
    constraint.remove_prefix(1);
    if (constraint.starts_with('&')) constraint.remove_prefix(1);
    if (constraint != "r" && constraint != "g" && constraint != "rm") return "an output other than `=r` and `+r`";
    if (ModuleLowerer::type_of(operand->value->type) == ir::Type::Void) return "an operand that is no scalar";
  }
  return {};
}

void FunctionLowerer::assembly(const Stmt *s) {
  const ast::AsmStmt &a = *s->assembly;
  if (const std::string_view part = unsupported_part(s); !part.empty()) {
    owner_.diags()
        .report<diag::InlineAssembly>(a.text != nullptr && part == "instructions" ? a.text->range : s->range, part)
        .hint(
            "only empty barriers are supported: `asm volatile(\"\" ::: \"memory\")` and `asm volatile(\"\" : "
            "\"+r\"(x))`");
    return;
  }
  const auto tied_to = [&](size_t output) -> const ast::AsmOperand * {
    // The input that is tied to an output by its number or name.
    for (const ast::AsmOperand *input : a.inputs) {
      const std::string_view tied = input->constraint != nullptr ? input->constraint->bytes : std::string_view{};
      if (tied == std::to_string(output)) return input;
      if (!a.outputs[output]->symbolic_name.empty() && tied.size() > 2 && tied.front() == '[' &&
          tied.substr(1, tied.size() - 2) == a.outputs[output]->symbolic_name)
        return input;
    }
    return nullptr;
  };
  struct Result {
    Place to;
    ValueId value;
  };
  std::vector<Result> results;
  std::vector<const ast::AsmOperand *> used;
  for (size_t i = 0; i < a.outputs.size(); i++) {
    const ast::AsmOperand &output = *a.outputs[i];
    const Place to = place(output.value);
    const ast::AsmOperand *input = tied_to(i);
    ValueId v;
    if (output.constraint->bytes.starts_with('+')) {
      v = load(to);
    } else if (input != nullptr) {
      v = convert(scalar(input->value), input->value->type, output.value->type);
      used.push_back(input);
    } else {
      v = constant(type_of(output.value->type), 0);  // whatever the register holds: any value will do
    }
    results.push_back({to, v});
  }
  for (const ast::AsmOperand *input : a.inputs) {
    if (std::ranges::find(used, input) != used.end()) continue;
    if (type_of(input->value->type) == ir::Type::Void)
      effect(input->value);
    else if (const ValueId v = scalar(input->value); results.empty())
      emit(Op::Opaque, f_[v].type, {v});
  }
  loc_ = s->range.begin;
  for (const Result &result : results) store(result.to, emit(Op::Opaque, f_[result.value].type, {result.value}));
  const bool touches_memory = std::ranges::any_of(a.clobbers, [](const Expr *c) { return c->bytes == "memory"; });
  if (touches_memory || (a.outputs.empty() && a.inputs.empty())) emit(Op::Barrier, ir::Type::Void, {});
}

}  // namespace spile::lower
