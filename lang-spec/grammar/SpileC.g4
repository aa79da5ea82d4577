// The grammar of the language: restricted C for eBPF, as the parser that ANTLR makes from this file takes it.
//
// It is LL(1) everywhere: the generated parser decides by one token and never calls adaptivePredict (a test counts), which
// is what makes it fast. Five things bring C into that form:
//   * typedef names are tokens of their own (TypeName); the token stream classifies a name at the moment when it becomes
//     the next token, with the scopes exact at that point. After a type specifier, where C expects the name of what is
//     declared, an action calls expect_name() and names are no types until types_again();
//   * forms that begin alike are one rule that is split later (labels and expressions; casts, compound literals, statement
//     expressions and parentheses);
//   * tokens that the stream makes: `[[` as AttributeOpen, `_Atomic (` as AtomicType, `enum E :` as EnumColon, and NoElse
//     after the body of an `if` that has no `else`;
//   * binary operators are one flat rule; their precedence is applied by an operator stack;
//   * `__extension__` and the pragmas `pack`, `clang attribute` and `spile import` never reach the grammar.
// Rules give their result in members of the base class (expr_, stmt_, decl_, ...; frontend/parse/tree_actions.h), lists on
// a stack with marks. Actions are run once, in a single pass; in the second pass, after an error, nodes may be missing.
parser grammar SpileC;

options {
  tokenVocab = SpileTokens;
  superClass = TreeActions;
}

@parser::header {
#include "frontend/parse/tree_actions.h"
}
@parser::members {
  static void load_atn();  // only the error pass needs it
}
@parser::definitions {
void SpileC::load_atn() { static Initializer once; }
}

// ---------------------------------------------------------------- declarations

translationUnit
@init { const Mark list = mark(); }
  : ( { begin_external_declaration(); } externalDeclaration { push_external_declaration(); } )* EOF { finish_unit(list); }
  ;

externalDeclaration
@init { const Loc begin = here(); const Mark list = mark(); ast::DeclSpecs *s = nullptr; ast::Declarator *d = nullptr; }
  : declarationSpecifiers { s = specs_; }
    ( { types_again(); } ';' { finish_declaration(begin, s, list); }
    | declarator { d = declarator_; declare(d, s); } declaratorTail[d]
      ( functionBody[d] { finish_function(begin, s, d); }
      | initializerOpt[d] { push(init_declarator_); }
        ( ',' leadingAttributes { expect_name(); } initDeclarator[s] { push(init_declarator_); } )* ';'
        { finish_declaration(begin, s, list); }
      )
    )
  | staticAssertDeclaration
  | asmDeclaration
  | ';' { decl_ = make_decl(ast::Decl::Empty, begin); }
  ;

// Inside a function: what may not begin with an attribute, because a statement may (see attributedItem).
declaration[Mark attributes, Loc begin]
@init { Mark list = 0; ast::DeclSpecs *s = nullptr; }
  : specifiers[attributes, begin] { s = specs_; list = mark(); }
    ( initDeclarator[s] { push(init_declarator_); }
      ( ',' leadingAttributes { expect_name(); } initDeclarator[s] { push(init_declarator_); } )* )?
    { types_again(); } ';' { finish_declaration(begin, s, list); }
  ;

initDeclarator[ast::DeclSpecs *s]
@init { ast::Declarator *d = nullptr; }
  : declarator { d = declarator_; declare(d, s); } declaratorTail[d] initializerOpt[d]
  ;

// Before the second declarator and those after it, and after the parenthesis of a declarator: they belong to the
// declarator that follows.
leadingAttributes
@init { const Mark list = mark(); }
  : ( attribute )* { early_attributes_ = take<ast::Attribute>(list); }
  ;

declaratorTail[ast::Declarator *d]
@init { const Mark list = mark(); }
  : ( 'asm' '(' stringLiteral ')' { d->asm_label = expr_->text; } )? ( attribute )* { add_attributes(d, list); }
  ;

initializerOpt[ast::Declarator *d]
@init { ast::Expr *value = nullptr; }
  : ( '=' initializer { value = expr_; } )? { finish_init_declarator(d, value); }
  ;

functionBody[ast::Declarator *d]
@init { Scope scope(*this); declare_parameters(d); }
  : compoundStatement
  ;

staticAssertDeclaration
@init { const Loc begin = here(); ast::Expr *condition = nullptr; ast::Expr *message = nullptr; }
  : '_Static_assert' '(' assignmentExpression { condition = expr_; } ( ',' stringLiteral { message = expr_; } )? ')' ';'
    { finish_static_assert(begin, condition, message); }
  ;

asmDeclaration
@init { const Loc begin = here(); }
  : 'asm' ( 'volatile' | 'inline' )* '(' stringLiteral ')' ';' { finish_asm_declaration(begin); }
  ;

// ---------------------------------------------------------------- specifiers

declarationSpecifiers
@init { const Mark attributes = mark(); const Loc begin = here(); }
  : ( attribute )* specifiers[attributes, begin]
  ;

// The attributes that stood before are on the list stack from [attributes] on.
specifiers[Mark attributes, Loc begin]
@init { Specifiers s(*this, attributes, begin); }
  : specifier[&s] ( specifier[&s] | { s.begin_attribute(); } attribute { s.end_attribute(); } )* { specs_ = s.finish(); }
  ;

specifier[Specifiers *s]
  : ( 'typedef' | 'extern' | 'static' | 'register' | 'auto' | '_Thread_local' | 'inline' | '_Noreturn'
    | 'const' | 'volatile' | 'restrict' | '_Atomic'
    | 'void' | '_Bool' | 'char' | 'short' | 'int' | 'long' | 'float' | 'double' | 'signed' | 'unsigned'
    | '__int128' | '__int128_t' | '__uint128_t' | '__auto_type' | '__builtin_va_list' ) { s->word(); }
  | TypeName { s->type_name(); }
  | recordSpecifier { s->record(record_); }
  | enumSpecifier { s->enumeration(enumeration_); }
  | typeofSpecifier[s]
  | AtomicType { types_again(); } '(' typeName ')' { s->atomic(type_name_); }
  | alignmentSpecifier { s->end_attribute(); }
  ;

typeofSpecifier[Specifiers *s]
@init { NamesOnly off(*this); bool unqual = false; }
  : ( 'typeof' | '__typeof_unqual__' { unqual = true; } ) '('
    ( expression { s->typeof_expression(expr_, unqual); } | typeName { s->typeof_type(type_name_, unqual); } ) ')'
  ;

alignmentSpecifier
@init { NamesOnly off(*this); const Loc begin = here(); const Mark list = mark(); ast::TypeName *type = nullptr; }
  : '_Alignas' '(' ( typeName { type = type_name_; } | assignmentExpression { push(expr_); } ) ')'
    { finish_attribute(begin, "_Alignas", list, type); }
  ;

recordSpecifier
@init { const Loc begin = here(); const Mark list = mark(); ast::RecordSpec *r = make_record(); }
  : ( 'struct' | 'union' { r->is_union = true; } ) ( attribute )* { r->attributes = take<ast::Attribute>(list); }
    ( anyName { set_tag(r); } ( memberBlock[r] )? | memberBlock[r] )
    { r->range = {begin, last_end()}; record_ = r; }
  ;

memberBlock[ast::RecordSpec *r]
@init { const Mark list = mark(); RecordBody body(*this); }
  : { begin_members(r); } '{' { pass_over_members(r); } ( memberDeclaration { push(decl_); } )* { r->members = take<ast::Decl>(list); } '}'
  ;

memberDeclaration
@init { const Loc begin = here(); Mark list = 0; ast::DeclSpecs *s = nullptr; }
  : declarationSpecifiers { s = specs_; list = mark(); }
    ( memberDeclarator { push(init_declarator_); } ( ',' leadingAttributes { expect_name(); } memberDeclarator { push(init_declarator_); } )* )?
    { types_again(); semicolon_before_brace(); } ';' { finish_members(begin, s, list); }
  | staticAssertDeclaration
  | ';' { decl_ = make_decl(ast::Decl::Empty, begin); }
  ;

memberDeclarator
@init { ast::Declarator *d = nullptr; ast::Expr *width = nullptr; Mark list = 0; }
  : ( declarator { d = declarator_; } ( bitWidth { width = expr_; } )?
    | { d = make_declarator(); } bitWidth { width = expr_; } )
    { list = mark(); } ( attribute )* { add_attributes(d, list); finish_member_declarator(d, width); }
  ;

bitWidth : { types_again(); } ':' assignmentExpression ;

enumSpecifier
@init { const Loc begin = here(); const Mark list = mark(); ast::EnumSpec *e = make_enum(); }
  : 'enum' ( attribute )* { e->attributes = take<ast::Attribute>(list); mark_enum_colon(); }
    ( anyName { set_tag(e); mark_enum_colon(); } ( enumFixedType[e] enumeratorBlock[e] | enumeratorBlock[e] )?
    | ( enumFixedType[e] )? enumeratorBlock[e] )
    { e->range = {begin, last_end()}; enumeration_ = e; }
  ;

// enum E : u8 { ... } (C23)
enumFixedType[ast::EnumSpec *e]
@init { const Loc begin = here(); Specifiers s(*this, mark(), begin); }
  : EnumColon
    ( ( 'const' | 'volatile' | '_Bool' | 'char' | 'short' | 'int' | 'long' | 'signed' | 'unsigned' | '__int128' ) { s.word(); }
    | TypeName { s.type_name(); } )+
    { types_again(); finish_type_name(begin, s.finish(), make_declarator()); e->fixed_type = type_name_; }
  ;

enumeratorBlock[ast::EnumSpec *e]
@init { const Mark list = mark(); NamesOnly off(*this); }
  : { e->has_body = true; } '{' ( enumerator ( ',' ( enumerator )? )* )? { e->enumerators = take<ast::Enumerator>(list); } '}'
  ;

enumerator
@init { ast::Enumerator *e = make_enumerator(); Mark list = 0; }
  : anyName { e->name = last_text(); e->range = last_range(); hide_type(); list = mark(); }
    ( attribute )* { e->attributes = take<ast::Attribute>(list); }
    ( '=' assignmentExpression { e->value = expr_; e->range.end = last_end(); } )? { push(e); }
  ;

// ---------------------------------------------------------------- attributes

// Leaves its attributes on the list stack.
attribute
@init { NamesOnly off(*this); }
  : '__attribute__' '(' '(' ( attributeItem )? ( ',' ( attributeItem )? )* ')' ')'
  | AttributeOpen ( attributeItem )? ( ',' ( attributeItem )? )* ']' ']'
  ;

attributeItem
@init { const Loc begin = here(); std::string_view name; ast::TypeName *type = nullptr; const Mark list = mark(); }
  : attributeWord { name = last_text(); } ( ':' ':' attributeWord { name = last_text(); } )?
    ( '(' ( attributeArgument[&type] ( ',' attributeArgument[&type] )* )? ')' )?
    { finish_attribute(begin, name, list, type); }
  ;

attributeArgument[ast::TypeName **type]
  : assignmentExpression { push(expr_); }
  | typeName { *type = type_name_; }
  ;

attributeWord
  : Identifier | TypeName | 'const' | 'volatile' | 'restrict' | 'inline' | '_Noreturn' | 'signed' | 'unsigned' | 'static'
  ;

anyName : Identifier | TypeName ;

// ---------------------------------------------------------------- declarators

declarator
@init { ast::Declarator *d = make_declarator(); const Mark parts = mark(); const Loc begin = here(); }
  : directDeclarator[d] { finish_declarator(d, parts, begin); }
  ;

// Leaves its parts on the list stack, from the name outwards.
directDeclarator[ast::Declarator *d]
@init { ast::List<ast::DeclaratorPart> pointers; const Mark list = mark(); }
  : ( pointerList { pointers = take<ast::DeclaratorPart>(list); } )?
    ( Identifier { set_name(d); types_again(); }
    | '(' leadingAttributes { add_early_attributes(d); } directDeclarator[d] ')' )
    ( declaratorSuffix )* { push_reversed(pointers); }
  ;

pointerList
@init { ast::DeclaratorPart *part = nullptr; Mark list = 0; }
  : ( '*' { part = make_part(ast::DeclaratorPart::Pointer); expect_name(); list = mark(); }
      ( ( 'const' | 'volatile' | 'restrict' | '_Atomic' ) { part->qualifiers |= last_qualifier(); } | attribute )*
      { part->attributes = take<ast::Attribute>(list); part->range.end = last_end(); push(part); } )+
  ;

declaratorSuffix : arraySuffix | functionSuffix ;

arraySuffix
@init { ast::DeclaratorPart *part = nullptr; }
  : { part = begin_part(ast::DeclaratorPart::Array); } '['
    ( 'static' { part->is_static = true; } | ( 'const' | 'volatile' | 'restrict' ) { part->qualifiers |= last_qualifier(); } )*
    ( assignmentExpression { part->size = expr_; } )? ']' { finish_part(part); }
  ;

functionSuffix
@init { Scope scope(*this); ast::DeclaratorPart *part = nullptr; }
  : { part = begin_part(ast::DeclaratorPart::Function); } '(' parameterList[part] ')' { finish_part(part); }
  ;

parameterList[ast::DeclaratorPart *part]
@init { const Mark list = mark(); bool is_variadic = false; }
  : ( parameter { push(param_); }
      ( ',' ( parameter { push(param_); } | '...' { is_variadic = true; require_end_of_parameters(); } ) )* )?
    { finish_parameters(part, list, is_variadic); }
  ;

parameter
@init { const Loc begin = here(); ast::DeclSpecs *s = nullptr; ast::Declarator *d = make_declarator(); }
  : declarationSpecifiers { s = specs_; } ( anyDeclarator[d] )? { types_again(); finish_parameter(begin, s, d); }
  ;

typeName
@init { const Loc begin = here(); ast::DeclSpecs *s = nullptr; ast::Declarator *d = make_declarator(); }
  : declarationSpecifiers { s = specs_; } ( anyDeclarator[d] )? { types_again(); finish_type_name(begin, s, d); }
  ;

// With a name or abstract; which of the two is for sema to judge.
anyDeclarator[ast::Declarator *d]
@init { const Mark parts = mark(); const Loc begin = here(); }
  : directAnyDeclarator[d] { finish_any_declarator(d, parts, begin); }
  ;

directAnyDeclarator[ast::Declarator *d]
@init { ast::List<ast::DeclaratorPart> pointers; const Mark list = mark(); }
  : ( pointerList { pointers = take<ast::DeclaratorPart>(list); } ( anyDeclaratorCore[d] )? | anyDeclaratorCore[d] )
    { push_reversed(pointers); }
  ;

anyDeclaratorCore[ast::Declarator *d]
@init { ast::DeclaratorPart *part = nullptr; Mark attributes = 0; }
  : ( Identifier { set_name(d); types_again(); }
    | { part = begin_part(ast::DeclaratorPart::Function); } '(' parenthesizedDeclarator[d, part]
    | arraySuffix )
    ( declaratorSuffix )* { attributes = mark(); } ( attribute )* { add_attributes(d, attributes); }
  ;

// A name that is a type begins a parameter list here, never a declarator (C11 6.7.6.3 p11).
parenthesizedDeclarator[ast::Declarator *d, ast::DeclaratorPart *part]
@init { Scope scope(*this); }
  : directAnyDeclarator[d] ')'
  | parameterList[part] ')' { finish_part(part); }
  ;

// ---------------------------------------------------------------- initializers

initializer : assignmentExpression | bracedInitializer ;

bracedInitializer
@init { const Loc begin = here(); const Mark list = mark(); }
  : '{' ( initializerItem ( ',' ( initializerItem )? )* )? '}' { finish_initializer_list(begin, list); }
  ;

initializerItem
@init { const Mark list = mark(); ast::Expr *field = nullptr; }
  : ( designator )+ '=' initializer { finish_initializer_item(list, expr_); }
  | assignmentExpression
    ( { field = expr_; } ':' initializer { push_field_designator(field); finish_initializer_item(list, expr_); }
    | { finish_initializer_item(list, expr_); } )
  | bracedInitializer { finish_initializer_item(list, expr_); }
  ;

designator
@init { ast::Designator *d = make_designator(); }
  : '[' assignmentExpression { d->index = expr_; } ( '...' assignmentExpression { d->index_end = expr_; } )? ']'
    { finish_designator(d); }
  | '.' anyName { d->field = last_text(); finish_designator(d); }
  ;

// ---------------------------------------------------------------- statements

compoundStatement
@init { const Loc begin = here(); const Mark list = mark(); Scope scope(*this); RecordBody body(*this, false);
        DepthOfBlock depth(*this); }
  : '{' ( blockItem { push(stmt_); } )* '}' { finish_compound(begin, list); }
  ;

blockItem
  : localLabels
  | caseLabels
  | item
  ;

item
@init { const Mark attributes = mark(); const Loc begin = here(); }
  : declaration[attributes, begin] { stmt_ = make_declaration_statement(decl_); }
  | staticAssertDeclaration { stmt_ = make_declaration_statement(decl_); }
  | attributedItem
  | plainStatement
  ;

attributedItem
@init { const Mark attributes = mark(); const Loc begin = here(); }
  : ( attribute )+
    ( declaration[attributes, begin] { stmt_ = make_declaration_statement(decl_); }
    | { statement_attributes(attributes); } plainStatement { attach_attributes(begin); } )
  ;

statement
  : caseLabels
  | plainStatement
  | attributedItem
  ;

// As many labels as stand in a row, without recursion: generated switches have thousands.
caseLabels
@init { const Mark list = mark(); }
  : ( caseLabel { push(stmt_); } )+ { semicolon_before_brace(); } item { nest_labels(list); }
  ;

// GNU: labels of this block alone, so that a macro with labels can be used twice in a function.
localLabels
@init { const Mark list = mark(); ast::Stmt *s = nullptr; }
  : '__label__' { s = make_stmt(ast::Stmt::Empty); } anyName { push_label_name(); } ( ',' anyName { push_label_name(); } )* ';'
    { finish_local_labels(s, list); }
  ;

caseLabel
@init { ast::Stmt *s = nullptr; }
  : 'case' { s = make_stmt(ast::Stmt::Case); } assignmentExpression { s->expr = expr_; }
    ( '...' assignmentExpression { s->case_end = expr_; } )? ':' { finish_label(s); }
  | 'default' { s = make_stmt(ast::Stmt::Default); } ':' { finish_label(s); }
  ;

plainStatement
  : compoundStatement
  | ifStatement
  | switchStatement
  | whileStatement
  | doStatement
  | forStatement
  | jumpStatement
  | asmStatement
  | unrolledLoop
  | expressionStatement
  | ';' { stmt_ = make_stmt(ast::Stmt::Empty); }
  ;

ifStatement
@init { ast::Stmt *s = nullptr; }
  : 'if' { s = make_stmt(ast::Stmt::If); } '(' expression { s->expr = expr_; } ')' statement { s->body = stmt_; mark_else(); }
    ( 'else' statement { s->else_body = stmt_; } | NoElse ) { finish_stmt(s); }
  ;

switchStatement
@init { ast::Stmt *s = nullptr; }
  : 'switch' { s = make_stmt(ast::Stmt::Switch); } '(' expression { s->expr = expr_; } ')' statement
    { s->body = stmt_; finish_stmt(s); }
  ;

whileStatement
@init { ast::Stmt *s = nullptr; }
  : 'while' { s = make_stmt(ast::Stmt::While); } '(' expression { s->expr = expr_; } ')' statement
    { s->body = stmt_; finish_stmt(s); }
  ;

doStatement
@init { ast::Stmt *s = nullptr; }
  : 'do' { s = make_stmt(ast::Stmt::DoWhile); } statement { s->body = stmt_; }
    'while' '(' expression { s->expr = expr_; } ')' ';' { finish_stmt(s); }
  ;

forStatement
@init { ast::Stmt *s = nullptr; Scope scope(*this); }
  : 'for' { s = make_stmt(ast::Stmt::For); } '(' forInit { s->init = stmt_; }
    ( expression { s->expr = expr_; } )? ';' ( expression { s->step = expr_; } )? ')' statement
    { s->body = stmt_; finish_stmt(s); }
  ;

forInit
@init { const Mark attributes = mark(); const Loc begin = here(); }
  : ( attribute )* declaration[attributes, begin] { stmt_ = make_declaration_statement(decl_); }
  | expression { stmt_ = make_expression_statement(expr_); } ';'
  | ';' { stmt_ = nullptr; }
  ;

jumpStatement
@init { ast::Stmt *s = nullptr; }
  : 'goto' { s = make_stmt(ast::Stmt::Goto); }
    ( anyName { s->label = last_text(); s->label_range = last_range(); } | '*' expression { s->expr = expr_; } ) ';' { finish_stmt(s); }
  | 'continue' { s = make_stmt(ast::Stmt::Continue); } ';' { finish_stmt(s); }
  | 'break' { s = make_stmt(ast::Stmt::Break); } ';' { finish_stmt(s); }
  | 'return' { s = make_stmt(ast::Stmt::Return); } ( expression { s->expr = expr_; } )? ';' { finish_stmt(s); }
  ;

// An expression; or a label, which begins like one.
expressionStatement
@init { ast::Stmt *s = nullptr; }
  : expression { s = make_expression_statement(expr_); }
    ( ';' { finish_stmt(s); }
    | ':' { begin_label(s); semicolon_before_brace(); } blockItem { s->body = stmt_; finish_stmt(s); } )
  ;

unrolledLoop
@init { int32_t count = 0; Loc at; }
  : PragmaUnroll { count = unroll_count(); at = last_range().begin; } statement { set_unroll(count, at); }
  ;

asmStatement
@init { ast::Stmt *s = nullptr; ast::AsmStmt *a = nullptr; int section = 0; Mark list = 0; }
  : 'asm' { s = make_stmt(ast::Stmt::Asm); a = make_asm(s); }
    ( 'volatile' { a->is_volatile = true; } | 'goto' { a->is_goto = true; } | 'inline' )*
    '(' stringLiteral { set_asm_text(a); }
    ( ':' { section++; list = mark(); } ( asmItem[section] ( ',' asmItem[section] )* )? { finish_asm_section(a, section, list); } )*
    ')' ';' { finish_stmt(s); }
  ;

asmItem[int section]
@init { ast::AsmOperand *operand = make_operand(); }
  : ( '[' anyName { operand->symbolic_name = last_text(); } ']' )? stringLiteral { operand->constraint = expr_; }
    ( '(' expression { operand->value = expr_; } ')' )? { finish_asm_item(operand, section); }
  | anyName { operand->symbolic_name = last_text(); finish_asm_item(operand, section); }
  ;

// ---------------------------------------------------------------- expressions

expression
@init { ast::Expr *left = nullptr; }
  : assignmentExpression
    ( ',' { left = begin_binary(expr_, ast::BinaryOp::Comma); } assignmentExpression { left->b = expr_; expr_ = finish(left); } )*
  ;

assignmentExpression
@init { ast::Expr *e = nullptr; }
  : binaryExpression
    ( '?' { e = begin_conditional(expr_); } ( expression { e->b = expr_; } )? ':' conditionalTail { e->c = expr_; expr_ = finish(e); } )?
    ( ( '=' | '*=' | '/=' | '%=' | '+=' | '-=' | '<<=' | '>>=' | '&=' | '^=' | '|=' ) { e = begin_assignment(expr_); }
      assignmentExpression { e->b = expr_; expr_ = finish(e); } )?
  ;

conditionalTail
@init { ast::Expr *e = nullptr; }
  : binaryExpression
    ( '?' { e = begin_conditional(expr_); } ( expression { e->b = expr_; } )? ':' conditionalTail { e->c = expr_; expr_ = finish(e); } )?
  ;

binaryExpression
@init { BinaryChain chain(*this); }
  : unaryExpression { chain.operand(expr_); }
    ( ( '*' | '/' | '%' | '+' | '-' | '<<' | '>>' | '<' | '>' | '<=' | '>=' | '==' | '!=' | '&' | '^' | '|' | '&&' | '||' )
      { chain.binary_operator(); } unaryExpression { chain.operand(expr_); } )*
    { expr_ = chain.finish(); }
  ;

unaryExpression
@init { const Loc begin = here(); }
  : '(' parenthesizedTail[begin]
  | unaryWithoutParen
  ;

unaryWithoutParen
@init { ast::Expr *e = nullptr; }
  : ( '++' | '--' | '&' | '*' | '+' | '-' | '~' | '!' | '__real__' | '__imag__' ) { e = begin_unary(); }
    unaryExpression { e->a = expr_; expr_ = finish(e); }
  | '&&' { e = begin_expr(ast::Expr::LabelAddress); } anyName { e->text = last_text(); expr_ = finish(e); }
  | 'sizeof' { e = begin_expr(ast::Expr::SizeofExpr); }
    ( '(' sizeofTail[e] | unaryWithoutParen { e->a = expr_; } ) { expr_ = finish(e); }
  | '_Alignof' { e = begin_expr(ast::Expr::AlignofExpr); }
    ( '(' sizeofTail[e] | unaryWithoutParen { e->a = expr_; } ) { expr_ = finish(e); }
  | primaryExpression ( postfixOperator )*
  ;

// After `sizeof (` and `_Alignof (`.
sizeofTail[ast::Expr *e]
@init { const Loc begin = last_range().begin; ast::TypeName *type = nullptr; }
  : typeName { type = type_name_; } ')' { size_of_type(e, type); }
    ( bracedInitializer { expr_ = make_compound_literal(begin, type, expr_); } ( postfixOperator )* { size_of_expression(e); } )?
  | expression ')' { mark_paren(begin); } ( postfixOperator )* { size_of_expression(e); }
  | compoundStatement ')' { expr_ = make_statement_expression(begin); } ( postfixOperator )* { size_of_expression(e); }
  ;

// After `(`: a cast, a compound literal, a parenthesized expression, a statement expression.
parenthesizedTail[Loc begin]
@init { ast::TypeName *type = nullptr; ast::Expr *e = nullptr; }
  : typeName { type = type_name_; } ')'
    ( bracedInitializer { expr_ = make_compound_literal(begin, type, expr_); } ( postfixOperator )*
    | { e = begin_cast(begin, type); } unaryExpression { e->a = expr_; expr_ = finish(e); } )
  | expression ')' { mark_paren(begin); } ( postfixOperator )*
  | compoundStatement ')' { expr_ = make_statement_expression(begin); } ( postfixOperator )*
  ;

postfixOperator
@init { ast::Expr *e = nullptr; Mark list = 0; }
  : '[' { e = begin_postfix(ast::Expr::Index); } expression { e->b = expr_; } ']' { expr_ = finish(e); }
  | '(' { e = begin_postfix(ast::Expr::Call); list = mark(); }
    ( assignmentExpression { push(expr_); } ( ',' assignmentExpression { push(expr_); } )* )? ')'
    { e->args = take<ast::Expr>(list); expr_ = finish(e); }
  | ( '.' | '->' ) { e = begin_member(); } anyName { e->text = last_text(); expr_ = finish(e); }
  | ( '++' | '--' ) { expr_ = make_post_increment(); }
  ;

primaryExpression
@init { ast::Expr *e = nullptr; Mark list = 0; }
  : Identifier { expr_ = make_leaf(ast::Expr::Identifier); }
  | IntegerLiteral { expr_ = make_leaf(ast::Expr::IntegerLit); }
  | CharLiteral { expr_ = make_leaf(ast::Expr::CharLit); }
  | FloatLiteral { expr_ = make_leaf(ast::Expr::FloatLit); }
  | stringLiteral
  | '_Generic' { e = begin_expr(ast::Expr::Generic); list = mark(); } '(' assignmentExpression { e->a = expr_; }
    ( ',' genericAssociation )+ ')' { e->associations = take<ast::GenericAssociation>(list); expr_ = finish(e); }
  | '__builtin_offsetof' { e = begin_expr(ast::Expr::Offsetof); list = mark(); } '(' typeName { e->type_name = type_name_; }
    ',' anyName { push_offsetof_field(); } ( '.' anyName { push_offsetof_field(); } | '[' expression ']' { push_offsetof_index(expr_); } )*
    ')' { e->steps = take<ast::OffsetofStep>(list); expr_ = finish(e); }
  | '__builtin_va_arg' { e = begin_expr(ast::Expr::VaArg); } '(' assignmentExpression { e->a = expr_; } ',' typeName
    { e->type_name = type_name_; } ')' { expr_ = finish(e); }
  | '__builtin_types_compatible_p' { e = begin_expr(ast::Expr::TypesCompatible); } '(' typeName { e->type_name = type_name_; }
    ',' typeName { e->type_name2 = type_name_; } ')' { expr_ = finish(e); }
  | '__builtin_choose_expr' { e = begin_expr(ast::Expr::ChooseExpr); } '(' assignmentExpression { e->a = expr_; }
    ',' assignmentExpression { e->b = expr_; } ',' assignmentExpression { e->c = expr_; } ')' { expr_ = finish(e); }
  ;

genericAssociation
@init { ast::GenericAssociation *g = make_association(); }
  : ( typeName { g->type = type_name_; } | 'default' ) ':' assignmentExpression { g->value = expr_; push(g); }
  ;

stringLiteral
@init { const Loc begin = here(); const Mark list = mark(); }
  : ( StringLiteral { push_piece(); } )+ { finish_string(begin, list); }
  ;
