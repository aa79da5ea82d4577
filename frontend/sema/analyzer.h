// The Analyzer: the state that the pieces of sema share. Private to frontend/sema; its functions are spread over one
// file for each subject, in the order of the sections below.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/sema/builtins.h"
#include "frontend/sema/formats.h"
#include "frontend/sema/sema.h"
#include "frontend/sema/symbol.h"
#include "frontend/types/types.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::tables {
struct Helper;  // lang-spec/tables/tables.h
}

namespace spile::sema {

// How an operator is written.
std::string_view spelling(ast::BinaryOp op);

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
  const ast::Attribute *mode = nullptr;
  bool arena = false;  // address_space(1)
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
  Analyzer(Arena &arena, Arena &bodies, Diagnostics &diags, Unit &unit)
      : arena_(arena), bodies_(bodies), diags_(diags), unit_(unit), types_(*unit.types) {}
  void begin(ast::PostponedDeclarations *postponed) { postponed_ = postponed; }
  Analysis::Read external_declaration(ast::Decl &decl);
  void finish();

 private:
  // ------------------------------------------------------------ scope.cpp
  struct Tag {
    types::Record *record = nullptr;
    types::Enum *enumeration = nullptr;
    Range range;
  };
  struct Mark {
    size_t names, tags;
  };
  template <class T>
  struct Binding {
    T *what = nullptr;
    uint32_t scope = 0;
    Binding *shadowed = nullptr;
  };
  // While declarations of the file's scope are read inside a function (pending.cpp), what the function declares is not
  // seen.
  template <class T>
  const Binding<T> *visible(const Binding<T> *b) const {
    while (b != nullptr && b->scope != 0 && b->scope <= hidden_scopes_) b = b->shadowed;
    return b;
  }
  // While it lives, declarations are those of the file's scope, whatever is being read around them.
  class AtFileScope {
   public:
    explicit AtFileScope(Analyzer &analyzer);
    AtFileScope(const AtFileScope &) = delete;
    ~AtFileScope();

   private:
    Analyzer &analyzer_;
    std::vector<Mark> marks_;
    uint32_t hidden_scopes_;
    Symbol *function_;
    int unevaluated_, dead_;
    bool preserves_inner_;
    Arena *nodes_;
    bool is_tree_needed_;
  };
  template <class T>
  const Binding<T> *binding(const std::unordered_map<std::string_view, Binding<T> *> &table,
                            std::string_view name) const {
    const auto it = table.find(name);
    return it != table.end() ? visible(it->second) : nullptr;
  }
  void enter_scope() { marks_.push_back({bound_names_.size(), bound_tags_.size()}); }
  void leave_scope();
  // 0: that of the file.
  uint32_t scope() const { return at_file_scope() ? 0 : hidden_scopes_ + static_cast<uint32_t>(marks_.size()); }
  bool at_file_scope() const { return marks_.empty(); }
  Symbol *lookup(std::string_view name);
  Symbol *lookup_here(std::string_view name);  // only the innermost scope
  Symbol *lookup_file_scope(std::string_view name);
  void bind(Symbol *symbol);
  Tag *lookup_tag(std::string_view tag, bool only_here);
  void bind_tag(std::string_view tag, Tag *what);
  Symbol *new_symbol(SymbolKind kind, std::string_view name, const Type *type, Range range, Arena *where = nullptr);
  Symbol *builtin_symbol(const BuiltinInfo &info);
  void report_undeclared(const Expr *e, bool is_call);

  // ------------------------------------------------------------ imports.cpp
  void import_module(const ast::Decl &decl);
  Symbol *import_symbol(std::string_view name, bool is_use);
  Tag *import_tag(std::string_view tag);
  Symbol *import_enumerator(const btf::Entry &entry);
  void hint_nearest_tag(Diagnostics::Builder &message, const Type *t) const;
  static void hint_header_of_tag(Diagnostics::Builder &message, const types::Record &record);
  bool is_imported(Range range) const;

  // ------------------------------------------------------------ attributes.cpp
  void read_attributes(ast::List<ast::Attribute> list, Attributes &out);
  std::string_view string_argument(const ast::Attribute &attribute, size_t index = 0);
  uint32_t alignment_argument(const ast::Attribute &attribute);
  const Type *machine_mode(const ast::Attribute &attribute, const Type *type);
  const Type *attributed(const Type *type, Attributes &attributes);
  void check_section(const Symbol &symbol);
  // contexts.cpp
  void check_context(const Symbol &symbol);
  void hint_context(Diagnostics::Builder &message, const types::Record &record, std::string_view name) const;
  // [array] is indexed, which nobody can do with what a system call's record points to.
  void hint_task_array(Diagnostics::Builder &&message, const ast::Expr *array, const ast::Expr *index) const;
  static bool hint_context_tag(Diagnostics::Builder &message, std::string_view tag);

  // ------------------------------------------------------------ specifiers.cpp
  const Type *specifiers(ast::DeclSpecs &specs, Attributes &attributes, bool is_forward_declaration = false);
  const Type *words_type(const ast::DeclSpecs &specs);
  const Type *record_specifier(ast::RecordSpec &spec, Attributes &attributes, bool is_forward_declaration);
  void define_record(ast::RecordSpec &spec, types::Record &record, const Attributes &attributes);
  void add_members(ast::Decl &decl, types::Record &record, std::vector<types::Field> &fields);
  void check_duplicate_fields(const std::vector<types::Field> &fields);
  void read_bit_width(ast::InitDeclarator &member, types::Field &field);
  const Type *enum_specifier(ast::EnumSpec &spec);

  // ------------------------------------------------------------ pending.cpp
  class PendingRecord;
  void postpone(ast::RecordSpec &spec, types::Record &record, const Attributes &attributes);
  bool read_postponed(std::string_view name);
  bool read_postponed_macros();
  bool declare_postponed(ast::List<ast::Decl> decls);
  void define_postponed(ast::RecordSpec &spec, types::Record &record, Attributes &attributes);
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
  void add_cleanup(Symbol &symbol, Expr *function);
  void warn_shadow(const Symbol &fresh);
  void auto_type(ast::DeclSpecs &specs, ast::InitDeclarator &d, Attributes &attributes);
  void function_definition(ast::Decl &decl);
  void static_assertion(ast::Decl &decl);
  void finish_unit();

  // ------------------------------------------------------------ statement.cpp
  void statement(Stmt *s);
  void compound(Stmt *s, bool new_scope = true);
  void if_statement(Stmt *s);
  void switch_statement(Stmt *s);
  void case_label(Stmt *s);
  void return_statement(Stmt *s);
  Expr *condition(Expr *e);
  Label *label(std::string_view name, Range range);
  void declare_local_labels(const Stmt &s);
  void leave_local_labels(size_t outside);
  void check_label(const Label &label);
  void warn_empty_body(const Stmt *s);
  void warn_flow(const Stmt *before, const Stmt *next);
  void warn_enum_switch(const Stmt *s, const types::Enum &enumeration, const std::vector<Stmt *> &cases,
                        bool has_default);
  bool can_fall_off(const Stmt *s) const;

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

  // ------------------------------------------------------------ expression.cpp
  Expr *expr(Expr *e);  // types it; lvalues, arrays and functions stay what they are
  Expr *value(Expr *e) { return decay(expr(e)); }
  Expr *unevaluated(Expr *e);
  void identifier(Expr *e);
  void report_unsupported_builtin(const Expr *e);
  void member(Expr *e);
  void index(Expr *e);
  void report_no_member(Range at, std::string_view name, Range where, const Type *record_type);
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
  void note_lent(const Expr *e);
  void increment(Expr *e);
  void binary(Expr *e);
  void binary_operands(Expr *e);
  void assignment(Expr *e);
  void comparison(Expr *e);
  void additive(Expr *e);
  void explicit_cast(Expr *e);
  bool check_assignable(Expr *e, Range at);
  void report_operands(Expr *e);
  void report_wide_operation(Expr *e, std::string_view op);

  // ------------------------------------------------------------ convert.cpp
  Expr *decay(Expr *e);
  Expr *cast(Expr *e, const Type *to, ast::CastKind kind);
  Expr *convert(Expr *e, const Type *to);  // between scalars, without questions
  Expr *assign_to(const Type *to, Expr *e, const Destination &destination);
  Expr *to_bool(Expr *e);
  Expr *promote(Expr *e);
  const Type *promoted(const Expr *e);
  const Type *usual_conversions(Expr *&a, Expr *&b);
  bool is_null_pointer(const Expr *e) const;
  void check_pointer_assignment(const Type *to, Expr *e, const Destination &destination);

  // ------------------------------------------------------------ constant.cpp
  void set_constant(Expr *e, uint64_t value);
  void take_constant(Expr *e, const Expr *chosen);
  void fold_unary(Expr *e);
  void fold_binary(Expr *e);
  void fold_cast(Expr *e, bool also_relocated = false);
  std::optional<int64_t> integer_constant(Expr *e, std::string_view what);  // types it, reports when it is none

  // ------------------------------------------------------------ literal.cpp
  void integer_literal(Expr *e);
  void char_literal(Expr *e);
  void string_literal(Expr *e);
  std::string decode(std::string_view body, unsigned unit, Range at);
  std::string decode_piece(std::string_view spelled, Range at);  // a literal with its quotes

  // ------------------------------------------------------------ initializer.cpp
  friend class InitializerBuilder;
  // [named_at]: the variable's name; pragmas that hold there count too.
  const Initializer *initializer(const Type *type, Expr *init, bool is_static, Loc named_at = {});
  void check_static(const Initializer &init);

  // ------------------------------------------------------------ warn_operators.cpp
  bool is_from_macro(const Expr *e) const;
  void warn_precedence(const Expr *e);
  void warn_comparison(const Expr *e, const Expr *a, const Expr *b, const Type *common);
  void warn_conversion(const Type *to, const Expr *e);
  void warn_size_of_pointer(const Expr *call);

  // ------------------------------------------------------------ warn_unused.cpp
  bool is_in_main_file(Range at) const;
  static Symbol *root_variable(const Expr *e);
  void warn_unused_in_function(const Symbol &function);
  void warn_no_section(const Symbol &function);
  void warn_unused_in_unit();
  void warn_unused_value(const Expr *e);

  // ------------------------------------------------------------ warn_formats.cpp
  void note_filled_parameter(const Expr *target, const Expr *value);
  void check_format(const Expr *e, const tables::Helper &helper);
  void check_conversions(const Expr *literal, std::span<const Expr *const> values, const FormatRules &rules);
  void check_conversion(const Conversion &c, std::string_view spelled, const Expr *value);

  // ------------------------------------------------------------ warn_printf.cpp
  void check_printf(const Expr *call);
  void check_printed(const Conversion &c, std::string_view spelled, const Expr *value);

  // ------------------------------------------------------------ warn_probes.cpp
  static const tables::Helper *helper_of(const Symbol *callee);
  void check_helper_call(const Expr *e, const Symbol &callee, const tables::Helper &helper);
  void check_is_map(const Expr *arg);
  void check_map_argument(const Expr *arg, const Symbol &map, std::string_view what);
  void check_return_range(const Expr *e);
  void check_license();

  // ------------------------------------------------------------ builtins.cpp
  void builtin_call(Expr *e, Builtin builtin);
  bool check_argument_count(const Expr *e, size_t low, size_t high, std::string_view name);
  void overflow_call(Expr *e);
  void note_memory_call(const Expr *e);

  // ------------------------------------------------------------ floating.cpp
  void float_literal(Expr *e);
  static std::optional<double> number_of(const Expr *e);
  void set_number(Expr *e, double number);
  bool reject_float(const Type *t, Range at);
  Expr *convert_number(Expr *e, const Type *to);
  void floating_operation(Expr *e);

  // ------------------------------------------------------------ atomic.cpp
  void atomic_call(Expr *e, Builtin builtin);
  void atomic_update(Expr *e, std::string_view op, Builtin builtin, Expr *operand);
  void report_atomic_update(Expr *e, std::string_view op, const Type *object);
  bool check_atomic_size(Range at, std::string_view name, const Type *object, bool is_plain_access);
  const Type *qualify(const Type *t, uint8_t quals, Range at);

  // ------------------------------------------------------------ core.cpp
  void preserve_access_index(Expr *e);
  void core_question(Expr *e, Builtin builtin);
  void fold_relocated(Expr *e);
  bool is_relocated(const Expr *e) const;  // the address of a member at an offset that the loader may change

  template <class D, class... Args>
  Diagnostics::Builder report(Range at, Args &&...args) {
    return diags_.report<D>(at, std::forward<Args>(args)...);
  }
  Range at_op(const Expr *e) const { return e->op_loc.valid() ? Range{e->op_loc, e->op_loc} : e->range; }

  Arena &arena_;
  Arena &bodies_;
  Arena *nodes_ = &arena_;       // [bodies_] within a function: what is made goes with the function's tree
  bool is_tree_needed_ = false;  // the declaration that is being read is looked at again
  Diagnostics &diags_;
  Unit &unit_;
  types::Context &types_;

  std::unordered_map<std::string_view, Binding<Symbol> *> names_;
  std::unordered_map<std::string_view, Binding<Tag> *> tags_;
  std::vector<std::string_view> bound_names_, bound_tags_;
  std::vector<Mark> marks_;
  uint32_t hidden_scopes_ = 0;         // those of the functions around declarations of the file's scope
  btf::Importer *importer_ = nullptr;  // from the first import on
  std::unordered_map<std::string_view, Symbol *> externals_;  // linkage External or Internal, whatever the scope

  struct ParameterScope {
    std::vector<std::pair<std::string_view, Tag *>> tags;
    std::vector<Symbol *> enumerators;
  };
  std::unordered_map<const ast::Parameters *, ParameterScope> parameter_scopes_;  // of lists that declare tags

  struct Switch {
    Stmt *statement;
    const Type *type;
    std::vector<Stmt *> cases;
    Stmt *default_case = nullptr;
  };
  // The function that is being read.
  Symbol *function_ = nullptr;
  const Type *result_ = nullptr;
  std::unordered_map<std::string_view, Label *> labels_;
  uint32_t label_count_ = 0;
  // Labels that `__label__` has declared in the blocks that are open, with what their names meant outside.
  struct LocalLabel {
    std::string_view name;
    Label *outside;
  };
  std::vector<LocalLabel> local_labels_;
  std::vector<Switch> switches_;
  int loops_ = 0, breakable_ = 0;
  uint32_t cleanups_ = 0;  // variables in scope that have a cleanup
  std::vector<Symbol *> locals_;
  const Stmt *value_statement_ = nullptr;  // the last of a statement expression: its value is used
  std::unordered_map<const Symbol *, std::vector<const Expr *>> filled_parameters_;  // of formats
  Range gpl_call_;  // the first call of a helper that is for the GPL only
  const Symbol *gpl_callee_ = nullptr;

  ast::PostponedDeclarations *postponed_ = nullptr;  // declarations of headers that were not read; null: none
  bool has_read_macros_ = false;                     // read_postponed_macros() has been called
  bool is_finished_ = false;                         // unit_ is no more
  uint32_t postponed_depth_ =
      0;  // declarations of headers that are being read, and records that are being defined because another needs them
  int nesting_ = 0;
  bool nesting_reported_ = false;
  bool preserves_inner_ = false;  // among the members of a record whose accesses CO-RE relocates
  int core_region_ = 0;           // inside __builtin_preserve_access_index
  int unevaluated_ = 0;           // inside sizeof, typeof, _Generic: nothing happens at run time
  int dead_ = 0;                  // inside an operand that a constant condition never reaches
};

}  // namespace spile::sema
