// Calls: helpers by their number, functions, and who is called when a pointer is used.
#include <algorithm>

#include "frontend/lower/function_lowerer.h"
#include "frontend/sema/constant.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

using ast::CastKind;
using ast::UnaryOp;
using sema::Symbol;
using sema::SymbolKind;

// A helper is a pointer with a small integer in it: `static void *(*bpf_map_lookup_elem)(...) = (void *)1;`. Whoever
// declares it this way never changes it, so a variable that is nowhere assigned stands for its initializer.
Callee FunctionLowerer::resolve(const Expr *e) {
  const Range used_at = e->range;
  constexpr int kLongestChain = 32;  // a pointer initialized with a pointer initialized with ...
  for (int steps = 0; steps < kLongestChain;) {
    if (e->kind == Expr::Identifier && e->symbol != nullptr &&
        (e->symbol->kind == SymbolKind::Function || e->symbol->kind == SymbolKind::Builtin))
      return {e->symbol, {}};
    if (e->kind == Expr::ImplicitCast && e->cast == CastKind::LvalueToRvalue && e->a->kind == Expr::Identifier) {
      const Symbol *variable = e->a->symbol;
      if (const auto it = std::ranges::find(symbol_.parameters, variable); it != symbol_.parameters.end()) {
        const auto index = static_cast<size_t>(it - symbol_.parameters.begin());
        return index < known_.size() ? known_[index] : Callee{};
      }
      if (variable->kind != SymbolKind::Variable || variable->is_assigned || variable->initializer == nullptr ||
          variable->initializer->entries.size() != 1)
        return {};
      // More of the source may assign to it; so it does with no helper.
      if (variable->is_static_storage && (variable->type->quals & types::kConst) == 0)
        body_.assumed.emplace_back(variable, used_at);
      e = variable->initializer->entries[0].value;
      steps++;
      continue;
    }
    const bool is_cast = e->kind == Expr::ImplicitCast || e->kind == Expr::Cast;
    if (is_cast &&
        (e->cast == CastKind::FunctionToPointer || e->cast == CastKind::PointerToPointer || e->cast == CastKind::NoOp))
      e = e->a;
    else if (e->kind == Expr::Unary &&
             (e->op.unary == UnaryOp::Deref || e->op.unary == UnaryOp::AddressOf || e->op.unary == UnaryOp::Extension))
      e = e->a;
    else if ((e->kind == Expr::Generic || e->kind == Expr::ChooseExpr) && e->chosen != nullptr)
      e = e->chosen;
    else
      break;
  }
  const auto value = sema::evaluate_static(e);
  if (value && value->is_integer()) return {nullptr, value->offset};
  if (value && value->symbol != nullptr && value->symbol->kind == SymbolKind::Function && value->offset == 0)
    return {value->symbol, {}};
  return {};
}

// A function that is inlined may call what it is passed, as `static __always_inline long walk(…, long (*visit)(…))`
// does: for calls that pass a known function a copy is made that knows it.
KnownParameters FunctionLowerer::known_arguments(const Expr *e, const Symbol &callee) {
  const auto takes_function = [](const types::Parameter &p) { return types::is_function_pointer(p.type); };
  if (!callee.is_defined && std::ranges::any_of(callee.type->plain->params, takes_function)) body_.is_undecided = true;
  if (callee.definition == nullptr || callee.attributes.no_inline || callee.attributes.weak ||
      (callee.linkage == sema::Linkage::External && !callee.attributes.always_inline))
    return {};
  KnownParameters known;
  for (size_t i = 0; i < callee.parameters.size() && i < e->args.size(); i++) {
    const Symbol &parameter = *callee.parameters[i];
    if (!types::is_function_pointer(parameter.type) || parameter.is_assigned) continue;
    const Callee passed = resolve(e->args[i]);
    if (!passed.is_known()) continue;
    known.resize(callee.parameters.size());
    known[i] = passed;
  }
  return known;
}

std::optional<int64_t> FunctionLowerer::fixed_value(const Expr *e) {
  const Expr *variable = ast::without_casts(e);
  if (variable->kind != Expr::Identifier || variable->symbol == nullptr) return std::nullopt;
  // A number that is not const may be changed by the loader.
  const Type *type = variable->symbol->type;
  if (!types::is_fixed(type) && !types::is_pointer(type)) return std::nullopt;
  return resolve(e).helper;
}

std::vector<ValueId> FunctionLowerer::arguments(const Expr *e, bool is_helper) {
  std::vector<ValueId> values;
  for (const Expr *arg : e->args) {
    if (type_of(arg->type) == ir::Type::Void) {  // a record: the callee gets a copy of its own
      const Place made = temporary(arg->type);
      into(arg, made);
      values.push_back(address(made));
      continue;
    }
    ValueId v = scalar(arg);
    if (is_helper && ir::is_integer(f_[v].type) && ir::bits_of(f_[v].type) < 32)
      v = widen(v, ir::Type::I32, types::is_signed(arg->type));
    values.push_back(v);
  }
  return values;
}

// Who is called may be known when the function is inlined and its variables are values.
ValueId FunctionLowerer::call_through_pointer(const Expr *e, Loc at) {
  const ir::Type result = type_of(e->type);
  const Expr *pointer = e->a;
  while (pointer->kind == Expr::ImplicitCast || pointer->kind == Expr::Unary) pointer = pointer->a;
  // Nobody knows what a function is given that others may call.
  const bool is_from_outside = pointer->kind == Expr::Identifier && symbol_.linkage == sema::Linkage::External &&
                               !symbol_.attributes.always_inline &&
                               std::ranges::find(symbol_.parameters, pointer->symbol) != symbol_.parameters.end();
  if (is_from_outside || ModuleLowerer::by_pointer(e->type)) {
    report_indirect_call(e->a->range, diags_);
    return result == ir::Type::Void ? ValueId{} : f_.undef(result);
  }
  std::vector<ValueId> values{scalar(e->a)};
  const std::vector<ValueId> given = arguments(e, false);
  values.insert(values.end(), given.begin(), given.end());
  PlaceholderMention call{ir::Placeholder::PointerCall, result, {}, at};
  for (const ValueId v : values) call.params.push_back(f_[v].type);
  loc_ = at;
  const ValueId v = emit_list(Op::Call, result, values, mention(std::move(call)));
  return result == ir::Type::Void ? ValueId{} : v;
}

ValueId FunctionLowerer::call(const Expr *e, const Place *result, bool wants_value) {
  const Callee callee = resolve(e->a);
  if (callee.function != nullptr && callee.function->builtin != sema::Builtin::None && !callee.function->is_defined)
    return builtin(e, callee.function->builtin, wants_value);
  const Loc at = e->a->range.begin.valid() ? e->a->range.begin : e->range.begin;
  if (callee.helper) {
    constexpr size_t kMostArguments = 5;
    std::vector<ValueId> values = arguments(e, true);
    loc_ = at;
    if (values.size() > kMostArguments) {
      diags_.report<diag::HelperArguments>(e->range, values.size(), kMostArguments);
      return f_.undef(type_of(e->type));
    }
    return emit_list(Op::CallHelper, type_of(e->type), values, *callee.helper);
  }
  if (callee.function == nullptr) return call_through_pointer(e, at);
  const Type *type = callee.function->type->plain;
  if (type->is_variadic && !callee.function->is_defined) {
    diags_.report<diag::VariadicCall>(e->range, callee.function->name)
        .note(callee.function->range, "`{}` is declared here", callee.function->name);
    return type_of(e->type) == ir::Type::Void ? ValueId{} : f_.undef(type_of(e->type));
  }
  const ir::FunctionId id = function_of(*callee.function, known_arguments(e, *callee.function));
  std::vector<ValueId> values;
  Place made;
  const bool returns_record = ModuleLowerer::by_pointer(type->base);
  std::vector<ValueId> given = arguments(e, false);
  if (returns_record) {
    // Into a place of its own: the callee may still read what it will replace.
    made = temporary(type->base);
    values.push_back(address(made));
  }
  values.insert(values.end(), given.begin(), given.end());
  loc_ = at;
  // f() without a prototype takes what it is given; the call must still fit the definition.
  const ir::Function frame = ModuleLowerer::frame_of(*callee.function);
  const std::vector<ir::Type> &params = frame.params;
  values.resize(params.size(), ValueId{});
  for (size_t i = 0; i < params.size(); i++) {
    if (!values[i].valid()) values[i] = f_.undef(params[i]);
    const ir::Type have = f_[values[i]].type;
    if (have == params[i]) continue;
    if (have == ir::Type::Ptr)
      values[i] = widen(emit(Op::PtrToInt, ir::Type::I64, {values[i]}), params[i], false);
    else if (params[i] == ir::Type::Ptr)
      values[i] = emit(Op::IntToPtr, ir::Type::Ptr, {widen(values[i], ir::Type::I64, false)});
    else
      values[i] = widen(values[i], params[i], true);
  }
  const ValueId v = emit_list(Op::Call, frame.result, values, static_cast<int64_t>(id.index));
  if (callee.function->attributes.is_noreturn) {
    emit(Op::Unreachable, ir::Type::Void, {});
    current_ = {};
  }
  if (returns_record && result != nullptr) copy(*result, made, types::size_of(type->base));
  if (f_[v].type == ir::Type::Void) return {};
  return v;
}

}  // namespace spile::lower
