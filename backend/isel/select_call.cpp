// Calls of helpers and functions, and the legacy packet loads: r1..r5 in, r0 out.
#include "backend/isel/selector.h"
#include "lang-spec/tables/tables.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::isel {

using ir::Op;
using mir::Form;

namespace {

// Whether all 64 bits of an argument are looked at where its type is narrower: the verifier bounds the size of memory
// so.
bool is_checked_whole(const ir::Module &module, const ir::Inst &call, size_t argument) {
  if (call.op == Op::Call) return module.functions[static_cast<size_t>(call.imm)].is_declaration();  // a kfunc's __sz
  const tables::Helper *helper = tables::find_helper(static_cast<uint32_t>(call.imm));
  if (helper == nullptr) return true;
  const tables::ArgKind kind = helper->args[argument].kind;
  return kind == tables::ArgKind::ConstSize || kind == tables::ArgKind::ConstSizeOrZero ||
         kind == tables::ArgKind::AllocSize;
}

}  // namespace

void Selector::select_call(ValueId v) {
  const ir::Inst &i = inst(v);
  const auto arguments = fn_.operands(v);
  if (arguments.size() > mir::kMaxArguments) {
    // A function that is defined here has been told so itself.
    if (i.op == Op::Call && !module_[ir::FunctionId(static_cast<uint32_t>(i.imm))].is_declaration()) return;
    diags_.report<diag::TooManyArguments>(i.loc, arguments.size(), mir::kMaxArguments)
        .hint("pass a pointer to a struct, or let the function be inlined (`static __always_inline`)");
    return;
  }
  const bool is_helper = i.op == Op::CallHelper;
  // As clang does, below 32 bits by the type, above them whatever is there.
  std::vector<Reg> registers(arguments.size());
  for (size_t k = 0; k < arguments.size(); k++)
    if (!is_unplaced(arguments[k])) {
      const unsigned n = bits(arguments[k]);
      registers[k] = n < 32 ? zero_extended(arguments[k], n) : reg(arguments[k]);
    }
  for (size_t k = 0; k < arguments.size(); k++) {
    if (!registers[k].valid()) continue;
    const Reg to = mir::physical(static_cast<unsigned>(k + 1));
    const bool extend = bits(arguments[k]) == 32 && widths_[arguments[k].index] > 32 && target_.has_alu32() &&
                        is_checked_whole(module_, i, k);
    if (extend)
      emit({.form = Form::Mov, .opcode = isa::opcode(isa::ALU, isa::MOV, isa::X), .dst = to, .src = registers[k]});
    else
      copy(to, registers[k]);
  }
  // Constants and addresses last: nothing has to keep a register for them.
  for (size_t k = 0; k < arguments.size(); k++)
    if (!registers[k].valid()) move_value(mir::physical(static_cast<unsigned>(k + 1)), arguments[k]);
  emit({.form = is_helper ? Form::Call : Form::CallLocal,
        .opcode = isa::opcode(isa::JMP, isa::CALL, isa::K),
        .arguments = static_cast<uint8_t>(arguments.size()),
        .symbol = is_helper ? 0 : static_cast<uint32_t>(i.imm),
        .imm = is_helper ? i.imm : 0});
  if (i.type != ir::Type::Void) copy(result(v), mir::kResult);
}

void Selector::select_packet_load(ValueId v) {
  const ir::Inst &i = inst(v);
  const bool is_indirect = i.op == Op::LoadInd;
  const uint32_t bytes = ir::bytes_of(i.type);
  const isa::Size size = bytes == 4 ? isa::W : bytes == 2 ? isa::H : isa::B;
  const Reg index = is_indirect ? reg(fn_.operand(v, 1)) : Reg{};
  copy(mir::kContext, reg(fn_.operand(v, 0)));  // nothing when the context lives in r6
  emit({.form = Form::PacketLoad,
        .opcode = isa::mem_opcode(isa::LD, is_indirect ? isa::IND : isa::ABS, size),
        .src = index,
        .imm = i.imm});
  copy(result(v), mir::kResult);
}

}  // namespace spile::isel
