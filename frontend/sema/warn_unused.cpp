// Warnings about what is written and never used: variables, parameters, functions, labels, values, results.
#include <algorithm>

#include "frontend/sema/analyzer.h"
#include "lang-spec/tables/tables.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::BinaryOp;
using ast::UnaryOp;

// Whether the place is in the file that is compiled, and not in one that it includes: what a header offers need not be
// used.
bool Analyzer::is_in_main_file(Range at) const {
  const auto *file = diags_.sources().file_of(diags_.sources().expansion(at.begin));
  return file != nullptr && !file->included_from.valid();
}

// The variable of which [e] is a part: x, x.member, x[i] of an array.
Symbol *Analyzer::root_variable(const Expr *e) {
  for (;;) {
    if (e->kind == Expr::Identifier) return e->symbol;
    if (e->kind == Expr::Member && !e->is_arrow)
      e = e->a;
    else if (e->kind == Expr::Index && e->a->kind == Expr::ImplicitCast && e->a->cast == ast::CastKind::ArrayToPointer)
      e = e->a->a;
    else
      return nullptr;
  }
}

void Analyzer::warn_unused_in_function(const Symbol &function) {
  std::vector<const Label *> unused_labels;
  for (const auto &[name, label] : labels_)
    if (label->is_defined && !label->is_used && !label->is_unused) unused_labels.push_back(label);
  std::ranges::sort(unused_labels, {}, [](const Label *label) { return label->range.begin; });
  for (const Label *label : unused_labels) report<diag::UnusedLabel>(label->range, label->name);
  for (const Symbol *p : function.parameters)
    if (!p->is_mentioned && !p->name.empty() && !p->attributes.is_unused)
      report<diag::UnusedParameter>(p->range, p->name);
  for (const Symbol *v : locals_) {
    if (v->attributes.is_unused || v->attributes.used || v->cleanup_call != nullptr || types::is_error(v->type))
      continue;
    if (!v->is_mentioned)
      report<diag::UnusedVariable>(v->range, v->name);
    else if (!v->is_read && v->is_assigned && !v->is_static_storage && !types::is_shared(v->type))
      report<diag::UnusedButSet>(v->range, v->name);
  }
  locals_.clear();
}

// Whether it looks like a program: its only parameter is what some hook gives to programs.
static bool takes_context(const Symbol &function) {
  if (function.type->plain->kind != Kind::Function || function.type->plain->params.size() != 1) return false;
  const Type *parameter = function.type->plain->params[0].type;
  if (!types::is_pointer(parameter)) return false;
  const Type *pointee = types::base_of(parameter);
  if (types::is_void(pointee)) return !function.parameters.empty() && function.parameters[0]->name == "ctx";
  if (!types::is_record(pointee)) return false;
  const std::string_view tag = pointee->plain->record->tag;
  return tag.starts_with("trace_event_raw_") || tag.starts_with("sys_enter") || tag.starts_with("sys_exit") ||
         std::ranges::find(tables::kContexts, tag, &tables::Ctx::type) != std::end(tables::kContexts);
}

// A program without SEC(), which nobody would ever run. A subprogram that other files call says noinline or weak.
void Analyzer::warn_no_section(const Symbol &function) {
  const SymbolAttributes &says = function.attributes;
  if (function.linkage != Linkage::External || !function.is_defined || function.is_mentioned || says.no_inline ||
      says.weak || says.used || says.is_unused || says.section_range.valid() || !is_in_main_file(function.range) ||
      !takes_context(function))
    return;
  report<diag::FunctionInNoSection>(function.range, function.name)
      .hint(
          "`SEC(\"...\")` in front of it says which hook runs it, such as "
          "`SEC(\"tracepoint/syscalls/sys_enter_openat\")`");
}

void Analyzer::warn_unused_in_unit() {
  for (const Symbol *s : unit_.symbols) {
    if (s->kind == SymbolKind::Function) warn_no_section(*s);
    if (s->linkage != Linkage::Internal || s->is_mentioned || s->attributes.is_unused || s->attributes.used ||
        s->attributes.section_range.valid() || types::is_error(s->type) || !is_in_main_file(s->range))
      continue;
    if (s->kind == SymbolKind::Function && s->is_defined)
      report<diag::UnusedFunction>(s->range, s->name);
    else if (s->kind == SymbolKind::Variable && s->is_defined)
      (s->type->quals & types::kConst) != 0 ? report<diag::UnusedConstVariable>(s->range, s->name)
                                            : report<diag::UnusedVariable>(s->range, s->name);
  }
}

// An expression evaluated for what it does, not for what it gives.
void Analyzer::warn_unused_value(const Expr *e) {
  if (types::is_error(e->type) || types::is_void(e->type) || dead_ != 0) return;
  while (e->kind == Expr::ImplicitCast || (e->kind == Expr::Unary && e->op.unary == UnaryOp::Extension)) e = e->a;
  if (e->kind == Expr::Call) {
    const Expr *callee = ast::without_implicit_casts(e->a);
    if (callee->symbol != nullptr && callee->symbol->attributes.must_use_result)
      report<diag::UnusedResult>(e->range, callee->symbol->name)
          .note(callee->symbol->range, "`{}` is declared here", callee->symbol->name)
          .hint("a cast to `void` says that it is meant");
    return;
  }
  if (is_from_macro(e) || !diags_.sources().expansions(e->range.begin).empty()) return;
  switch (e->kind) {
    case Expr::Binary:
      if (e->op.binary == BinaryOp::Comma) return warn_unused_value(e->b);
      if (e->op.binary == BinaryOp::LogAnd || e->op.binary == BinaryOp::LogOr) return warn_unused_value(e->b);
      if (e->op.binary >= BinaryOp::Lt && e->op.binary <= BinaryOp::Ne) {
        auto message = report<diag::UnusedComparison>(e->range);
        if (e->op.binary == BinaryOp::Eq) message.hint("`=` assigns").fixit({e->op_loc, e->op_loc + 2}, "=");
        return;
      }
      break;
    case Expr::Unary:
      if (e->op.unary >= UnaryOp::PreInc && e->op.unary <= UnaryOp::PostDec) return;
      break;
    case Expr::Identifier:
    case Expr::Member:
    case Expr::Index:
      if (types::is_shared(e->type) || types::is_function(e->type)) return;
      break;
    case Expr::IntegerLit:
    case Expr::CharLit:
    case Expr::SizeofExpr:
    case Expr::SizeofType:
      break;
    default:
      return;
  }
  report<diag::UnusedValue>(e->range);
}

}  // namespace spile::sema
