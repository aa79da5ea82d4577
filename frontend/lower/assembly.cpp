// Inline assembly: outputs and inputs as values, the text as it will be assembled.
//
//     asm goto("if %0 > 5 goto %l[out]" : : "r"(x) : : out);
//
//       %1 = load.i64 $0
//       asm_goto.void "if %[0] > 5 goto %l[0]" ("r" %1), next, out
#include <algorithm>
#include <cstring>

#include "frontend/lower/function_lowerer.h"
#include "frontend/sema/constant.h"
#include "support/check.h"

namespace spile::lower {

using ast::AsmOperand;
using ast::AsmStmt;
using ast::CastKind;
using ast::UnaryOp;

struct FunctionLowerer::AsmParts {
  ir::Assembly assembly;
  std::vector<ValueId> values;  // of the operands that are read
  std::vector<Place> results;   // where the outputs go
  std::vector<ir::Type> types;  // of the outputs
};

namespace {

using Kind = ir::Assembly::Operand::Kind;

Kind kind_of(AsmOperand::Place place) {
  switch (place) {
    case AsmOperand::Register:
      return Kind::Register;
    case AsmOperand::Immediate:
      return Kind::Immediate;
    case AsmOperand::RegisterOrImmediate:
      return Kind::RegisterOrImmediate;
    case AsmOperand::Memory:
      return Kind::Memory;
  }
  SPILE_UNREACHABLE("a place that is not in Place");
}

ir::Assembly::Operand described(const AsmOperand &operand) {
  return {.kind = kind_of(operand.place),
          .is_written = operand.is_written,
          .is_read = operand.is_read || operand.place == AsmOperand::Memory,
          .is_early = operand.is_early,
          .is_narrow = operand.is_narrow,
          .loc = operand.range.begin};
}

// Nothing but operands that hide values from the optimizer.
bool is_barrier(const AsmStmt &a) {
  const auto in_register = [](const AsmOperand *o) {
    return o->place == AsmOperand::Register || o->place == AsmOperand::RegisterOrImmediate;
  };
  return a.plain_text.find_first_not_of(" \t\n;") == std::string_view::npos && !a.is_goto && a.clobbered == 0 &&
         std::ranges::all_of(a.outputs, in_register) && std::ranges::all_of(a.inputs, in_register);
}

const AsmOperand *tied_to(const AsmStmt &a, size_t output) {
  const auto at =
      std::ranges::find_if(a.inputs, [&](const AsmOperand *i) { return i->tied == static_cast<int>(output); });
  return at == a.inputs.end() ? nullptr : *at;
}

// Runs of bytes that follow each other in the source.
std::vector<ir::Assembly::Origin> origins_of(std::span<const Loc> locs) {
  std::vector<ir::Assembly::Origin> origins;
  for (uint32_t i = 0; i < locs.size(); i++)
    if (i == 0 || locs[i] != locs[i - 1] + 1) origins.push_back({i, locs[i]});
  return origins;
}

}  // namespace

void FunctionLowerer::assembly(const Stmt *s) {
  const AsmStmt &a = *s->assembly;
  if (is_barrier(a)) return barrier(a);
  AsmParts parts;
  asm_outputs(a, parts);
  for (const AsmOperand *input : a.inputs)
    if (input->tied < 0) asm_input(*input, parts);
  for (const AsmOperand *symbol : a.symbols) asm_input(*symbol, parts);
  loc_ = s->range.begin;
  parts.assembly.text = a.plain_text;
  parts.assembly.origins = origins_of(a.plain_locs);
  parts.assembly.clobbers = a.clobbered;
  // A text without operands says nothing of what it does to memory.
  parts.assembly.clobbers_memory = a.clobbers_memory || !a.is_extended;
  const bool is_volatile = a.is_volatile || parts.results.empty() || parts.assembly.writes_memory();
  const auto index = static_cast<int64_t>(f_.assemblies.size());
  const ir::Type type = parts.types.empty() ? ir::Type::Void : parts.types[0];
  f_.assemblies.push_back(parts.assembly);
  if (!a.is_goto) {
    const ValueId made = emit_list(Op::Asm, type, parts.values, index);
    f_[made].is_volatile = is_volatile;
    return asm_results(made, parts);
  }
  // Each way out stores the results, in a block of its own.
  ensure_block();
  std::vector<BlockId> targets{f_.add_block()};
  for (const sema::Label *label : a.targets)
    targets.push_back(parts.results.empty() ? label_block(label) : f_.add_block());
  const ValueId made = f_.make(Op::AsmGoto, type, parts.values, targets, index, loc_);
  f_.append(current_, made);
  for (size_t i = 1; i < targets.size() && !parts.results.empty(); i++) {
    enter(targets[i]);
    asm_results(made, parts);
    jump(label_block(a.targets[i - 1]));
  }
  enter(targets[0]);
  asm_results(made, parts);
}

void FunctionLowerer::asm_outputs(const AsmStmt &a, AsmParts &parts) {
  for (size_t i = 0; i < a.outputs.size(); i++) {
    const AsmOperand &output = *a.outputs[i];
    ir::Assembly::Operand operand = described(output);
    const Place to = place(output.value);
    if (output.place == AsmOperand::Memory) {
      parts.values.push_back(access_address(to));
    } else {
      parts.results.push_back(to);
      parts.types.push_back(type_of(output.value->type));
      const AsmOperand *input = tied_to(a, i);
      if (output.is_read)
        parts.values.push_back(load(to));
      else if (input != nullptr)
        parts.values.push_back(convert(scalar(input->value), input->value->type, output.value->type));
      operand.is_read |= input != nullptr;
    }
    parts.assembly.operands.push_back(operand);
  }
}

void FunctionLowerer::asm_input(const AsmOperand &input, AsmParts &parts) {
  parts.assembly.operands.push_back(described(input));
  switch (input.place) {
    case AsmOperand::Memory:
      parts.values.push_back(access_address(place(input.value)));
      return;
    case AsmOperand::Immediate:
    case AsmOperand::RegisterOrImmediate:
      parts.values.push_back(asm_immediate(input.value));
      return;
    case AsmOperand::Register:
      parts.values.push_back(asm_register(input.value));
      return;
  }
}

// A helper by its number, a compound literal by its bytes (`"i"(*(long *)&(struct bpf_insn){...})`), else a value that
// the optimizer may still find to be constant.
ValueId FunctionLowerer::asm_immediate(const Expr *e) {
  if (e->is_constant) return constant(ir::Type::I64, e->value);
  // An offset counts as what it is here; the loader cannot adapt what stands in a text.
  if (const auto value = sema::evaluate_static(e); value && value->is_integer())
    return constant(ir::Type::I64, value->offset);
  if (const auto value = fixed_value(e)) return constant(ir::Type::I64, *value);
  const Expr *inner = without_casts(e);
  if (inner->kind == Expr::Unary && inner->op.unary == UnaryOp::Deref) {
    const Expr *pointer = without_casts(inner->a);
    const bool is_address = pointer->kind == Expr::Unary && pointer->op.unary == UnaryOp::AddressOf;
    if (is_address && pointer->a->kind == Expr::CompoundLit)
      if (const auto bytes = owner_.bytes_of(*pointer->a)) {
        int64_t value = 0;
        std::memcpy(&value, bytes->data(), std::min({bytes->size(), sizeof value, types::size_of(inner->type)}));
        return constant(ir::Type::I64, value);
      }
  }
  return asm_register(e);
}

// `"r"((short)x)` is how the kernel's headers ask for the register of x as it is: the cast says nothing about the
// upper bits, which clang leaves alone as well.
ValueId FunctionLowerer::asm_register(const Expr *e) {
  while ((e->kind == Expr::Cast || e->kind == Expr::ImplicitCast) && e->cast == CastKind::IntegerToInteger &&
         !e->is_constant && types::size_of(e->type) < types::size_of(e->a->type) && !types::is_int128(e->a->type))
    e = e->a;
  return scalar(e);
}

void FunctionLowerer::asm_results(ValueId made, const AsmParts &parts) {
  for (size_t i = 0; i < parts.results.size(); i++)
    store(parts.results[i], i == 0 ? made : emit(Op::AsmOutput, parts.types[i], {made}, static_cast<int64_t>(i)));
}

// Without instructions: values that the optimizer must not see through.
void FunctionLowerer::barrier(const AsmStmt &a) {
  std::vector<ValueId> values;
  std::vector<Place> places;
  for (size_t i = 0; i < a.outputs.size(); i++) {
    const AsmOperand &output = *a.outputs[i];
    places.push_back(place(output.value));
    const AsmOperand *input = tied_to(a, i);
    if (output.is_read)
      values.push_back(load(places.back()));
    else if (input != nullptr)
      values.push_back(convert(scalar(input->value), input->value->type, output.value->type));
    else  // whatever the register holds: any value will do
      values.push_back(constant(type_of(output.value->type), 0));
  }
  for (const AsmOperand *input : a.inputs) {
    if (input->tied >= 0) continue;
    const ValueId v = scalar(input->value);
    if (values.empty()) emit(Op::Opaque, f_[v].type, {v});
  }
  loc_ = a.text->range.begin;
  for (size_t i = 0; i < values.size(); i++) store(places[i], emit(Op::Opaque, f_[values[i]].type, {values[i]}));
  if (a.clobbers_memory || !a.is_extended || (a.outputs.empty() && a.inputs.empty()))
    emit(Op::Barrier, ir::Type::Void, {});
}

}  // namespace spile::lower
