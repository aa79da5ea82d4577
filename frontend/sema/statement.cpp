// Statements: conditions, labels, switch cases, returns, and what is reachable at the end of a body.
#include <algorithm>

#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

void Analyzer::compound(Stmt *s, bool new_scope) {
  if (new_scope) enter_scope();
  const uint32_t outer_cleanups = cleanups_;
  const size_t outer_labels = local_labels_.size();
  const Stmt *before = nullptr;
  for (Stmt *item : s->items) {
    if (before != nullptr) warn_flow(before, item);
    before = item;
    statement(item);
    if (diags_.too_many()) break;
  }
  cleanups_ = outer_cleanups;
  leave_local_labels(outer_labels);
  if (new_scope) leave_scope();
}

// From one statement of a block to the next: falling into a case, and code that nothing reaches.
void Analyzer::warn_flow(const Stmt *before, const Stmt *next) {
  const bool is_label = next->kind == Stmt::Case || next->kind == Stmt::Default || next->kind == Stmt::Label;
  const bool falls = can_fall_off(before);
  if (is_label && next->kind != Stmt::Label && falls && !diags_.has_errors()) {
    const bool is_meant = before->kind == Stmt::Empty && !before->attributes.empty();
    if (!is_meant) {
      const char *word = next->kind == Stmt::Case ? "case" : "default";
      report<diag::ImplicitFallthrough>(Range{next->range.begin, next->range.begin}, word)
          .hint("`__attribute__((fallthrough));` says that it is meant");
    }
  }
  const bool is_code = next->kind == Stmt::Expression || next->kind == Stmt::If || next->kind == Stmt::Return ||
                       next->kind == Stmt::For || next->kind == Stmt::While;
  if (!falls && is_code) report<diag::UnreachableCode>(Range{next->range.begin, next->range.begin});
}

Expr *Analyzer::condition(Expr *e) {
  e = expr(e);
  if (e->kind == Expr::Assign && !e->is_paren && e->op.assign == ast::AssignOp::Assign)
    report<diag::AssignmentAsCondition>(e->op_loc.valid() ? at_op(e) : e->range)
        .hint("`==` compares; parentheses around the assignment say that it is meant");
  return to_bool(e);
}

Label *Analyzer::label(std::string_view name, Range range) {
  Label *&entry = labels_[name];
  if (entry == nullptr) {
    entry = nodes_->make<Label>();
    entry->name = name;
    entry->range = range;
    entry->index = label_count_++;
  }
  return entry;
}

void Analyzer::declare_local_labels(const Stmt &s) {
  for (const std::string_view name : s.local_labels) {
    Label *&entry = labels_[name];
    local_labels_.push_back({name, entry});
    entry = nullptr;
    label(name, s.range);
  }
}

void Analyzer::leave_local_labels(size_t outside) {
  for (; local_labels_.size() > outside; local_labels_.pop_back()) {
    const LocalLabel &local = local_labels_.back();
    Label *&entry = labels_[local.name];
    if (entry->is_used) check_label(*entry);
    if (local.outside != nullptr)
      entry = local.outside;
    else
      labels_.erase(local.name);
  }
}

void Analyzer::check_label(const Label &label) {
  if (!label.is_defined) report<diag::UndefinedLabel>(label.range, label.name, function_->name);
}

void Analyzer::statement(Stmt *s) {
  if (nesting_ >= kMaxNesting) {
    if (!nesting_reported_) report<diag::CodeTooDeep>(s->range, kMaxNesting);
    nesting_reported_ = true;
    return;
  }
  nesting_++;
  Attributes attributes;
  read_attributes(s->attributes, attributes);
  switch (s->kind) {
    case Stmt::Compound:
      compound(s);
      break;
    case Stmt::Expression:
      s->expr = expr(s->expr);
      if (types::is_record(s->expr->type) || !s->expr->is_lvalue)
        s->expr = s->expr->is_lvalue ? s->expr : decay(s->expr);
      else if (types::is_shared(s->expr->type))
        s->expr = decay(s->expr);
      if (s != value_statement_) warn_unused_value(s->expr);
      break;
    case Stmt::Declaration:
      declaration(*s->decl);
      break;
    case Stmt::If:
      if_statement(s);
      break;
    case Stmt::Switch:
      switch_statement(s);
      break;
    case Stmt::While:
    case Stmt::DoWhile:
      if (s->kind == Stmt::While) s->expr = condition(s->expr);
      loops_++, breakable_++;
      enter_scope();
      statement(s->body);
      leave_scope();
      loops_--, breakable_--;
      if (s->kind == Stmt::DoWhile) s->expr = condition(s->expr);
      break;
    case Stmt::For: {
      enter_scope();
      const uint32_t outer_cleanups = cleanups_;
      if (s->init != nullptr) statement(s->init);
      if (s->expr != nullptr) s->expr = condition(s->expr);
      if (s->step != nullptr) warn_unused_value(s->step = expr(s->step));
      loops_++, breakable_++;
      enter_scope();
      statement(s->body);
      leave_scope();
      loops_--, breakable_--;
      cleanups_ = outer_cleanups;
      leave_scope();
      break;
    }
    case Stmt::Case:
    case Stmt::Default:
      case_label(s);
      break;
    case Stmt::Label: {
      Label *entry = label(s->label, s->label_range);
      if (entry->is_defined) {
        report<diag::LabelRedefined>(s->label_range, s->label).note(entry->range, "the first `{}:` is here", s->label);
      }
      entry->is_defined = true;
      entry->cleanups = cleanups_;
      entry->is_unused = attributes.symbol.is_unused;
      entry->range = s->label_range;
      s->target = entry;
      if (s->body != nullptr) statement(s->body);
      break;
    }
    case Stmt::Goto:
      if (s->expr != nullptr) {
        report<diag::ComputedGoto>(s->range).hint("a BPF program has no indirect jumps: use `switch`");
        break;
      }
      s->target = label(s->label, s->label_range);
      s->target->is_used = true;
      break;
    case Stmt::Continue:
      if (loops_ == 0) report<diag::OutsideLoop>(s->range, "continue", "a loop");
      break;
    case Stmt::Break:
      if (breakable_ == 0) report<diag::OutsideLoop>(s->range, "break", "a loop or switch");
      break;
    case Stmt::Return:
      return_statement(s);
      break;
    case Stmt::Asm:
      asm_statement(s);
      break;
    case Stmt::Empty:
      declare_local_labels(*s);
      break;
  }
  nesting_--;
}

// `if (x);` on one line: the semicolon is the body.
void Analyzer::warn_empty_body(const Stmt *s) {
  if (s->body->kind != Stmt::Empty || !s->body->attributes.empty() || s->else_body != nullptr) return;
  const SourceManager &sources = diags_.sources();
  if (!sources.expansions(s->body->range.begin).empty() || !sources.expansions(s->range.begin).empty()) return;
  if (sources.place(s->body->range.begin).line != sources.place(s->expr->range.end).line) return;
  report<diag::EmptyBody>(s->body->range).hint("a body on a line of its own says that it is meant");
}

// A chain of else-ifs is walked by a loop: generated ones have thousands of links.
void Analyzer::if_statement(Stmt *s) {
  const int outer_dead = dead_;
  for (;; s = s->else_body) {
    s->expr = condition(s->expr);
    const bool is_known = s->expr->is_constant;
    dead_ += is_known && s->expr->value == 0 ? 1 : 0;
    warn_empty_body(s);
    enter_scope();
    statement(s->body);
    leave_scope();
    dead_ -= is_known && s->expr->value == 0 ? 1 : 0;
    dead_ += is_known && s->expr->value != 0 ? 1 : 0;
    if (s->else_body == nullptr || s->else_body->kind != Stmt::If || !s->else_body->attributes.empty()) break;
  }
  if (s->else_body != nullptr) {
    enter_scope();
    statement(s->else_body);
    leave_scope();
  }
  dead_ = outer_dead;
}

void Analyzer::switch_statement(Stmt *s) {
  s->expr = value(s->expr);
  const Type *written = s->expr->type;
  s->expr = promote(s->expr);
  s->type = s->expr->type;
  if (!types::is_error(s->type) && (!types::is_integer(s->type) || types::is_int128(s->type))) {
    report<diag::SwitchType>(s->expr->range, types::to_string(s->type));
    s->type = types_.error();
  }
  switches_.push_back({s, s->type, {}, nullptr});
  breakable_++;
  enter_scope();
  statement(s->body);
  leave_scope();
  breakable_--;
  // Overlapping cases: sort by value, look at neighbours.
  std::vector<Stmt *> cases = std::move(switches_.back().cases);
  const bool has_default = switches_.back().default_case != nullptr;
  switches_.pop_back();
  const bool is_signed = !types::is_error(s->type) && types::is_signed(s->type);
  const auto less = [&](int64_t a, int64_t b) {
    return is_signed ? a < b : static_cast<uint64_t>(a) < static_cast<uint64_t>(b);
  };
  std::ranges::stable_sort(cases, [&](const Stmt *a, const Stmt *b) { return less(a->case_low, b->case_low); });
  for (size_t i = 1; i < cases.size(); i++)
    if (!less(cases[i - 1]->case_high, cases[i]->case_low))
      report<diag::DuplicateCase>(cases[i]->expr->range, cases[i]->case_low)
          .note(cases[i - 1]->expr->range, "the first one is here");
  if (types::is_enum(written)) warn_enum_switch(s, *written->plain->enumeration, cases, has_default);
}

// A switch over an enum: constants that no case takes, and cases that no constant has.
void Analyzer::warn_enum_switch(const Stmt *s, const types::Enum &enumeration, const std::vector<Stmt *> &cases,
                                bool has_default) {
  constexpr size_t kNamed = 3, kLargest = 256;  // flags of hundreds of constants are not meant to be listed
  if (enumeration.constants.size() > kLargest) return;
  for (const Stmt *label : cases) {
    const bool is_known = std::ranges::any_of(enumeration.constants, [&](const types::EnumConstant &c) {
      return label->case_low <= c.value && c.value <= label->case_high;
    });
    if (!is_known) report<diag::CaseNotInEnum>(label->expr->range, label->case_low, types::to_string(enumeration.type));
  }
  if (has_default) return;
  std::string names;
  size_t missing = 0;
  for (const types::EnumConstant &c : enumeration.constants) {
    const bool is_taken = std::ranges::any_of(
        cases, [&](const Stmt *label) { return label->case_low <= c.value && c.value <= label->case_high; });
    if (is_taken || missing++ >= kNamed) continue;
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", c.name);
  }
  if (missing > kNamed) names += fmt::format(" and {} more", missing - kNamed);
  if (missing != 0) report<diag::EnumNotHandled>(s->expr->range, names, types::to_string(enumeration.type));
}

void Analyzer::case_label(Stmt *s) {
  const char *word = s->kind == Stmt::Case ? "case" : "default";
  if (switches_.empty()) {
    report<diag::OutsideLoop>(s->range, word, "a switch");
  } else if (s->kind == Stmt::Default) {
    Switch &owner = switches_.back();
    if (owner.default_case != nullptr)
      report<diag::DuplicateDefault>(s->range).note(owner.default_case->range, "the first one is here");
    owner.default_case = s;
  } else {
    const auto bound = [&](Expr *&e) -> std::optional<int64_t> {
      const std::optional<int64_t> v = integer_constant(e, "the value of a case");
      if (!v || types::is_error(switches_.back().type)) return std::nullopt;
      e = convert(e, switches_.back().type);
      // The same 32 bits with another sign are meant.
      const bool only_sign = types::size_of(e->type) == 4 && *v >= INT32_MIN && *v <= int64_t{UINT32_MAX};
      if (e->value != *v && !only_sign) report<diag::CaseOutOfRange>(e->range, *v, types::to_string(e->type));
      return e->value;
    };
    const std::optional<int64_t> low = bound(s->expr);
    const std::optional<int64_t> high = s->case_end != nullptr ? bound(s->case_end) : low;
    if (low && high) {
      s->case_low = *low;
      s->case_high = *high;
      const bool is_empty = types::is_signed(switches_.back().type)
                                ? *high < *low
                                : static_cast<uint64_t>(*high) < static_cast<uint64_t>(*low);
      if (is_empty)
        report<diag::EmptyCaseRange>(s->range, *low, *high);
      else
        switches_.back().cases.push_back(s);
    }
  }
  // A chain of labels on one statement is walked here, so that a long one does not nest.
  if (s->body != nullptr) statement(s->body);
}

void Analyzer::return_statement(Stmt *s) {
  if (result_ == nullptr) return;
  if (s->expr == nullptr) {
    if (!types::is_void(result_) && !types::is_error(result_))
      report<diag::ReturnWithoutValue>(s->range, function_->name, types::to_string(result_))
          .note(function_->range, "`{}` is declared here", function_->name);
    return;
  }
  s->expr = value(s->expr);
  if (types::is_void(result_)) {
    if (!types::is_void(s->expr->type) && !types::is_error(s->expr->type))
      report<diag::ReturnFromVoid>(s->expr->range, function_->name)
          .note(function_->range, "`{}` is declared here", function_->name);
    return;
  }
  s->expr = assign_to(types_.unqualified(result_), s->expr, {Into::Return, {}, 0, function_, s->range.begin});
  check_return_range(s->expr);
}

// Whether control can reach the end of the statement, as far as a reader sees it at once (no values are followed).
bool Analyzer::can_fall_off(const Stmt *s) const {
  const std::function<bool(const Stmt *)> breaks = [&](const Stmt *body) -> bool {
    if (body == nullptr) return false;
    if (body->kind == Stmt::Break) return true;
    if (body->kind == Stmt::While || body->kind == Stmt::DoWhile || body->kind == Stmt::For ||
        body->kind == Stmt::Switch)
      return false;
    if (std::ranges::any_of(body->items, breaks)) return true;
    return breaks(body->body) || breaks(body->else_body);
  };
  const auto is_true = [](const Expr *e) { return e == nullptr || (e->is_constant && e->value != 0); };
  switch (s->kind) {
    case Stmt::Compound: {
      // A label in the middle may be jumped to, so only what follows the last stop counts.
      bool falls = true;
      for (const Stmt *item : s->items) {
        if (item->kind == Stmt::Label || item->kind == Stmt::Case || item->kind == Stmt::Default) falls = true;
        falls = falls && can_fall_off(item);
      }
      return falls;
    }
    case Stmt::Return:
    case Stmt::Goto:
    case Stmt::Break:
    case Stmt::Continue:
      return false;
    case Stmt::If: {
      if (s->expr->is_constant && s->expr->value != 0) return can_fall_off(s->body);
      return s->else_body == nullptr || can_fall_off(s->body) || can_fall_off(s->else_body);
    }
    case Stmt::While:
    case Stmt::For:
      return !is_true(s->expr) || breaks(s->body);
    case Stmt::DoWhile:
      return (!is_true(s->expr) && can_fall_off(s->body)) || breaks(s->body);
    case Stmt::Switch: {
      const std::function<bool(const Stmt *)> has_default = [&](const Stmt *body) -> bool {
        if (body == nullptr || body->kind == Stmt::Switch) return false;
        if (body->kind == Stmt::Default) return true;
        return has_default(body->body) || std::ranges::any_of(body->items, has_default);
      };
      return !has_default(s->body) || breaks(s->body) || can_fall_off(s->body);
    }
    case Stmt::Case:
    case Stmt::Default:
    case Stmt::Label:
      return s->body == nullptr || can_fall_off(s->body);
    case Stmt::Expression: {
      const Expr *e = ast::without_implicit_casts(s->expr);
      if (e->kind != Expr::Call) return true;
      const Expr *callee = ast::without_implicit_casts(e->a);
      if (callee->symbol == nullptr) return true;
      return !callee->symbol->attributes.is_noreturn && callee->symbol->builtin != Builtin::Unreachable &&
             callee->symbol->builtin != Builtin::Trap;
    }
    case Stmt::Declaration:
    case Stmt::Asm:
    case Stmt::Empty:
      return true;
  }
  return true;
}

}  // namespace spile::sema
