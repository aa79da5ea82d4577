// The body of one function in the making. Private to frontend/lower; its functions are spread over one file for each
// subject, in the order of the sections below.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/lower/module_lowerer.h"
#include "frontend/sema/access.h"
#include "frontend/sema/builtins.h"
#include "frontend/sema/symbol.h"
#include "ir/ir.h"

namespace spile::lower {

using ast::Expr;
using ast::Stmt;
using ir::BlockId;
using ir::Op;
using ir::Pred;
using ir::ValueId;
using types::Type;

// Where an object lies: an address and a constant offset, and how it may be accessed there.
struct Place {
  ValueId base;
  int64_t offset = 0;
  uint32_t align = 1;  // known alignment of base + offset
  bool is_volatile = false;
  ast::FieldRef bits;  // bit_width != 0: a bitfield; [offset] is that of its storage unit
  const Type *type = nullptr;
  bool is_arena = false;  // [base] is the address in the arena's space: an access goes through a cast of it
};

// A 16-byte integer in two halves.
struct Wide {
  ValueId low, high;
};

class FunctionLowerer {
 public:
  FunctionLowerer(ModuleLowerer &owner, Diagnostics &diags, const sema::Symbol &symbol, const KnownParameters &known)
      : owner_(owner), diags_(diags), f_(ModuleLowerer::frame_of(symbol)), symbol_(symbol), known_(known) {}
  LoweredBody run();

 private:
  void whole_body();
  void naked_body();

  // ------------------------------------------------------------ what is outside of the function: mentions.cpp
  ir::FunctionId function_of(const sema::Symbol &symbol, const KnownParameters &known = {});
  ir::GlobalId global_of(const sema::Symbol &symbol);
  ir::GlobalId string_of(const Expr &literal);
  uint32_t core_reloc(const Type *root, std::string access, tables::CoreKind kind, int64_t value);
  uint32_t mention(Mention mention);

  // ------------------------------------------------------------ emit: function_lowerer.cpp
  ValueId emit(Op op, ir::Type type, std::initializer_list<ValueId> ops, int64_t imm = 0);
  ValueId emit_list(Op op, ir::Type type, const std::vector<ValueId> &ops, int64_t imm = 0);
  void jump(BlockId to);
  void branch(ValueId truth, BlockId yes, BlockId no, int8_t weight = 0);
  void enter(BlockId block) { current_ = block; }
  void ensure_block();  // code after a jump stands in a block of its own, removed later if nothing reaches it
  void drop_unreachable();
  ValueId constant(ir::Type type, int64_t value) { return f_.constant(type, value); }
  ValueId compare(Pred pred, ValueId a, ValueId b);
  Place temporary(const Type *type, std::string name = {});
  Place scratch(uint64_t size, uint32_t align);  // a slot without a type of the language
  Place slot(uint64_t size, uint32_t align, const Type *type, std::string name, Loc loc);
  ir::Type type_of(const Type *t) const { return ModuleLowerer::type_of(t); }

  // ------------------------------------------------------------ places: places.cpp
  Place place(const Expr *e);
  Place pointee(const Expr *pointer);  // of a typed pointer expression
  Place memory(const Expr *pointer);   // for memcpy: through casts, with the alignment that is known
  Place member(Place base, const ast::FieldRef &field, const Type *type);
  Place record_value(const Expr *e);  // where a record rvalue lies
  ValueId address(const Place &p);
  static Place moved(Place p, int64_t by);
  ValueId access_base(const Place &p);  // [base] as loads and stores take it
  ValueId access_address(const Place &p);
  ValueId load(const Place &p);
  void store(const Place &p, ValueId v);
  ValueId load_memory(const Place &p, ir::Type type, int64_t extra = 0);
  void store_memory(const Place &p, ValueId v, int64_t extra = 0);
  ValueId load_bits(const Place &p);
  void store_bits(const Place &p, ValueId v);
  void copy(const Place &to, const Place &from, uint64_t size);
  void clear(const Place &at, uint64_t size, ValueId byte);

  // ------------------------------------------------------------ CO-RE: core.cpp
  std::optional<Place> core_place(const Expr *e);  // of an access that is relocated
  ValueId preserve_access_index(const Expr *e);
  ValueId core_question(const Expr *e, sema::Builtin builtin);

  // ------------------------------------------------------------ values: values.cpp
  ValueId scalar(const Expr *e);
  void effect(const Expr *e);                 // for what it does
  void into(const Expr *e, const Place &to);  // a record or array rvalue into memory
  ValueId convert(ValueId v, const Type *from, const Type *to);
  ValueId widen(ValueId v, ir::Type to, bool is_signed);
  ValueId cast(const Expr *e, ValueId v);
  ValueId unary(const Expr *e);
  ValueId increment(const Expr *e, bool wants_value);
  ValueId binary(const Expr *e);
  ValueId binary_step(const Expr *e, ValueId left);
  ValueId arithmetic(ast::BinaryOp op, ValueId a, ValueId b, bool is_signed);
  ValueId pointer_step(ValueId pointer, const Type *type, ValueId index, const Type *index_type, bool is_back);
  ValueId assign(const Expr *e, bool wants_value);
  static ast::BinaryOp binary_of(ast::AssignOp op);
  ValueId conditional(const Expr *e);
  ValueId statement_value(const Expr *e);
  void statement_into(const Expr *e, const Place &to);

  // ------------------------------------------------------------ 16-byte integers: wide.cpp
  Wide wide(const Expr *e);
  Wide wide_operation(ast::BinaryOp op, Wide a, const Expr *right, bool is_signed);
  Wide wide_assign(const Expr *e);
  Wide wide_sum(Wide a, Wide b, bool is_difference);
  Wide wide_shift(Wide v, uint64_t count, bool is_left, bool is_signed);
  Wide wide_product(ValueId a, ValueId b, bool a_signed, bool b_signed);
  ValueId wide_compare(Pred pred, Wide a, Wide b);  // i1
  ValueId wide_is_set(Wide v);                      // i1
  ValueId low_half(Wide v, const Type *type);       // as a shorter integer, or a pointer
  Wide extend(ValueId v, bool is_signed);
  Wide load_wide(const Place &p);
  void store_wide(const Place &p, Wide v);
  ValueId overflow(const Expr *e, sema::Builtin which);

  // ------------------------------------------------------------ conditions: conditions.cpp
  ValueId truth(const Expr *e);  // i1
  void condition(const Expr *e, BlockId yes, BlockId no, int8_t weight = 0);
  std::optional<ValueId> comparison(const Expr *e);

  // ------------------------------------------------------------ calls: calls.cpp
  ValueId call(const Expr *e, const Place *result, bool wants_value);
  Callee resolve(const Expr *e);
  ValueId call_through_pointer(const Expr *e, Loc at);
  KnownParameters known_arguments(const Expr *e, const sema::Symbol &callee);
  std::vector<ValueId> arguments(const Expr *e, bool is_helper);
  ValueId builtin(const Expr *e, sema::Builtin builtin, bool wants_value);
  ValueId memory_builtin(const Expr *e, sema::Builtin builtin);
  ValueId compare_memory(const Expr *e);
  ValueId bit_builtin(const Expr *e, sema::Builtin builtin);
  ValueId popcount(ValueId v);
  ValueId rotate(const Expr *e, bool is_left);
  ValueId compare_strings(const Expr *e, sema::Builtin which);  // strings.cpp
  ValueId atomic(const Expr *e, sema::Builtin builtin, bool wants_value);
  ValueId packet_load(const Expr *e, ir::Type type);
  void byte_loop(ValueId count, const std::function<void(ValueId)> &body);

  // ------------------------------------------------------------ initializers: locals.cpp
  void variable(const ast::InitDeclarator &d);
  void define_variable(const ast::InitDeclarator &d);
  void initialize(const Place &at, const sema::Initializer &init);
  void store_string(const Place &at, const Expr &literal, uint64_t size);

  // ------------------------------------------------------------ statements: statements.cpp
  void statement(const Stmt *s);
  void loop(const Stmt *s);
  void switch_statement(const Stmt *s);
  void return_statement(const Stmt *s);
  void return_value(const Stmt *s, const Expr *e);
  bool repeat(const Expr *e);
  void clean_up(size_t outer);
  void end_scope(size_t outer);
  void mark_unroll(size_t first_block, BlockId header, int32_t count);
  BlockId label_block(const sema::Label *label);

  // ------------------------------------------------------------ inline assembly: assembly.cpp
  struct AsmParts;
  void assembly(const Stmt *s);
  void barrier(const ast::AsmStmt &a);
  void asm_outputs(const ast::AsmStmt &a, AsmParts &parts);
  void asm_input(const ast::AsmOperand &input, AsmParts &parts);
  ValueId asm_immediate(const Expr *e);
  ValueId asm_register(const Expr *e);
  void asm_results(ValueId made, const AsmParts &parts);
  std::optional<int64_t> fixed_value(const Expr *e);  // calls.cpp: of a variable that is never assigned

  ModuleLowerer &owner_;
  Diagnostics &diags_;
  ir::Function f_;
  const sema::Symbol &symbol_;
  const KnownParameters &known_;
  BlockId current_;
  Loc loc_;
  std::unordered_map<const sema::Symbol *, Place> locals_;
  std::unordered_map<const sema::Label *, BlockId> labels_;
  std::unordered_map<const Stmt *, BlockId> cases_;
  struct Exit {
    BlockId block;
    size_t cleanups = 0;  // that are still to come there
  };
  std::vector<Exit> breaks_, continues_;
  std::vector<const sema::Symbol *> cleanups_;                    // variables in scope that have one
  LoweredBody body_;                                              // all but the function
  std::unordered_map<const sema::Symbol *, uint32_t> mentioned_;  // functions and variables, by index
  std::map<std::pair<const sema::Symbol *, KnownParameters>, uint32_t> mentioned_copies_;
  std::unordered_map<std::string, uint32_t> mentioned_strings_, mentioned_core_;
  int core_region_ = 0;     // inside __builtin_preserve_access_index
  ValueId result_pointer_;  // of a function that returns a record
  BlockId again_;           // where the body of a function that may call itself begins; invalid: it may not begin again
};

}  // namespace spile::lower
