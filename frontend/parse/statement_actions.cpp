#include "frontend/parse/tree_actions.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/parse.def"
#include "support/diag_table.h"

namespace spile::parse {

ast::Stmt *TreeActions::make_stmt(ast::Stmt::Kind kind) {
  stmt_ = arena->make<ast::Stmt>(kind, last_range());
  return stmt_;
}

void TreeActions::finish_stmt(ast::Stmt *stmt) {
  stmt->range.end = last_end();
  stmt_ = stmt;
}

void TreeActions::finish_compound(Loc begin, Mark list) {
  make_stmt(ast::Stmt::Compound);
  stmt_->range.begin = begin;
  stmt_->items = take<ast::Stmt>(list);
}

ast::Stmt *TreeActions::make_declaration_statement(ast::Decl *decl) {
  make_stmt(ast::Stmt::Declaration);
  stmt_->range = decl->range;
  stmt_->decl = decl;
  return stmt_;
}

ast::Stmt *TreeActions::make_expression_statement(ast::Expr *expr) {
  make_stmt(ast::Stmt::Expression);
  stmt_->range = expr->range;
  stmt_->expr = expr;
  return stmt_;
}

void TreeActions::statement_attributes(Mark list) { statement_attributes_ = take<ast::Attribute>(list); }

void TreeActions::attach_attributes(Loc begin) {
  stmt_->range.begin = begin;
  // The statement may have had attributes inside; those taken last are its own.
  stmt_->attributes = std::exchange(statement_attributes_, {});
}

// case 1: case 2: statement  ->  case 1: (case 2: (statement))
void TreeActions::nest_labels(Mark list) {
  if (mark() - list > kMaxTreeDepth) stop_too_deep();
  ast::Stmt *body = stmt_;
  while (mark() > list) {
    auto *label = static_cast<ast::Stmt *>(list_.back());
    list_.pop_back();
    label->body = body;
    label->range.end = body->range.end;
    body = label;
  }
  stmt_ = body;
}

void TreeActions::begin_label(ast::Stmt *stmt) {
  ast::Expr *name = stmt->expr;
  if (name->kind != ast::Expr::Identifier || name->is_paren) fault<diag::NotALabel>(name->range);
  stmt->kind = ast::Stmt::Label;
  stmt->label = name->text;
  stmt->label_range = name->range;
  stmt->expr = nullptr;
}

void TreeActions::finish_local_labels(ast::Stmt *stmt, Mark list) {
  std::vector<std::string_view> names;
  for (const ast::Expr *name : take<ast::Expr>(list)) names.push_back(name->text);
  stmt->local_labels = arena->copy(names);
  finish_stmt(stmt);
}

// A label may end a block (C23): an empty statement is made for it. clang lets the last member of a record end with it.
void TreeActions::semicolon_before_brace() {
  if (_input->next_kind() == TokenKind::RightBrace) _input->make_up(TokenKind::Semi);
}

// The dangling else belongs to the `if` that sees it first.
void TreeActions::mark_else() {
  if (_input->next_kind() != TokenKind::Else) _input->make_up(TokenKind::NoElse);
}

void TreeActions::set_unroll(int32_t count, Loc at) {
  const bool is_loop =
      stmt_->kind == ast::Stmt::For || stmt_->kind == ast::Stmt::While || stmt_->kind == ast::Stmt::DoWhile;
  if (!is_loop) return fault<diag::UnrollWithoutLoop>(Range{at, at});
  stmt_->unroll = count;
}

// ---------------------------------------------------------------- assembly

ast::AsmStmt *TreeActions::make_asm(ast::Stmt *stmt) {
  stmt->assembly = arena->make<ast::AsmStmt>();
  return stmt->assembly;
}

void TreeActions::set_asm_text(ast::AsmStmt *assembly) {
  assembly->text = expr_;
  assembly->text_locs = arena->copy(string_locs_);
}

ast::AsmOperand *TreeActions::make_operand() {
  auto *operand = arena->make<ast::AsmOperand>();
  operand->range.begin = here();
  return operand;
}

namespace {
constexpr int kOutputs = 1, kInputs = 2, kClobbers = 3, kLabels = 4;
constexpr std::string_view kSectionNames[] = {"", "outputs", "inputs", "clobbers", "labels"};
}  // namespace

// asm("text" : outputs : inputs : clobbers : labels): each section has its own kind of item.
void TreeActions::finish_asm_item(ast::AsmOperand *operand, int section) {
  operand->range.end = last_end();
  if (section <= kLabels) {
    const bool is_operand = operand->value != nullptr;
    const bool is_label = operand->constraint == nullptr;
    const bool fits = section == kLabels ? is_label : section == kClobbers ? !is_operand && !is_label : is_operand;
    if (!fits) {
      const std::string_view seen = is_label ? "a name" : is_operand ? "an operand" : "a string without an operand";
      fault<diag::BadAsmSection>(operand->range, seen, kSectionNames[section]);
    }
  }
  push(operand);
}

void TreeActions::finish_asm_section(ast::AsmStmt *assembly, int section, Mark list) {
  const auto items = take<ast::AsmOperand>(list);
  assembly->is_extended = true;
  switch (section) {
    case kOutputs:
      assembly->outputs = items;
      break;
    case kInputs:
      assembly->inputs = items;
      break;
    case kClobbers: {
      for (const ast::AsmOperand *item : items) push(item->constraint);
      assembly->clobbers = take<ast::Expr>(list);
      break;
    }
    case kLabels: {
      std::vector<std::string_view> labels;
      for (const ast::AsmOperand *item : items) labels.push_back(item->symbolic_name);
      assembly->labels = arena->copy(labels);
      break;
    }
    default:
      fault<diag::BadAsmSection>(last_range(), "a fifth section", "operands");
      break;
  }
}

}  // namespace spile::parse
