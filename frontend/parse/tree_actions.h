// TreeActions: what the actions of SpileC.g4 call to build the tree, and the base class of the generated parser.
//
// A rule leaves its result in a member (expr_, stmt_, ...), where the rule that called it picks it up at once. Lists
// are collected on one stack: mark() before, push() each item, take() copies what is above the mark into the arena.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/parse/parser.h"
#include "frontend/parse/parser_core.h"
#include "support/arena.h"

namespace spile::parse {

// The height of the list stack.
using Mark = uint32_t;

// What `#pragma clang attribute` gives to records.
inline constexpr std::string_view kPreserveAccessIndex = "preserve_access_index";

class TreeActions : public ParserCore {
 public:
  explicit TreeActions(antlr4::TokenStream *input) : ParserCore(input) {}

  Arena *arena = nullptr;
  ast::TranslationUnit *unit = nullptr;
  DeclarationSink *sink = nullptr;  // takes the declarations of the file's scope; null: they become the unit's
  // Members of records in headers are passed over from now on; [reader] reads them when they are asked for.
  void pass_over_headers(ast::LazyMembers *reader);

 protected:
  // ---- results of rules
  ast::Expr *expr_ = nullptr;
  ast::Stmt *stmt_ = nullptr;
  ast::Decl *decl_ = nullptr;
  ast::DeclSpecs *specs_ = nullptr;
  ast::Declarator *declarator_ = nullptr;
  ast::InitDeclarator *init_declarator_ = nullptr;
  ast::Param *param_ = nullptr;
  ast::TypeName *type_name_ = nullptr;
  ast::RecordSpec *record_ = nullptr;
  ast::EnumSpec *enumeration_ = nullptr;
  ast::List<ast::Attribute> early_attributes_;  // stood before the declarator that comes next

  // ---- tokens
  Loc here() const { return _input->next().loc; }
  Loc last_end() const { return _input->previous().end(); }
  Range last_range() const { return _input->previous().range(); }
  std::string_view last_text() const { return _input->previous().spelling(); }
  TokenKind last_kind() const { return _input->previous().kind; }

  // ---- lists
  Mark mark() const { return static_cast<Mark>(list_.size()); }
  void push(void *item) { list_.push_back(item); }
  template <class T>
  ast::List<T> take(Mark from) {
    const size_t count = list_.size() - from;
    if (count == 0) return {};
    auto **items = static_cast<T **>(arena->allocate(count * sizeof(T *), alignof(T *)));
    for (size_t i = 0; i < count; i++) items[i] = static_cast<T *>(list_[from + i]);
    list_.resize(from);
    return {items, count};
  }
  template <class T>
  void push_reversed(std::span<T *> items) {
    for (size_t i = items.size(); i-- > 0;) push(items[i]);
  }

  // ---- which names are types
  void expect_name() { _input->set_names_only(true); }
  void types_again() { _input->set_names_only(false); }
  void mark_enum_colon() { _input->mark_enum_colon(); }
  // The name just read hides a type of that name from here on: an enumerator.
  void hide_type() { _input->types.set(_input->previous().name, false); }
  void declare(const ast::Declarator *declarator, const ast::DeclSpecs *specs);
  void declare_parameters(const ast::Declarator *function);

  // What is declared inside is undone at the end.
  struct Scope {
    explicit Scope(TreeActions &owner)
        : stream(*owner._input), open_scopes(owner.open_scopes_), depth(stream.types.depth()) {
      open_scopes++;
    }
    Scope(const Scope &) = delete;
    ~Scope() {
      open_scopes--;
      if (stream.types.depth() == depth) return;
      stream.types.restore(depth);
      stream.reclassify();
    }
    TokenCursor &stream;
    uint32_t &open_scopes;
    size_t depth;
  };
  // Inside, names are types again, whatever is being declared around it.
  struct NamesOnly {
    explicit NamesOnly(TreeActions &owner) : stream(*owner._input), was(stream.names_only()) {
      if (was) stream.set_names_only(false);
    }
    NamesOnly(const NamesOnly &) = delete;
    ~NamesOnly() { stream.set_names_only(was); }
    TokenCursor &stream;
    bool was;
  };
  // The body of a struct or union, or (false) a block that may stand inside one.
  struct RecordBody {
    explicit RecordBody(TreeActions &owner, bool in_record = true)
        : stream(*owner._input), was(std::exchange(stream.in_record, in_record)) {}
    RecordBody(const RecordBody &) = delete;
    ~RecordBody() { stream.in_record = was; }
    TokenCursor &stream;
    bool was;
  };

  // ---- declarations
  ast::Decl *make_decl(ast::Decl::Kind kind, Loc begin);
  void begin_external_declaration() { external_at_ = _input->position(); }
  void push_external_declaration();
  void finish_unit(Mark list);
  void finish_declaration(Loc begin, ast::DeclSpecs *specs, Mark list);
  void finish_members(Loc begin, ast::DeclSpecs *specs, Mark list);
  void finish_function(Loc begin, ast::DeclSpecs *specs, ast::Declarator *declarator);
  void finish_static_assert(Loc begin, ast::Expr *condition, ast::Expr *message);
  void finish_asm_declaration(Loc begin);
  void finish_init_declarator(ast::Declarator *declarator, ast::Expr *init);
  void finish_member_declarator(ast::Declarator *declarator, ast::Expr *width);

  // ---- specifiers: collects one list of them
  class Specifiers {
   public:
    // Attributes on the list stack from [attributes] on stood before.
    Specifiers(TreeActions &owner, Mark attributes, Loc begin);
    void word();
    void type_name();
    void record(ast::RecordSpec *record);
    void enumeration(ast::EnumSpec *enumeration);
    void typeof_expression(ast::Expr *expr, bool is_unqual);
    void typeof_type(ast::TypeName *type, bool is_unqual);
    void atomic(ast::TypeName *type);
    void begin_attribute() { attribute_mark_ = owner_.mark(); }
    void end_attribute();
    ast::DeclSpecs *finish();

   private:
    void type_seen();

    TreeActions &owner_;
    Mark attributes_, attribute_mark_ = 0;
    ast::DeclSpecs *specs_;
    ast::List<ast::Attribute> *body_attributes_ = nullptr;  // of the struct or enum whose body was just closed
  };
  ast::RecordSpec *make_record() { return arena->make<ast::RecordSpec>(); }
  void set_tag(ast::RecordSpec *record);
  void set_tag(ast::EnumSpec *enumeration);
  void begin_members(ast::RecordSpec *record);
  void pass_over_members(ast::RecordSpec *record);  // this and what it calls: lazy_members.cpp
  ast::EnumSpec *make_enum() { return arena->make<ast::EnumSpec>(); }
  ast::Enumerator *make_enumerator() { return arena->make<ast::Enumerator>(); }

  // ---- attributes
  void finish_attribute(Loc begin, std::string_view name, Mark arguments, ast::TypeName *type);
  void add_attributes(ast::Declarator *declarator, Mark list);
  void add_early_attributes(ast::Declarator *declarator);

  // ---- declarators
  ast::Declarator *make_declarator();
  void set_name(ast::Declarator *declarator);
  void finish_declarator(ast::Declarator *declarator, Mark parts, Loc begin);
  void finish_any_declarator(ast::Declarator *declarator, Mark parts, Loc begin);
  ast::DeclaratorPart *make_part(ast::DeclaratorPart::Kind kind);   // after its first token
  ast::DeclaratorPart *begin_part(ast::DeclaratorPart::Kind kind);  // before it
  void finish_part(ast::DeclaratorPart *part);
  uint8_t last_qualifier() const;
  void finish_parameters(ast::DeclaratorPart *part, Mark list, bool is_variadic);
  void finish_parameter(Loc begin, ast::DeclSpecs *specs, ast::Declarator *declarator);
  void finish_type_name(Loc begin, ast::DeclSpecs *specs, ast::Declarator *declarator);
  void require_end_of_parameters();

  // ---- initializers
  void finish_initializer_list(Loc begin, Mark list);
  void finish_initializer_item(Mark designators, ast::Expr *value);
  void push_field_designator(ast::Expr *field);
  ast::Designator *make_designator();
  void finish_designator(ast::Designator *designator);

  // ---- statements
  ast::Stmt *make_stmt(ast::Stmt::Kind kind);  // after its first token
  void finish_stmt(ast::Stmt *stmt);
  void finish_compound(Loc begin, Mark list);
  ast::Stmt *make_declaration_statement(ast::Decl *decl);
  ast::Stmt *make_expression_statement(ast::Expr *expr);
  void statement_attributes(Mark list);
  void attach_attributes(Loc begin);
  void finish_label(ast::Stmt *label) { label->range.end = last_end(), stmt_ = label; }
  void nest_labels(Mark list);
  void begin_label(ast::Stmt *stmt);
  void push_label_name() { push(make_leaf(ast::Expr::Identifier)); }
  void finish_local_labels(ast::Stmt *stmt, Mark list);
  void semicolon_before_brace();
  void mark_else();
  int32_t unroll_count() const { return static_cast<int32_t>(_input->previous().name); }
  void set_unroll(int32_t count, Loc at);
  ast::AsmStmt *make_asm(ast::Stmt *stmt);
  void set_asm_text(ast::AsmStmt *assembly);  // the string that was just read
  ast::AsmOperand *make_operand();
  void finish_asm_item(ast::AsmOperand *operand, int section);
  void finish_asm_section(ast::AsmStmt *assembly, int section, Mark list);

  // ---- expressions
  ast::Expr *make_expr(ast::Expr::Kind kind, Loc begin);
  ast::Expr *make_leaf(ast::Expr::Kind kind);   // the token just read
  ast::Expr *begin_expr(ast::Expr::Kind kind);  // begins with the token just read
  ast::Expr *begin_unary();
  ast::Expr *begin_postfix(ast::Expr::Kind kind);
  ast::Expr *begin_member();
  ast::Expr *make_post_increment();
  ast::Expr *begin_binary(ast::Expr *left, ast::BinaryOp op);
  ast::Expr *begin_conditional(ast::Expr *condition);
  ast::Expr *begin_assignment(ast::Expr *target);
  ast::Expr *begin_cast(Loc begin, ast::TypeName *type);
  ast::Expr *make_compound_literal(Loc begin, ast::TypeName *type, ast::Expr *list);
  ast::Expr *make_statement_expression(Loc begin);
  ast::Expr *finish(ast::Expr *expr) {
    expr->range.end = last_end();
    measure(expr);
    return expr;
  }
  void mark_paren(Loc begin);
  void size_of_type(ast::Expr *expr, ast::TypeName *type);
  void size_of_expression(ast::Expr *expr);
  void push_offsetof_field();
  void push_offsetof_index(ast::Expr *index);
  ast::GenericAssociation *make_association() { return arena->make<ast::GenericAssociation>(); }
  void push_piece();
  void finish_string(Loc begin, Mark list);
  // Sets the depth of [expr] from that of its operands.
  void measure(ast::Expr *expr);
  // What is deepest inside a block, for the statement expression around it.
  struct DepthOfBlock {
    explicit DepthOfBlock(TreeActions &owner) : owner_(owner), outside_(std::exchange(owner.deepest_, 0)) {}
    DepthOfBlock(const DepthOfBlock &) = delete;
    ~DepthOfBlock() {
      owner_.depth_of_last_block_ = owner_.deepest_;
      owner_.deepest_ = std::max(owner_.deepest_, outside_);
    }

   private:
    TreeActions &owner_;
    uint32_t outside_;
  };

  // Operands and operators of one flat binary expression, reduced by precedence.
  class BinaryChain {
   public:
    explicit BinaryChain(TreeActions &owner) : owner_(owner), base_(owner.operators_.size()) {}
    BinaryChain(const BinaryChain &) = delete;
    ~BinaryChain() { owner_.operators_.resize(base_); }
    void operand(ast::Expr *expr) { last_ = expr; }
    void binary_operator();
    ast::Expr *finish();

   private:
    void reduce(int precedence);

    TreeActions &owner_;
    size_t base_;
    ast::Expr *last_ = nullptr;  // the operand after the last operator
  };

 private:
  void note_tag();
  size_t end_of_members() const;
  void declare_tags(size_t end);

  // An operator whose right operand is not complete; its left operand is `node->a`.
  struct OpenOperator {
    int precedence;
    ast::Expr *node;
  };
  // A fault of the user that no single token shows. The fast pass stops at it, the error pass reports it and goes on.
  template <class Diag, class... Args>
  void fault(Range at, Args &&...args) {
    if (errors == nullptr) throw antlr4::ParseCancellationException();
    errors->diagnostics().report<Diag>(at, std::forward<Args>(args)...);
  }

  size_t external_at_ = 0;     // the first token of the external declaration that is read
  size_t imports_pushed_ = 0;  // of those that the tokens had so far
  std::vector<void *> list_;
  std::vector<Loc> string_locs_;  // of the pieces of the last string
  std::vector<OpenOperator> operators_;
  ast::List<ast::Attribute> statement_attributes_;
  ast::LazyMembers *lazy_members_ = nullptr;
  uint32_t open_scopes_ = 0;
  std::vector<uint8_t> known_tags_;                // by name: declared at file scope; kept while bodies are passed over
  std::vector<ast::Decl *> forward_declarations_;  // of tags that stand only in members that were passed over
  ast::List<ast::Attribute> pragma_attributes_;    // what #pragma clang attribute gives to records
  uint32_t deepest_ = 0;                           // depth of the deepest expression since the innermost block began
  uint32_t depth_of_last_block_ = 0;
};

}  // namespace spile::parse
