// strcmp and strncmp: compared with a literal, character by character, written out. Between two strings of unknown
// length there is no bound that the verifier could follow.
#include <algorithm>

#include "frontend/lower/function_lowerer.h"
#include "frontend/lower/lower.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

using sema::Builtin;

static const Expr *literal_of(const Expr *e) {
  e = ast::without_casts(e);
  return e->kind == Expr::StringLit ? e : nullptr;
}

ValueId FunctionLowerer::compare_strings(const Expr *e, Builtin which) {
  const std::string_view name = which == Builtin::Strcmp ? "strcmp" : "strncmp";
  const Expr *a_text = literal_of(e->args[0]), *b_text = literal_of(e->args[1]);
  const Expr *text = b_text != nullptr ? b_text : a_text;
  const bool is_bounded = which == Builtin::Strcmp || e->args[2]->is_constant;
  if (text == nullptr || !is_bounded || text->bytes.size() > kMaxStoredString) {
    diags_.report<diag::StringFunction>(e->range, name)
        .hint("`bpf_strncmp` compares with a constant string; a loop with a bound compares any two");
    return constant(ir::Type::I32, 0);
  }
  const std::string_view bytes = text->bytes.substr(0, text->bytes.find('\0'));
  uint64_t count = bytes.size() + 1;  // the zero at the end is compared too
  if (which == Builtin::Strncmp) count = std::min(count, static_cast<uint64_t>(e->args[2]->value));
  const Place string = memory(text == b_text ? e->args[0] : e->args[1]);
  const Place result = slot(4, 4, e->type, {}, loc_);
  const BlockId end = f_.add_block();
  for (uint64_t i = 0; i < count; i++) {
    const int64_t wanted = i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
    const ValueId byte = widen(load_memory(string, ir::Type::I8, static_cast<int64_t>(i)), ir::Type::I32, false);
    ValueId difference = emit(Op::Sub, ir::Type::I32, {byte, constant(ir::Type::I32, wanted)});
    if (text != b_text) difference = emit(Op::Sub, ir::Type::I32, {constant(ir::Type::I32, 0), difference});
    store_memory(result, difference);
    const BlockId next = f_.add_block();
    branch(compare(Pred::Ne, byte, constant(ir::Type::I32, wanted)), end, next);
    enter(next);
  }
  store_memory(result, constant(ir::Type::I32, 0));
  jump(end);
  enter(end);
  return load_memory(result, ir::Type::I32);
}

}  // namespace spile::lower
