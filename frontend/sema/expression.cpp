// Expressions: names, members, calls, sizeof and the other primary forms. Operators are in operators.cpp.
#include <algorithm>
#include <utility>

#include "frontend/sema/analyzer.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

Expr *Analyzer::poison(Expr *e) {
  e->type = types_.error();
  e->is_lvalue = false;
  e->is_constant = e->is_number = false;
  return e;
}

// [e] stands for [chosen], also where a constant is wanted.
void Analyzer::take_constant(Expr *e, const Expr *chosen) {
  if (!chosen->is_constant && !chosen->is_number) return;
  e->is_constant = chosen->is_constant;
  e->is_number = chosen->is_number;
  e->value = chosen->value;
}

static bool is_builtin_name(std::string_view name) {
  return name.starts_with("__builtin_") || name.starts_with("__sync_") || name.starts_with("__atomic_") ||
         name.starts_with("__c11_");
}

Expr *Analyzer::unevaluated(Expr *e) {
  unevaluated_++;
  e = expr(e);
  unevaluated_--;
  return e;
}

Expr *Analyzer::expr(Expr *e) {
  if (e->type != nullptr) return e;  // typed before: __auto_type, repeated initializers
  if (nesting_ >= kMaxNesting) {
    if (!nesting_reported_) report<diag::CodeTooDeep>(e->range, kMaxNesting);
    nesting_reported_ = true;
    return poison(e);
  }
  nesting_++;
  switch (e->kind) {
    case Expr::Identifier:
      identifier(e);
      break;
    case Expr::IntegerLit:
      integer_literal(e);
      break;
    case Expr::CharLit:
      char_literal(e);
      break;
    case Expr::StringLit:
      string_literal(e);
      break;
    case Expr::FloatLit:
      float_literal(e);
      break;
    case Expr::Unary:
      unary(e);
      break;
    case Expr::Binary:
      binary(e);
      break;
    case Expr::Assign:
      assignment(e);
      break;
    case Expr::Conditional:
      conditional(e);
      break;
    case Expr::Cast:
      explicit_cast(e);
      break;
    case Expr::CompoundLit:
      compound_literal(e);
      break;
    case Expr::SizeofExpr:
    case Expr::SizeofType:
    case Expr::AlignofType:
    case Expr::AlignofExpr:
      sizes(e);
      break;
    case Expr::Index:
      index(e);
      break;
    case Expr::Call:
      call(e);
      break;
    case Expr::Member:
      member(e);
      break;
    case Expr::StmtExpr: {
      if (function_ == nullptr) {
        report<diag::StatementExpressionOutside>(e->range);
        poison(e);
        break;
      }
      Stmt *last = e->body->items.empty() ? nullptr : e->body->items.back();
      while (last != nullptr && last->kind == Stmt::Label && last->body != nullptr) last = last->body;
      const Stmt *outer_value = std::exchange(value_statement_, last);
      compound(e->body);
      value_statement_ = outer_value;
      e->type = types_.void_type();
      if (last != nullptr) {
        if (last->kind == Stmt::Expression) {
          if (last->expr->type == nullptr) poison(last->expr);  // analysis stopped before it
          last->expr = decay(last->expr);
          e->type = last->expr->type;
        }
      }
      break;
    }
    case Expr::Offsetof:
      offset_of(e);
      break;
    case Expr::Generic:
      generic(e);
      break;
    case Expr::InitList:
      SPILE_UNREACHABLE("the grammar has braces in initializers alone, which take them apart");
    case Expr::LabelAddress:
      report<diag::ComputedGoto>(e->range).hint("a BPF program has no indirect jumps: use `switch`");
      poison(e);
      break;
    case Expr::VaArg:
      report<diag::VaArg>(e->range).hint("a BPF function has a fixed list of arguments");
      poison(e);
      break;
    case Expr::TypesCompatible: {
      const Type *a = type_name(*e->type_name), *b = type_name(*e->type_name2);
      e->type = types_.int_type();
      set_constant(e, types::compatible(types_.unqualified(a), types_.unqualified(b)) ? 1 : 0);
      break;
    }
    case Expr::ChooseExpr: {
      const std::optional<int64_t> chooser = integer_constant(e->a, "the first argument of `__builtin_choose_expr`");
      if (!chooser) {
        poison(e);
        break;
      }
      Expr *&chosen = *chooser != 0 ? e->b : e->c;
      e->chosen = chosen = expr(chosen);
      e->type = chosen->type;
      e->is_lvalue = chosen->is_lvalue;
      take_constant(e, chosen);
      break;
    }
    case Expr::ImplicitCast:
      break;  // made by sema, so it has a type
  }
  nesting_--;
  return e;
}

void Analyzer::report_unsupported_builtin(const Expr *e) {
  auto message = report<diag::UnsupportedBuiltin>(e->range, e->text);
  struct Row {
    std::string_view name, instead;
  };
  static constexpr Row kRows[] = {
      {"__builtin_return_address", "`bpf_get_func_ip` tells the traced function, `bpf_get_stackid` who called it"},
      {"__builtin_frame_address", "a program sees only its own variables"},
      {"__builtin_alloca", "a BPF program has no dynamic stack: use an array of constant size"},
      {"__builtin_va_start", "a BPF function has a fixed list of arguments"},
      {"__sync_fetch_and_nand", "BPF has no such instruction: `__sync_val_compare_and_swap` in a bounded loop does it"},
      {"__builtin_printf", "`bpf_printk` writes to the trace pipe"},
  };
  for (const Row &row : kRows) {
    if (row.name != e->text) continue;
    message.hint("{}", row.instead);
    return;
  }
  std::vector<std::string_view> names;
  for (const BuiltinInfo &info : all_builtins()) names.push_back(info.spelling);
  if (const std::string_view nearest = types::nearest_name(names, e->text); !nearest.empty())
    message.hint("did you mean `{}`?", nearest).fixit(e->range, std::string(nearest));
}

void Analyzer::identifier(Expr *e) {
  Symbol *symbol = lookup(e->text);
  if (symbol == nullptr) {
    if (const BuiltinInfo *info = find_builtin(e->text)) {
      symbol = builtin_symbol(*info);
    } else if ((e->text == "__func__" || e->text == "__FUNCTION__" || e->text == "__PRETTY_FUNCTION__") &&
               function_ != nullptr) {
      e->kind = Expr::StringLit;
      e->bytes = function_->name;
      e->type = types_.array_of(types_.qualified(types_.basic(Kind::Char), types::kConst), e->bytes.size() + 1);
      e->is_lvalue = true;
      return;
    } else {
      if (is_builtin_name(e->text))
        report_unsupported_builtin(e);
      else
        report_undeclared(e, false);
      poison(e);
      // Say it once for each name: from here on it is known, and wrong.
      Symbol *known = new_symbol(SymbolKind::Variable, e->text, types_.error(), {});
      known->is_defined = true;
      bind(known);
      return;
    }
  }
  e->symbol = symbol;
  e->type = symbol->type;
  symbol->is_mentioned |= symbol != function_;
  if (symbol->kind == SymbolKind::Parameter && function_ != nullptr && function_->attributes.is_naked &&
      unevaluated_ == 0)
    report<diag::NakedParameter>(e->range, e->text, function_->name)
        .hint("name its register in the text: the first parameter is in `r1`");
  if (symbol->attributes.deprecated && unevaluated_ == 0)
    report<diag::Deprecated>(e->range, e->text, symbol->attributes.deprecated_text.empty() ? "" : ": ",
                             symbol->attributes.deprecated_text)
        .note(symbol->range, "`{}` is declared here", e->text);
  switch (symbol->kind) {
    case SymbolKind::Enumerator:
      set_constant(e, static_cast<uint64_t>(symbol->value));
      break;
    case SymbolKind::Variable:
    case SymbolKind::Parameter:
      e->is_lvalue = true;
      break;
    case SymbolKind::Function:
    case SymbolKind::Builtin:
      break;
    case SymbolKind::Typedef:
      SPILE_UNREACHABLE("the parser reads the name of a type as no expression");
  }
}

// The storage unit through which a bitfield is read and written: the smallest aligned one that holds it and lies inside
// the record.
static ast::FieldRef reference(const types::Record &record, const types::Field &field, uint64_t record_bit) {
  ast::FieldRef ref;
  ref.offset = (record_bit + field.bit_position) / 8;
  if (!field.is_bitfield) return ref;
  ref.bit_width = field.bit_width;
  ref.bit_offset = static_cast<uint32_t>(field.bit_position % 8);
  for (const uint32_t bits : {8u, 16u, 32u, 64u}) {
    const uint64_t begin = field.bit_position / bits * bits;
    if (field.bit_position + field.bit_width > begin + bits || begin + bits > record.size * 8) continue;
    ref.offset = (record_bit + begin) / 8;
    ref.bit_offset = static_cast<uint32_t>(field.bit_position - begin);
    ref.unit_bytes = bits / 8;
    break;
  }
  return ref;
}

// The FieldRef of [name], through anonymous members. The record has it.
static ast::FieldRef reference_by_name(const types::Record &record, std::string_view name, uint64_t record_bit) {
  for (const types::Field &field : record.fields) {
    if (field.name == name) return reference(record, field, record_bit);
    if (field.name.empty() && !field.is_bitfield && types::is_record(field.type)) {
      const types::Record &inner = *field.type->plain->record;
      if (types::find_field(inner, name).field != nullptr)
        return reference_by_name(inner, name, record_bit + field.bit_position);
    }
  }
  return {};
}

ast::FieldRef field_reference(const types::Record &record, const types::Field &field) {
  return reference(record, field, 0);
}

// [where]: the name, which may come from a macro that joins it with others.
void Analyzer::report_no_member(Range at, std::string_view name, Range where, const Type *record_type) {
  const types::Record &record = *record_type->plain->record;
  auto message = report<diag::NoMember>(at, name, types::to_string(record_type));
  hint_context(message, record, name);
  const bool is_of_registers = record.tag == "pt_regs";  // they are not named after what a function calls them
  const std::string_view nearest = is_of_registers ? std::string_view() : types::nearest_field(record, name);
  if (nearest.empty()) {
    message.note(record.range, "`{}` is defined here", types::to_string(record.type));
    return;
  }
  message.hint("did you mean `{}`?", nearest);
  if (diags_.sources().text(where) == name) message.fixit(where, std::string(nearest));
  message.note(types::find_field(record, nearest).field->range, "`{}` is declared here", nearest);
}

void Analyzer::member(Expr *e) {
  e->a = expr(e->a);
  if (e->is_arrow || types::is_array(e->a->type)) e->a = decay(e->a);
  if (types::is_error(e->a->type)) {
    poison(e);
    return;
  }
  const Type *base = e->a->type;
  if (e->is_arrow) {
    if (!types::is_pointer(base)) {
      auto message = report<diag::ArrowOnValue>(at_op(e), types::to_string(base));
      if (types::is_record(base))
        message.hint("`.` reaches the members of a value").fixit({e->op_loc, e->op_loc + 2}, ".");
      poison(e);
      return;
    }
    base = types::base_of(base);
  } else if (types::is_pointer(base) && types::is_record(types::base_of(base))) {
    report<diag::DotOnPointer>(at_op(e), types::to_string(base))
        .hint("`->` reaches the members of what a pointer points to")
        .fixit({e->op_loc, e->op_loc + 1}, "->");
    poison(e);
    return;
  }
  if (types::is_error(base)) {
    poison(e);
    return;
  }
  if (!types::is_record(base)) {
    report<diag::MemberOfScalar>(at_op(e), e->text, types::to_string(base));
    poison(e);
    return;
  }
  const types::Record &record = types::complete(*base->plain->record);
  if (!record.is_complete) {
    require_complete(base, e->range, fmt::format("the record of `{}`", e->text));
    poison(e);
    return;
  }
  const types::FoundField found = types::find_field(record, e->text);
  if (found.field == nullptr) {
    const Loc end = e->range.end;
    report_no_member(at_op(e), e->text, {Loc{end.raw - static_cast<uint32_t>(e->text.size())}, end}, base);
    poison(e);
    return;
  }
  e->type = types_.qualified(found.field->type, static_cast<uint8_t>(found.quals | base->quals));
  e->is_lvalue = e->is_arrow || e->a->is_lvalue;
  e->field = nodes_->make<ast::FieldRef>(reference_by_name(record, e->text, 0));
}

void Analyzer::index(Expr *e) {
  e->a = value(e->a);
  e->b = value(e->b);
  if (types::is_error(e->a->type) || types::is_error(e->b->type)) {
    poison(e);
    return;
  }
  if (types::is_pointer(e->b->type) && types::is_integer(e->a->type)) std::swap(e->a, e->b);
  if (!types::is_pointer(e->a->type)) {
    report<diag::IndexBase>(e->range, types::to_string(e->a->type));
    poison(e);
    return;
  }
  if (!types::is_integer(e->b->type) || types::is_int128(e->b->type)) {
    report<diag::IndexType>(e->b->range, types::to_string(e->b->type));
    poison(e);
    return;
  }
  const Type *element = types::base_of(e->a->type);
  if (e->a->type->kind == Kind::Pointer) element = e->a->type->base;
  if (types::is_void(element) || types::is_function(element) || !require_complete(element, e->range, "the element")) {
    if (types::is_void(element) || types::is_function(element))
      hint_task_array(report<diag::IndexBase>(e->range, types::to_string(e->a->type)), e->a, e->b);
    poison(e);
    return;
  }
  // An index outside an array whose length is known is certainly wrong; arrays of length 0 and 1 at the end of a record
  // are the old way to write a flexible one.
  if (e->b->is_constant && unevaluated_ == 0 && dead_ == 0 && e->a->kind == Expr::ImplicitCast &&
      e->a->cast == ast::CastKind::ArrayToPointer) {
    const Type *array = e->a->a->type->plain;
    const bool is_negative = types::is_signed(e->b->type) && e->b->value < 0;
    if (array->has_length && (is_negative || (array->length > 1 && static_cast<uint64_t>(e->b->value) > array->length)))
      report<diag::IndexOutOfBounds>(e->b->range, e->b->value, types::to_string(array), array->length)
          .hint("the last element has index {}", array->length - 1);
  }
  e->b = promote(e->b);
  e->type = element;
  e->is_lvalue = true;
}

bool Analyzer::check_argument_count(const Expr *e, size_t low, size_t high, std::string_view name) {
  if (e->args.size() >= low && e->args.size() <= high) return true;
  report<diag::ArgumentCount>(e->range, name, low, low == 1 ? "" : "s", e->args.size());
  return false;
}

// Of spile.h: never called, but written in an operand of sizeof beside each printf().
static constexpr std::string_view kCheckFormat = "___spile_check_format";

void Analyzer::call(Expr *e) {
  if (e->a->kind == Expr::Identifier && e->a->type == nullptr && lookup(e->a->text) == nullptr &&
      find_builtin(e->a->text) == nullptr) {
    for (Expr *&arg : e->args) arg = value(arg);
    if (is_builtin_name(e->a->text))
      report_unsupported_builtin(e->a);
    else
      report_undeclared(e->a, true);
    poison(e->a);
    poison(e);
    return;
  }
  e->a = expr(e->a);
  Symbol *callee = e->a->kind == Expr::Identifier ? e->a->symbol : nullptr;
  if (callee != nullptr && callee == function_) function_->calls_itself = true;
  if (callee != nullptr && callee->kind == SymbolKind::Builtin) {
    builtin_call(e, callee->builtin);
    return;
  }
  e->a = decay(e->a);
  for (Expr *&arg : e->args) arg = value(arg);
  if (types::is_error(e->a->type)) {
    poison(e);
    return;
  }
  if (!types::is_function_pointer(e->a->type)) {
    report<diag::CallOfNonFunction>(e->a->range, types::to_string(e->a->type));
    poison(e);
    return;
  }
  const Type *pointer = e->a->type->kind == Kind::Pointer ? e->a->type : e->a->type->plain;
  const Type *function = pointer->base->kind == Kind::Function ? pointer->base : pointer->base->plain;
  e->type = types_.unqualified(function->base);
  const std::string_view name = callee != nullptr ? callee->name : std::string_view("this function");
  if (function->has_prototype) {
    const size_t wanted = function->params.size();
    if (e->args.size() < wanted || (e->args.size() > wanted && !function->is_variadic)) {
      auto message = report<diag::ArgumentCount>(e->range, name, wanted, wanted == 1 ? "" : "s", e->args.size());
      if (callee != nullptr) message.hint("it is `{}`", types::to_string(callee->type, callee->name));
      if (callee != nullptr && callee->range.valid())
        message.note(callee->range, "`{}` is declared here", callee->name);
      return;
    }
  }
  for (size_t i = 0; i < e->args.size(); i++) {
    if (i < function->params.size()) {
      const types::Parameter &param = function->params[i];
      e->args[i] =
          assign_to(types_.unqualified(param.type), e->args[i], {Into::Argument, param.name, i + 1, callee, e->op_loc});
    } else if (types::is_float(e->args[i]->type)) {
      reject_float(e->args[i]->type, e->args[i]->range);
    } else {
      e->args[i] = promote(e->args[i]);  // default argument promotions
      if (types::is_void(e->args[i]->type)) report<diag::VoidValue>(e->args[i]->range);
    }
  }
  if (callee != nullptr && callee->name == kCheckFormat) check_printf(e);
  if (callee != nullptr)
    if (const tables::Helper *helper = helper_of(callee)) check_helper_call(e, *callee, *helper);
  if (!types::is_void(e->type) && !require_complete(e->type, e->range, "the result"))
    poison(e);
  else if (reject_float(e->type, e->range))
    poison(e);
}

void Analyzer::compound_literal(Expr *e) {
  const Type *t = type_name(*e->type_name);
  if (types::is_error(t) || !check_object_type(t, e->type_name->range, "the literal")) {
    poison(e);
    return;
  }
  e->initializer = initializer(t, e->a, at_file_scope());
  if (e->initializer == nullptr) {
    poison(e);
    return;
  }
  e->type = e->initializer->type;
  if (!require_complete(e->type, e->range, "the literal"))
    poison(e);
  else
    e->is_lvalue = true;
}

void Analyzer::sizes(Expr *e) {
  const bool is_sizeof = e->kind == Expr::SizeofExpr || e->kind == Expr::SizeofType;
  const Type *t = nullptr;
  if (e->kind == Expr::SizeofType || e->kind == Expr::AlignofType) {
    t = type_name(*e->type_name);
  } else {
    e->a = unevaluated(e->a);
    t = e->a->type;
    if (e->a->kind == Expr::Member && e->a->field != nullptr && e->a->field->bit_width != 0) {
      report<diag::SizeofBitfield>(e->range, e->a->text);
      poison(e);
      return;
    }
  }
  e->type = types_.basic(Kind::ULong);
  if (types::is_error(t)) {
    poison(e);
    return;
  }
  // sizeof(void) and sizeof(function) are 1 in GNU C.
  const bool is_gnu = types::is_void(t) || types::is_function(t);
  if (!is_gnu && !require_complete(t, e->range, is_sizeof ? "the operand of `sizeof`" : "the operand of `_Alignof`")) {
    poison(e);
    return;
  }
  uint64_t result = is_sizeof ? types::size_of(t) : types::align_of(t);
  if (e->kind == Expr::AlignofExpr && e->a->kind == Expr::Identifier && e->a->symbol != nullptr)
    result = std::max<uint64_t>(result, e->a->symbol->attributes.align);
  set_constant(e, result);
}

void Analyzer::offset_of(Expr *e) {
  const Type *t = type_name(*e->type_name);
  e->type = types_.basic(Kind::ULong);
  if (!require_complete(t, e->type_name->range, "the operand of `offsetof`")) {
    poison(e);
    return;
  }
  uint64_t offset = 0;
  Expr *running = nullptr;  // the part that is known only at run time: offsetof(struct s, a[i])
  for (ast::OffsetofStep *step : e->steps) {
    if (step->index != nullptr) {
      step->index = value(step->index);
      if (types::is_error(step->index->type)) {
        poison(e);
        return;
      }
      if (!types::is_array(t)) {
        report<diag::IndexBase>(step->range, types::to_string(t));
        poison(e);
        return;
      }
      if (!step->index->is_constant) running = step->index;
      t = types::base_of(t);
      offset += static_cast<uint64_t>(step->index->value) * types::size_of(t);
      continue;
    }
    if (!types::is_record(t)) {
      report<diag::MemberOfScalar>(step->range, step->field, types::to_string(t));
      poison(e);
      return;
    }
    const types::Record &record = *t->plain->record;
    const types::FoundField found = types::find_field(record, step->field);
    if (found.field == nullptr) {
      report_no_member(step->range, step->field, step->range, t);
      poison(e);
      return;
    }
    if (found.field->is_bitfield) {
      report<diag::SizeofBitfield>(step->range, step->field);
      poison(e);
      return;
    }
    offset += found.bit_position / 8;
    t = found.field->type;
  }
  if (running != nullptr) {
    report<diag::NotConstant>(running->range, "the index in `offsetof`");
    poison(e);
    return;
  }
  set_constant(e, offset);
}

void Analyzer::generic(Expr *e) {
  e->a = unevaluated(e->a);
  unevaluated_++;
  const Type *control = decay(e->a)->type;
  unevaluated_--;
  if (types::is_error(control)) {
    poison(e);
    return;
  }
  control = types_.unqualified(control);
  ast::GenericAssociation *chosen = nullptr, *otherwise = nullptr;
  for (ast::GenericAssociation *association : e->associations) {
    if (association->type == nullptr)
      otherwise = association;
    else if (const Type *t = type_name(*association->type);
             !types::is_error(t) && types::compatible(t, control) && chosen == nullptr)
      chosen = association;
  }
  if (chosen == nullptr) chosen = otherwise;
  if (chosen == nullptr) {
    report<diag::NoGenericChoice>(e->range, types::to_string(control));
    poison(e);
    return;
  }
  e->chosen = chosen->value = expr(chosen->value);
  e->type = e->chosen->type;
  e->is_lvalue = e->chosen->is_lvalue;
  take_constant(e, e->chosen);
}

void Analyzer::conditional(Expr *e) {
  const bool is_elvis = e->b == nullptr;  // a ?: c
  Expr *tested = value(e->a);
  e->a = is_elvis ? tested : to_bool(tested);
  if (is_elvis && !types::is_scalar(tested->type) && !types::is_error(tested->type)) {
    report<diag::ConditionType>(tested->range, types::to_string(tested->type));
    poison(e);
    return;
  }
  const bool is_known = e->a->is_constant;
  const bool is_true = is_known && e->a->value != 0;
  Expr *left = tested;
  if (!is_elvis) {
    dead_ += is_known && !is_true ? 1 : 0;
    left = value(e->b);
    dead_ -= is_known && !is_true ? 1 : 0;
  }
  dead_ += is_true ? 1 : 0;
  Expr *right = value(e->c);
  dead_ -= is_true ? 1 : 0;
  const auto finish = [&] {
    if (!is_elvis) e->b = left;
    e->c = right;
  };
  finish();
  if (types::is_error(e->a->type) || types::is_error(left->type) || types::is_error(right->type)) {
    poison(e);
    return;
  }
  const Type *l = left->type, *r = right->type;
  if (types::is_arithmetic(l) && types::is_arithmetic(r)) {
    // The tested value of ?: is converted where it is used, so its node must stay as it is.
    if (is_elvis) {
      Expr *copy = left;
      e->type = usual_conversions(copy, right);
      finish();
    } else {
      e->type = usual_conversions(left, right);
      finish();
    }
    if (types::is_error(e->type)) return;
    if (types::is_float(e->type)) {
      const auto number = number_of(is_true ? left : right);
      if (is_known && !is_elvis && number)
        set_number(e, *number);
      else if (reject_float(e->type, e->range))
        poison(e);
      return;
    }
  } else if (types::is_void(l) || types::is_void(r)) {
    e->type = types_.void_type();
  } else if (types::is_record(l) && types::is_record(r) && types::same(types_.unqualified(l), types_.unqualified(r))) {
    e->type = types_.unqualified(l);
  } else if (types::is_pointer(l) || types::is_pointer(r)) {
    if (types::is_pointer(l) && types::is_pointer(r)) {
      const Type *lb = types::base_of(l), *rb = types::base_of(r);
      const uint8_t quals = static_cast<uint8_t>(lb->quals | rb->quals);
      if (is_null_pointer(right) && !is_null_pointer(left))
        e->type = l;
      else if (is_null_pointer(left))
        e->type = r;
      else if (types::is_void(lb) || types::is_void(rb))
        e->type = types_.pointer_to(types_.qualified(types_.void_type(), quals));
      else if (types::compatible(types_.unqualified(lb)->plain, types_.unqualified(rb)->plain))
        e->type = types_.pointer_to(types_.qualified(lb, quals));
      else {
        report<diag::PointerMismatch>(at_op(e), types::to_string(l), types::to_string(r));
        e->type = types_.pointer_to(types_.void_type());
      }
    } else if (types::is_pointer(l) && types::is_integer(r)) {
      if (!is_null_pointer(right)) report<diag::ConditionalMix>(at_op(e), types::to_string(l), types::to_string(r));
      e->type = l;
    } else if (types::is_pointer(r) && types::is_integer(l)) {
      if (!is_null_pointer(left)) report<diag::ConditionalMix>(at_op(e), types::to_string(l), types::to_string(r));
      e->type = r;
    }
    if (e->type != nullptr) {
      e->type = types_.unqualified(e->type);
      if (!is_elvis) left = convert(left, e->type);
      right = convert(right, e->type);
      finish();
    }
  }
  if (e->type == nullptr) {
    report<diag::ConditionalTypes>(at_op(e), types::to_string(l), types::to_string(r));
    poison(e);
    return;
  }
  if (is_known && types::is_integer(e->type)) {
    const Expr *chosen = is_true ? left : right;
    take_constant(e, chosen);
  }
}

}  // namespace spile::sema
