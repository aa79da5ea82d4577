// Conversions: what C does silently (C11 6.3), written into the tree as ImplicitCast nodes, and the questions asked
// where a value goes into an object of another type.
#include "frontend/sema/analyzer.h"
#include "frontend/sema/constant.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::CastKind;

// What is wanted where a number goes into a pointer, or a pointer into a number, and a cast would only hide it. Empty:
// a cast may be meant.
static std::string hint_for_pointer(const Type *to, const Expr *e, Into into) {
  const Expr *value = ast::without_implicit_casts(e);
  const bool is_call = value->kind == Expr::Call;
  const std::string_view callee = is_call ? ast::without_implicit_casts(value->a)->text : std::string_view();
  if (types::is_pointer(to) && callee == "bpf_get_current_task")
    return "it is a number; `bpf_get_current_task_btf()` gives a pointer whose members are read as in C, and through a "
           "cast of this one `BPF_CORE_READ()` reads them";
  if (types::is_pointer(to) && into == Into::Argument && !is_call && value->is_constant)
    return "put it into a variable, and pass the address of that";
  const bool is_object = types::is_pointer(e->type) && types::size_of(to) == 8 && !types::is_pointer(to);
  if (is_object && callee == "bpf_map_lookup_elem" && (into == Into::Initializer || into == Into::Assignment))
    return fmt::format(
        "what it gives points to the value: declare a `{} *`, compare that with NULL, and read through it",
        types::to_string(to));
  return {};
}

Expr *Analyzer::cast(Expr *e, const Type *to, CastKind kind) {
  auto *made = nodes_->make<Expr>();
  made->kind = Expr::ImplicitCast;
  made->range = e->range;
  made->op_loc = e->op_loc;
  made->a = e;
  made->type = to;
  made->cast = kind;
  return made;
}

// Arrays and functions become pointers, lvalues their values.
Expr *Analyzer::decay(Expr *e) {
  if (types::is_error(e->type)) return e;
  if (Symbol *symbol = root_variable(e)) symbol->is_read = true;
  if (types::is_array(e->type)) {
    note_lent(e);
    const Type *element = e->type->kind == Kind::Array ? e->type->base : types::base_of(e->type);
    return cast(e, types_.pointer_to(element), CastKind::ArrayToPointer);
  }
  if (types::is_function(e->type)) return cast(e, types_.pointer_to(e->type), CastKind::FunctionToPointer);
  if (!e->is_lvalue) return e;
  if (types::is_void(e->type)) return e;
  if (!require_complete(e->type, e->range, "the value")) return poison(e);
  return cast(e, types_.unqualified(e->type), CastKind::LvalueToRvalue);
}

Expr *Analyzer::convert(Expr *e, const Type *to) {
  if (types::is_error(e->type) || types::is_error(to) || types::same(e->type, to)) return e;
  if (types::is_float(e->type) || types::is_float(to)) return convert_number(e, to);
  const bool from_pointer = types::is_pointer(e->type), to_pointer = types::is_pointer(to);
  CastKind kind = CastKind::IntegerToInteger;
  if (from_pointer && to_pointer)
    kind = CastKind::PointerToPointer;
  else if (types::is_bool(to))
    kind = from_pointer ? CastKind::PointerToBool : CastKind::IntegerToBool;
  else if (from_pointer)
    kind = CastKind::PointerToInteger;
  else if (to_pointer)
    kind = CastKind::IntegerToPointer;
  Expr *made = cast(e, to, kind);
  fold_cast(made);
  return made;
}

Expr *Analyzer::to_bool(Expr *e) {
  e = decay(e);
  if (types::is_error(e->type) || types::is_bool(e->type)) return e;
  if (!types::is_scalar(e->type)) {
    report<diag::ConditionType>(e->range, types::to_string(e->type));
    return poison(e);
  }
  return convert(e, types_.basic(Kind::Bool));
}

static const ast::FieldRef *bitfield_of(const Expr *e) {
  while (e->kind == Expr::ImplicitCast && e->cast == CastKind::LvalueToRvalue) e = e->a;
  return e->kind == Expr::Member && e->field != nullptr && e->field->bit_width != 0 ? e->field : nullptr;
}

// C11 6.3.1.1p2. A bitfield that fits into int becomes int, whatever its declared type (as clang has it).
const Type *Analyzer::promoted(const Expr *e) {
  const Type *t = e->type->plain;
  if (!types::is_integer(t)) return e->type;
  if (const ast::FieldRef *bits = bitfield_of(e)) {
    if (bits->bit_width < 32) return types_.int_type();
    if (bits->bit_width == 32) return types::is_signed(t) ? types_.int_type() : types_.basic(Kind::UInt);
  }
  if (t->kind == Kind::Enum) t = t->enumeration->underlying->plain;
  return t->kind < Kind::Int ? types_.int_type() : t;
}

Expr *Analyzer::promote(Expr *e) { return types::is_integer(e->type) ? convert(e, promoted(e)) : e; }

// C11 6.3.1.8. Both sides get the common type, which is returned.
const Type *Analyzer::usual_conversions(Expr *&a, Expr *&b) {
  if (types::is_error(a->type) || types::is_error(b->type)) return types_.error();
  if (types::is_float(a->type) || types::is_float(b->type)) {
    // The kinds stand in the order of their ranks.
    const bool a_ranks_higher =
        !types::is_float(b->type) || (types::is_float(a->type) && a->type->plain->kind >= b->type->plain->kind);
    const Type *common = a_ranks_higher ? a->type : b->type;
    a = convert(a, common);
    b = convert(b, common);
    return types::is_error(a->type) || types::is_error(b->type) ? types_.error() : common;
  }
  const Type *l = promoted(a), *r = promoted(b);
  const Type *common = l;
  if (!types::same(l, r)) {
    const uint64_t ls = types::size_of(l), rs = types::size_of(r);
    const bool l_signed = types::is_signed(l), r_signed = types::is_signed(r);
    if (l_signed == r_signed)
      common = l->plain->kind >= r->plain->kind ? l : r;
    else {
      const Type *s = l_signed ? l : r, *u = l_signed ? r : l;
      const uint64_t ss = l_signed ? ls : rs, us = l_signed ? rs : ls;
      const bool u_ranks_higher = types::with_sign(types_, u, true)->kind >= s->plain->kind;
      if (u_ranks_higher)
        common = u;
      else if (ss > us)
        common = s;
      else
        common = types::with_sign(types_, s, false);
    }
  }
  a = convert(a, common);
  b = convert(b, common);
  return common;
}

bool Analyzer::is_null_pointer(const Expr *e) const {
  while (e->kind == Expr::ImplicitCast && e->cast != CastKind::LvalueToRvalue && e->a != nullptr) e = e->a;
  while (e->kind == Expr::Unary && e->op.unary == ast::UnaryOp::Extension) e = e->a;
  if (types::is_integer(e->type)) return e->is_constant && e->value == 0;
  if (e->kind == Expr::Cast && e->cast == CastKind::IntegerToPointer && types::is_void(types::base_of(e->type)))
    return e->a->is_constant && e->a->value == 0;
  return e->kind == Expr::Cast && e->cast == CastKind::PointerToPointer && is_null_pointer(e->a);
}

// What happens, in words: "passing `int *` as argument 2 (`key`) of type `const void *`".
static std::string phrase(const Destination &to, const Type *target, const Type *from) {
  const std::string t = types::to_string(target), f = types::to_string(from);
  switch (to.into) {
    case Into::Assignment:
      return fmt::format("assigning `{}` to `{}`", f, t);
    case Into::Initializer:
      return fmt::format("initializing `{}` with `{}`", t, f);
    case Into::Argument:
      return to.parameter.empty()
                 ? fmt::format("passing `{}` as argument {} of type `{}`", f, to.number, t)
                 : fmt::format("passing `{}` as argument {} (`{}`) of type `{}`", f, to.number, to.parameter, t);
    case Into::Return:
      return fmt::format("returning `{}` from a function whose result is `{}`", f, t);
  }
  return {};
}

static Diagnostics::Builder &with_note(Diagnostics::Builder &builder, const Destination &to) {
  if (to.callee != nullptr && to.callee->range.valid())
    builder.note(to.callee->range, "`{}` is declared here", to.callee->name);
  return builder;
}

void Analyzer::check_pointer_assignment(const Type *to, Expr *e, const Destination &destination) {
  if (is_null_pointer(e)) return;
  const Type *target = types::base_of(to), *source = types::base_of(e->type);
  const Type *t = types_.unqualified(target)->plain, *s = types_.unqualified(source)->plain;
  const uint8_t lost = static_cast<uint8_t>(source->quals & ~target->quals & (types::kConst | types::kVolatile));
  if (types::is_arena(source) != types::is_arena(target)) {
    auto message = report<diag::AddressSpaceLost>(e->range, phrase(destination, to, e->type));
    message.hint("a cast converts the address: `({})`", types::to_string(to));
    with_note(message, destination);
    return;
  }
  const bool fits = types::is_void(t) || types::is_void(s) ||
                    (types::compatible(t, s) && types::is_atomic(source) == types::is_atomic(target));
  if (!fits) {
    const bool sign_only = types::is_atomic(source) == types::is_atomic(target) && types::is_integer(t) &&
                           types::is_integer(s) &&
                           types::same(types::with_sign(types_, t, false), types::with_sign(types_, s, false));
    if (sign_only) {
      auto message = report<diag::PointerSign>(e->range, phrase(destination, to, e->type));
      message.governed_by(destination.where);
      with_note(message, destination);
    } else {
      auto message = types::is_function(t) && types::is_function(s)
                         ? report<diag::IncompatibleFunctions>(e->range, phrase(destination, to, e->type))
                         : report<diag::IncompatiblePointers>(e->range, phrase(destination, to, e->type));
      message.governed_by(destination.where);
      with_note(message, destination);
    }
  } else if (lost != 0 && !types::is_function(t)) {
    const char *word = lost == types::kConst ? "const" : lost == types::kVolatile ? "volatile" : "const volatile";
    auto message = report<diag::DiscardsQualifiers>(e->range, phrase(destination, to, e->type), word);
    message.governed_by(destination.where);
    with_note(message, destination);
  }
}

// [e] as a value of type [to] (unqualified), as if by assignment (C11 6.5.16.1).
Expr *Analyzer::assign_to(const Type *to, Expr *e, const Destination &destination) {
  e = decay(e);
  if (types::is_error(to) || types::is_error(e->type)) return e;
  if (types::is_void(e->type)) {
    report<diag::VoidValue>(e->range);
    return poison(e);
  }
  if (e->is_number && types::is_integer(to)) {
    Expr *made = convert(e, to);
    if (const auto kept = number_of(made); kept && *kept != *number_of(e) && !types::is_bool(to) && dead_ == 0)
      report<diag::NumberTruncated>(e->range, *number_of(e), types::to_string(to), made->value);
    return made;
  }
  if (reject_float(to, e->range) || reject_float(e->type, e->range)) return poison(e);
  if (types::is_integer(to) && types::is_integer(e->type)) {
    warn_conversion(to, e);
    Expr *made = convert(e, to);
    if (made->is_constant && e->is_constant && !types::is_bool(to) && types::size_of(to) < 8) {
      const int64_t bits = static_cast<int64_t>(types::size_of(to)) * 8;
      const bool fits = e->value >= -(int64_t{1} << (bits - 1)) && e->value < (int64_t{1} << bits);
      const bool is_small = types::is_signed(e->type) || e->value >= 0;
      if ((!fits || !is_small) && dead_ == 0 && !(e->value < 0 && !is_small && e->value >= -(int64_t{1} << (bits - 1))))
        report<diag::ConstantTruncated>(e->range, e->value, types::to_string(to), made->value);
    }
    return made;
  }
  if (types::is_pointer(to) && types::is_pointer(e->type)) {
    check_pointer_assignment(to, e, destination);
    return convert(e, to);
  }
  if (types::is_bool(to) && types::is_pointer(e->type)) return convert(e, to);
  const bool pointer_and_integer =
      (types::is_pointer(to) && types::is_integer(e->type)) || (types::is_integer(to) && types::is_pointer(e->type));
  if (pointer_and_integer && !types::is_int128(to) && !types::is_int128(e->type)) {
    // Macros of libbpf (bpf_printk, BPF_PROG) turn pointers into integers and back, under a pragma.
    if (!is_null_pointer(e)) {
      auto message = types::is_pointer(to) ? report<diag::IntegerToPointer>(e->range, phrase(destination, to, e->type))
                                           : report<diag::PointerToInteger>(e->range, phrase(destination, to, e->type));
      with_note(message, destination);
      message.governed_by(destination.where);
      const Expr *inner = ast::without_implicit_casts(e);
      if (types::is_pointer(to) && inner->is_lvalue && destination.into == Into::Argument)
        message.hint("pass its address: `&{}`", diags_.sources().text(inner->range))
            .fixit({inner->range.begin, inner->range.begin}, "&");
      else if (const std::string hint = hint_for_pointer(to, e, destination.into); !hint.empty())
        message.hint("{}", hint);
      else
        message.hint("a cast says that it is meant: `({})`", types::to_string(to));
    }
    return convert(e, to);
  }
  if (types::is_record(to) && types::same(types_.unqualified(to), types_.unqualified(e->type))) return e;
  auto message = report<diag::IncompatibleTypes>(e->range, phrase(destination, to, e->type));
  with_note(message, destination);
  const bool fits_behind = types::is_pointer(to) && types::is_record(e->type) &&
                           (types::is_void(types::base_of(to)) ||
                            types::compatible(types_.unqualified(types::base_of(to))->plain, e->type->plain));
  if (fits_behind)
    message.hint("pass its address: `&{}`", diags_.sources().text(e->range))
        .fixit({e->range.begin, e->range.begin}, "&");
  return poison(e);
}

}  // namespace spile::sema
