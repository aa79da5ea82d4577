// The Analyzer: the state that the pieces of sema share. Private to frontend/sema; its functions are spread over one
// file for each subject, in the order of the sections below.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/sema/builtins.h"
#include "frontend/sema/sema.h"
#include "frontend/sema/symbol.h"
#include "frontend/types/types.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::sema {

using ast::Expr;
using ast::Stmt;
using types::Kind;
using types::Type;

// Expressions and statements nest no deeper (diagnostic CodeTooDeep). Chains of one binary operator do not count:
// they are walked by a loop.
inline constexpr int kMaxNesting = 500;
// An array initialised through ranges has no more elements than this (diagnostic RangeTooLarge).
inline constexpr uint64_t kMaxRangeElements = 1 << 20;

// All attributes of one declaration, read once.
struct Attributes {
  SymbolAttributes symbol;
  bool packed = false, preserve_access_index = false, fallthrough = false;
  std::vector<std::string_view> decl_tags, type_tags;
};

// Where a value goes, for the words of a message.
enum class Into : uint8_t { Assignment, Initializer, Argument, Return };
struct Destination {
  Into into = Into::Assignment;
  std::string_view parameter;      // Argument: its name, may be empty
  size_t number = 0;               // Argument: from 1
  const Symbol *callee = nullptr;  // Argument: for the note
  Loc where;                       // of the operator or bracket that brings it there
};

class Analyzer {
 public:
  Analyzer(Arena &arena, Diagnostics &diags, Unit &unit)
      : arena_(arena), diags_(diags), unit_(unit), types_(*unit.types) {}
  void run(ast::TranslationUnit &tree);

 private:
  // ------------------------------------------------------------ scope.cpp
  struct Tag {
    types::Record *record = nullptr;
    types::Enum *enumeration = nullptr;
    Range range;
  };
  template <class T>
  struct Binding {
    T *what = nullptr;
    uint32_t scope = 0;
    Binding *shadowed = nullptr;
  };
  void enter_scope() { marks_.push_back({bound_names_.size(), bound_tags_.size()}); }
  void leave_scope();
  uint32_t scope() const { return static_cast<uint32_t>(marks_.size()); }
  bool at_file_scope() const { return marks_.empty(); }
  Symbol *lookup(std::string_view name) const;
  Symbol *lookup_here(std::string_view name) const;  // only the innermost scope
  Symbol *lookup_file_scope(std::string_view name) const;
  void bind(Symbol *symbol);
  Tag *lookup_tag(std::string_view tag, bool only_here) const;
  void bind_tag(std::string_view tag, Tag *what);
  Symbol *new_symbol(SymbolKind kind, std::string_view name, const Type *type, Range range);
  Symbol *builtin_symbol(const BuiltinInfo &info);
  void report_undeclared(const Expr *e, bool is_call);

  // ------------------------------------------------------------ attributes.cpp
  void read_attributes(ast::List<ast::Attribute> list, Attributes &out);
  std::string_view string_argument(const ast::Attribute &attribute, size_t index = 0);
  uint32_t alignment_argument(const ast::Attribute &attribute);
  void check_section(const Symbol &symbol);

  // ------------------------------------------------------------ specifiers.cpp
  const Type *specifiers(ast::DeclSpecs &specs, Attributes &attributes, bool is_forward_declaration = false);
  const Type *words_type(const ast::DeclSpecs &specs);
  const Type *record_specifier(ast::RecordSpec &spec, Attributes &attributes, bool is_forward_declaration);
  void define_record(ast::RecordSpec &spec, types::Record &record, const Attributes &attributes);
  void add_members(ast::Decl &decl, types::Record &record, std::vector<types::Field> &fields);
  void check_duplicate_fields(const std::vector<types::Field> &fields);
  void read_bit_width(ast::InitDeclarator &member, types::Field &field);
  const Type *enum_specifier(ast::EnumSpec &spec);
  // ------------------------------------------------------------ imports.cpp
  void import_module(const ast::Decl &decl);
  Symbol *import_symbol(std::string_view name, bool is_use);
  Tag *import_tag(std::string_view tag);
  Symbol *import_enumerator(const btf::Entry &entry, std::string_view name);
  void hint_nearest_tag(Diagnostics::Builder &message, const Type *t) const;
  bool is_imported(Range range) const;

  void define_enum(ast::EnumSpec &spec, types::Enum &enumeration);

  // ------------------------------------------------------------ declarator.cpp
  const Type *declarator(ast::Declarator &d, const Type *base);
  const Type *array_part(ast::DeclaratorPart &part, const Type *element, const ast::Declarator &d);
  const Type *function_part(ast::DeclaratorPart &part, const Type *result, const ast::Declarator &d);
  const Type *type_name(ast::TypeName &name);
  const Type *bounded(const Type *t, Range at);
  bool require_complete(const Type *t, Range at, std::string_view what);
  bool check_object_type(const Type *t, Range at, std::string_view name);

  // ------------------------------------------------------------ declaration.cpp
  void declaration(ast::Decl &decl);
  void variables(ast::Decl &decl);
  void declare_typedef(ast::InitDeclarator &d, const Type *type, Attributes &attributes);
  Symbol *declare_function(ast::DeclSpecs &specs, ast::Declarator &d, const Type *type, Attributes &attributes,
                           bool is_definition);
  void declare_variable(ast::DeclSpecs &specs, ast::InitDeclarator &d, const Type *type, Attributes &attributes);
  Symbol *merge_or_bind(Symbol *fresh);
  void apply_attributes(Symbol &symbol, Attributes &attributes);
  void auto_type(ast::DeclSpecs &specs, ast::InitDeclarator &d, Attributes &attributes);
  void function_definition(ast::Decl &decl);
  void static_assertion(ast::Decl &decl);
  void finish_unit();

  // ------------------------------------------------------------ statement.cpp
  void statement(Stmt *s);
  void compound(Stmt *s, bool new_scope = true);
  void switch_statement(Stmt *s);
  void case_label(Stmt *s);
  void return_statement(Stmt *s);
  Expr *condition(Expr *e);
  Label *label(std::string_view name, Range range);
  void statement_expression(Expr *e);
  bool can_fall_off(const Stmt *s) const;

  // ------------------------------------------------------------ expression.cpp
  Expr *expr(Expr *e);  // types it; lvalues, arrays and functions stay what they are
  Expr *value(Expr *e) { return decay(expr(e)); }
  Expr *unevaluated(Expr *e);
  void identifier(Expr *e);
  void member(Expr *e);
  void index(Expr *e);
  void call(Expr *e);
  void compound_literal(Expr *e);
  void sizes(Expr *e);
  void offset_of(Expr *e);
  void generic(Expr *e);
  void conditional(Expr *e);
  Expr *poison(Expr *e);

  // ------------------------------------------------------------ operators.cpp
  void unary(Expr *e);
  void address_of(Expr *e);
  void increment(Expr *e);
  void binary(Expr *e);
  void binary_operands(Expr *e);
  void assignment(Expr *e);
  void comparison(Expr *e);
  void additive(Expr *e);
  void explicit_cast(Expr *e);
  bool check_assignable(Expr *e, Range at);
  void report_operands(Expr *e);

  // ------------------------------------------------------------ convert.cpp
  Expr *decay(Expr *e);
  Expr *cast(Expr *e, const Type *to, ast::CastKind kind);
  Expr *convert(Expr *e, const Type *to);  // between scalars, without questions
  Expr *assign_to(const Type *to, Expr *e, const Destination &destination);
  Expr *to_bool(Expr *e);
  Expr *promote(Expr *e);
  const Type *promoted(const Expr *e);
  const Type *usual_conversions(Expr *&a, Expr *&b);
  // ------------------------------------------------------------ assembly.cpp
  class AsmTextReader;
  void asm_statement(Stmt *s);
  bool asm_constraint(ast::AsmStmt &a, ast::AsmOperand &operand, bool is_output);
  bool asm_tied(ast::AsmStmt &a, ast::AsmOperand &operand, std::string_view &rest, bool is_output);
  void asm_operand_type(ast::AsmOperand &operand);
  void asm_clobber(ast::AsmStmt &a, Expr *clobber);
  void asm_text(ast::AsmStmt &a);
  ast::AsmOperand *asm_symbol(Symbol &symbol, Range at);
  void check_naked(const Symbol &function, const Stmt &body);

  bool is_null_pointer(const Expr *e) const;
  void check_pointer_assignment(const Type *to, Expr *e, const Destination &destination);
  bool reject_float(const Type *t, Range at);

  // ------------------------------------------------------------ constant.cpp
  void set_constant(Expr *e, uint64_t value);
  void fold_unary(Expr *e);
  void fold_binary(Expr *e);
  void fold_cast(Expr *e);
  std::optional<int64_t> integer_constant(Expr *e, std::string_view what);  // types it, reports when it is none

  // ------------------------------------------------------------ literal.cpp
  void integer_literal(Expr *e);
  void char_literal(Expr *e);
  void string_literal(Expr *e);
  std::string decode(std::string_view body, unsigned unit, Range at);

  // ------------------------------------------------------------ initializer.cpp
  friend class InitializerBuilder;
  const Initializer *initializer(const Type *type, Expr *init, bool is_static);
  void check_static(const Initializer &init);

  // ------------------------------------------------------------ builtins.cpp
  void builtin_call(Expr *e, Builtin builtin);
  void atomic_call(Expr *e, Builtin builtin);
  bool check_argument_count(const Expr *e, size_t low, size_t high, std::string_view name);
  void overflow_call(Expr *e);

  template <class D, class... Args>
  Diagnostics::Builder report(Range at, Args &&...args) {
    return diags_.report<D>(at, std::forward<Args>(args)...);
  }
  Range at_op(const Expr *e) const { return e->op_loc.valid() ? Range{e->op_loc, e->op_loc} : e->range; }

  Arena &arena_;
  Diagnostics &diags_;
  Unit &unit_;
  types::Context &types_;

  struct Mark {
    size_t names, tags;
  };
  std::unordered_map<std::string_view, Binding<Symbol> *> names_;
  std::unordered_map<std::string_view, Binding<Tag> *> tags_;
  std::vector<std::string_view> bound_names_, bound_tags_;
  std::vector<Mark> marks_;
  std::unordered_map<std::string_view, Symbol *> externals_;  // linkage External or Internal, whatever the scope

  struct Switch {
    Stmt *statement;
    const Type *type;
    std::vector<Stmt *> cases;
    Stmt *default_case = nullptr;
  };
  // The function that is being read.
  std::string decode_piece(std::string_view spelled, Range at);  // a literal with its quotes
  Symbol *function_ = nullptr;
  const Type *result_ = nullptr;
  std::unordered_map<std::string_view, Label *> labels_;
  std::vector<Switch> switches_;
  int loops_ = 0, breakable_ = 0;

  int nesting_ = 0;
  bool nesting_reported_ = false;
  int unevaluated_ = 0;  // inside sizeof, typeof, _Generic: nothing happens at run time
  int dead_ = 0;         // inside an operand that a constant condition never reaches
};

}  // namespace spile::sema
  btf::Importer *importer_ = nullptr;  // from the first import on
