// Atomics: calls of __sync_*, __atomic_* and __c11_atomic_*, and the operators that change an _Atomic object, which
// become such calls. `_Atomic` is a qualifier (types::kAtomic); plain reads and writes of such an object are those of a
// volatile one, as aligned accesses of BPF's machines are not torn.
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

// [t] with the qualifiers of a declaration.
const Type *Analyzer::qualify(const Type *t, uint8_t quals, Range at) {
  if (quals == 0 || types::is_error(t)) return t;
  const bool is_word = types::is_pointer(t) || (types::is_integer(t) && !types::is_int128(t));
  if ((quals & types::kAtomic) != 0 && !is_word) {
    report<diag::AtomicType>(at, types::to_string(t)).hint("a `struct bpf_spin_lock` guards larger objects");
    return types_.error();
  }
  return types_.qualified(t, quals);
}

bool Analyzer::check_atomic_size(Range at, std::string_view name, const Type *object, bool is_plain_access) {
  const uint64_t size = types::size_of(object);
  if (size == 4 || size == 8 || (is_plain_access && size < 4)) return true;
  report<diag::AtomicObjectSize>(at, name, types::to_string(object), size).hint("BPF has atomics of 4 and 8 bytes");
  return false;
}

// The object is what the first argument points to.
void Analyzer::atomic_call(Expr *e, Builtin builtin) {
  const std::string_view name = e->a->text;
  const bool is_sync = name.starts_with("__sync_"), is_c11 = name.starts_with("__c11_");
  size_t values = 1, extra = is_sync || name == "__c11_atomic_init" ? 0 : 1;  // values after the pointer; memory orders
  if (builtin == Builtin::SyncValCas || builtin == Builtin::SyncBoolCas) values = 2;
  if (builtin == Builtin::SyncRelease || builtin == Builtin::AtomicLoadN) values = 0;
  if (builtin == Builtin::AtomicCasN) values = 2, extra = is_c11 ? 2 : 3;
  const size_t wanted = 1 + values + extra;
  if (!check_argument_count(e, wanted, is_sync ? SIZE_MAX : wanted, name)) {
    poison(e);
    return;
  }
  const Type *pointer = e->args[0]->type;
  const Type *object = types::is_pointer(pointer) ? types_.unqualified(types::base_of(pointer)) : nullptr;
  if (object == nullptr || !types::is_scalar(object)) {
    report<diag::AtomicOperand>(e->args[0]->range, name, types::to_string(pointer));
    poison(e);
    return;
  }
  if (types::is_atomic(types::base_of(pointer)) != is_c11) {
    report<diag::AtomicObjectKind>(e->args[0]->range, name,
                                   is_c11 ? "an `_Atomic` object" : "an object that is not `_Atomic`",
                                   types::to_string(pointer))
        .hint("{}", is_c11 ? "`__atomic_…` and `__sync_…` take other objects"
                           : "`atomic_…` of <stdatomic.h> take `_Atomic` objects");
    poison(e);
    return;
  }
  // C's atomics step over whole objects, and the instruction counts bytes.
  if (is_c11 && types::is_pointer(object) &&
      (builtin == Builtin::AtomicFetchAdd || builtin == Builtin::AtomicFetchSub)) {
    report_atomic_update(e, name, object);
    return;
  }
  const bool is_plain_access =
      builtin == Builtin::AtomicLoadN || builtin == Builtin::AtomicStoreN || builtin == Builtin::SyncRelease;
  if (!check_atomic_size(e->args[0]->range, name, object, is_plain_access)) {
    poison(e);
    return;
  }
  if ((types::base_of(pointer)->quals & types::kConst) != 0 && builtin != Builtin::AtomicLoadN)
    report<diag::AssignThroughConst>(e->args[0]->range, types::to_string(types::base_of(pointer)));
  for (size_t i = 1; i <= values; i++) {
    // The compare-and-exchange of __atomic takes the address of what is expected.
    const Type *wants = builtin == Builtin::AtomicCasN && i == 1 ? types_.pointer_to(object) : object;
    const bool mixes = types::is_pointer(wants) != types::is_pointer(e->args[i]->type);
    e->args[i] = mixes && types::is_scalar(e->args[i]->type)
                     ? convert(e->args[i], wants)
                     : assign_to(wants, e->args[i], {Into::Argument, {}, i + 1, nullptr});
  }
  switch (builtin) {
    case Builtin::SyncBoolCas:
    case Builtin::AtomicCasN:
      e->type = types_.basic(Kind::Bool);
      break;
    case Builtin::SyncRelease:
    case Builtin::AtomicStoreN:
      e->type = types_.void_type();
      break;
    default:
      e->type = object;
      break;
  }
}

void Analyzer::report_atomic_update(Expr *e, std::string_view op, const Type *object) {
  report<diag::AtomicUpdate>(e->range, op, types::to_string(object))
      .hint(
          "`+=`, `-=`, `&=`, `|=` and `^=` on integers are; for others, compute and try "
          "`atomic_compare_exchange_strong`");
  poison(e);
}

// `x op= operand` and `x++` on the _Atomic object [e]->a: the call that does it in one instruction. The sum and the
// like of two integers, cut to the type of one of them, is that of the cut ones: no common type is needed.
void Analyzer::atomic_update(Expr *e, std::string_view op, Builtin builtin, Expr *operand) {
  const Type *object = types_.unqualified(e->a->type);
  if (builtin == Builtin::None || !types::is_integer(object) || types::is_bool(object) ||
      !types::is_integer(operand->type)) {
    report_atomic_update(e, op, e->a->type);
    return;
  }
  if (!check_atomic_size(e->a->range, op, object, false)) {
    poison(e);
    return;
  }
  Expr *address = nodes_->make<Expr>();
  address->kind = Expr::Unary;
  address->op.unary = ast::UnaryOp::AddressOf;
  address->range = e->a->range;
  address->a = e->a;
  address->type = types_.pointer_to(e->a->type);
  Expr *callee = nodes_->make<Expr>();
  callee->kind = Expr::Identifier;
  callee->range = e->range;
  callee->text = info_of(builtin).spelling;
  callee->symbol = builtin_symbol(info_of(builtin));
  callee->type = callee->symbol->type;
  Expr *const arguments[] = {address, convert(operand, object)};
  e->kind = Expr::Call;
  e->a = callee;
  e->b = nullptr;
  e->args = {nodes_->copy(std::span<Expr *const>(arguments))};
  e->type = object;
}

}  // namespace spile::sema
