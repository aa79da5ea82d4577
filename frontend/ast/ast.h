// The syntax tree of one translation unit, as the parser builds it: arena nodes, raw pointers, nothing resolved.
//
// Sema fills the fields marked "sema": the type and value category of expressions, what names refer to, implicit
// conversions (ImplicitCast nodes), values of constant expressions. Nodes keep the range of their tokens.
// Operators are identified by the enums here, never by token numbers, so that only parse/ knows ANTLR.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "support/source.h"

namespace spile::types {
struct Type;  // frontend/types/types.h
}
namespace spile::sema {
struct Symbol;  // frontend/sema/symbol.h
struct Label;
struct Initializer;
}  // namespace spile::sema

namespace spile::ast {

struct Expr;
struct Stmt;
struct Declarator;
struct TypeName;
struct InitList;

template <class T>
using List = std::span<T *>;

// ---------------------------------------------------------------- attributes

// __attribute__((name(args...))), and the words that are attributes of their own: _Alignas, _Noreturn.
struct Attribute {
  Range range;
  std::string_view name;         // without leading and trailing "__": section, packed, aligned, always_inline, ...
  List<Expr> args;               // strings, constants or identifiers
  TypeName *type_arg = nullptr;  // _Alignas(type)
};

// ---------------------------------------------------------------- types as written

enum class Storage : uint8_t { None, Typedef, Extern, Static, Register, Auto, ThreadLocal };
enum Qualifier : uint8_t { kConst = 1, kVolatile = 2, kRestrict = 4, kAtomic = 8 };
// How often each word stood in the specifiers; sema decides whether the mixture means a type.
struct BaseWords {
  uint8_t void_ = 0, bool_ = 0, char_ = 0, short_ = 0, int_ = 0, long_ = 0, float_ = 0, double_ = 0, signed_ = 0,
          unsigned_ = 0, int128_ = 0, auto_type = 0, va_list = 0;
};

struct Enumerator {
  Range range;
  std::string_view name;
  Expr *value = nullptr;  // null: one more than the last
  List<Attribute> attributes;
};
struct EnumSpec {
  Range range;
  std::string_view tag;  // empty: anonymous
  bool has_body = false;
  List<Enumerator> enumerators;
  TypeName *fixed_type = nullptr;  // enum E : u8 (C23)
  List<Attribute> attributes;
};
struct Decl;
struct RecordSpec;
// The members of a record of a header, passed over by the parser until somebody asks for them: most of what a header
// like vmlinux.h defines nobody does.
class LazyMembers {
 public:
  LazyMembers() = default;
  LazyMembers(const LazyMembers &) = delete;
  // Fills record.members. False when they have a syntax error, which is then reported.
  virtual bool read(RecordSpec &record) = 0;

 protected:
  ~LazyMembers() = default;
};
struct RecordSpec {
  Range range;
  bool is_union = false;
  std::string_view tag;
  Range tag_range;
  bool has_body = false;
  List<Decl> members;           // Decl::Members and Decl::StaticAssert
  LazyMembers *lazy = nullptr;  // set: [members] are still to be read
  uint32_t first_token = 0;     // lazy: the place of the opening brace among the tokens
  uint32_t pack = 0;            // the #pragma pack in force at its body: no member is aligned to more bytes; 0: none
  List<Attribute> attributes;
};

struct DeclSpecs {
  Range range;
  Storage storage = Storage::None;
  bool is_inline = false, is_noreturn = false;
  uint8_t qualifiers = 0;
  BaseWords words;
  std::string_view typedef_name;  // with typedef_range; one of these five names the base type, or the words do
  Range typedef_range;
  RecordSpec *record = nullptr;
  EnumSpec *enumeration = nullptr;
  Expr *typeof_expr = nullptr;
  TypeName *typeof_type = nullptr;
  bool typeof_unqual = false;
  List<Attribute> attributes;
};

// One piece of a declarator. They stand in the order in which the type is read from the name outwards:
// `int *(*f[3])(int)` has Array 3, Pointer, Function (int), Pointer.
struct DeclaratorPart {
  enum Kind : uint8_t { Pointer, Array, Function } kind = Pointer;
  Range range;
  uint8_t qualifiers = 0;               // Pointer; Array in a parameter
  List<Attribute> attributes;           // Pointer: btf_type_tag, address_space
  Expr *size = nullptr;                 // Array; null: []
  bool is_static = false;               // Array [static N]
  struct Parameters *params = nullptr;  // Function
};
struct Declarator {
  Range range;
  std::string_view name;     // empty: abstract
  uint32_t name_number = 0;  // the preprocessor's number for it (pp::Token::name)
  Range name_range;
  List<DeclaratorPart> parts;
  List<Attribute> attributes;
  std::string_view asm_label;
};
struct TypeName {
  Range range;
  DeclSpecs *specs = nullptr;
  Declarator *declarator = nullptr;   // never null; abstract
  const types::Type *type = nullptr;  // sema
};
struct Param {
  Range range;
  DeclSpecs *specs = nullptr;
  Declarator *declarator = nullptr;  // never null
  sema::Symbol *symbol = nullptr;    // sema
};
struct Parameters {
  List<Param> params;
  bool is_variadic = false;
  bool is_empty_parens = false;  // () and not (void)
};

// ---------------------------------------------------------------- declarations

struct InitDeclarator {
  Declarator *declarator = nullptr;
  Expr *init = nullptr;            // an InitList for { ... }
  Expr *bit_width = nullptr;       // members
  sema::Symbol *symbol = nullptr;  // sema
};
struct Decl {
  enum Kind : uint8_t { Variables, Function, Members, StaticAssert, Asm, Import, Empty } kind = Empty;
  Range range;
  DeclSpecs *specs = nullptr;        // Variables, Function, Members
  List<InitDeclarator> declarators;  // Variables, Members; one for Function
  Stmt *body = nullptr;              // Function
  Expr *condition = nullptr;         // StaticAssert
  Expr *message = nullptr;           // StaticAssert; may be null. Asm: its text
  bool lacks_semicolon = false;      // Members: the last of a record
  std::string_view module;           // Import: whose names can be used from here on (frontend/btf)
};
// Declarations of headers that were left unread (pp/postponed.h), until somebody asks for a name that they declare.
class PostponedDeclarations {
 public:
  PostponedDeclarations() = default;
  PostponedDeclarations(const PostponedDeclarations &) = delete;
  // What declares [name], as a tag or otherwise, in the order of the source; nothing the second time. [with_earlier]:
  // and all that stands before it and was not asked for.
  virtual List<Decl> take(std::string_view name, bool with_earlier) = 0;
  // Those that declare names which only expanding macros tells, in the order of the source; nothing the second time.
  virtual List<Decl> take_macros() = 0;
  // Whether `struct tag`, `union tag` or `enum tag` stands in one of them.
  virtual bool mentions_tag(std::string_view tag) const = 0;
  // Adds the names of functions, variables and enumerators.
  virtual void add_names(std::vector<std::string_view> &names) const = 0;
  // Adds the tags.
  virtual void add_tags(std::vector<std::string_view> &tags) const = 0;

 protected:
  ~PostponedDeclarations() = default;
};
struct TranslationUnit {
  List<Decl> decls;
  PostponedDeclarations *postponed = nullptr;  // null: there are none
};

// ---------------------------------------------------------------- statements

struct AsmOperand {
  Range range;
  std::string_view symbolic_name;  // [name]
  Expr *constraint = nullptr;      // StringLit
  Expr *value = nullptr;
  // sema: what the constraint says
  enum Place : uint8_t { Register, Immediate, RegisterOrImmediate, Memory } place = Register;
  bool is_written = false, is_read = false, is_early = false, is_narrow = false, may_be_memory = false;
  int32_t tied = -1;  // an input in the register of this output
};
struct AsmStmt {
  bool is_volatile = false, is_goto = false;
  bool is_extended = false;  // has a colon: `%` means something
  Expr *text = nullptr;      // StringLit
  std::span<Loc> text_locs;  // of its pieces
  List<AsmOperand> outputs, inputs;
  List<Expr> clobbers;
  std::span<std::string_view> labels;
  // sema
  std::string_view plain_text;  // with %[n] for operands (outputs, then inputs that are not tied) and %l[n] for labels
  std::span<Loc> plain_locs;    // of each of its bytes
  List<AsmOperand> symbols;     // functions and variables that the text names; operands behind the inputs
  std::span<sema::Label *> targets;
  uint16_t clobbered = 0;  // bit n: rn
  bool clobbers_memory = false;
};
struct Stmt {
  enum Kind : uint8_t {
    Compound,
    Expression,
    Declaration,
    If,
    Switch,
    While,
    DoWhile,
    For,
    Case,
    Default,
    Label,
    Goto,
    Continue,
    Break,
    Return,
    Asm,
    Empty,
  } kind = Empty;
  Range range;
  List<Stmt> items;          // Compound
  Expr *expr = nullptr;      // Expression; condition of If, Switch, loops; value of Case, Return
  Expr *case_end = nullptr;  // Case lo ... hi
  Decl *decl = nullptr;      // Declaration
  Stmt *init = nullptr;      // For: Declaration, Expression or null
  Expr *step = nullptr;      // For
  Stmt *body = nullptr;      // then, loop body, labelled statement
  Stmt *else_body = nullptr;
  std::string_view label;                    // Label, Goto
  std::span<std::string_view> local_labels;  // Empty, when it is GNU's `__label__ a, b;`
  Range label_range;
  AsmStmt *assembly = nullptr;
  List<Attribute> attributes;           // fallthrough, and those of labels
  int32_t unroll = 0;                   // loops: #pragma unroll; 0 none, -1 full, n a count
  const types::Type *type = nullptr;    // sema: Switch, the promoted type of its condition
  int64_t case_low = 0, case_high = 0;  // sema
  sema::Label *target = nullptr;        // sema: Label, Goto
};

// ---------------------------------------------------------------- expressions

enum class UnaryOp : uint8_t {
  Plus,
  Minus,
  BitNot,
  Not,
  Deref,
  AddressOf,
  PreInc,
  PreDec,
  PostInc,
  PostDec,
  Extension,
  Real,
  Imag
};
enum class BinaryOp : uint8_t {
  Mul,
  Div,
  Mod,
  Add,
  Sub,
  Shl,
  Shr,
  Lt,
  Gt,
  Le,
  Ge,
  Eq,
  Ne,
  BitAnd,
  BitXor,
  BitOr,
  LogAnd,
  LogOr,
  Comma,
};
enum class AssignOp : uint8_t { Assign, Mul, Div, Mod, Add, Sub, Shl, Shr, BitAnd, BitXor, BitOr };
enum class CastKind : uint8_t {  // sema, for Cast and ImplicitCast
  NoOp,
  LvalueToRvalue,
  ArrayToPointer,
  FunctionToPointer,
  IntegerToInteger,
  IntegerToBool,
  PointerToBool,
  PointerToInteger,
  IntegerToPointer,
  PointerToPointer,
  ToVoid,
  ToUnion,
};

struct Designator {
  Range range;
  std::string_view field;                       // .field
  Expr *index = nullptr, *index_end = nullptr;  // [index], [index ... index_end]
};
struct InitItem {
  List<Designator> designators;
  Expr *value = nullptr;
};
struct GenericAssociation {
  TypeName *type = nullptr;  // null: default
  Expr *value = nullptr;
};
struct OffsetofStep {
  std::string_view field;
  Expr *index = nullptr;
  Range range;
};

struct Expr {
  enum Kind : uint8_t {
    Identifier,
    IntegerLit,
    CharLit,
    StringLit,
    FloatLit,
    Unary,
    Binary,
    Assign,
    Conditional,
    Cast,
    CompoundLit,
    SizeofExpr,
    SizeofType,
    AlignofType,
    AlignofExpr,
    Index,
    Call,
    Member,
    StmtExpr,
    Offsetof,
    Generic,
    InitList,
    LabelAddress,
    VaArg,
    TypesCompatible,
    ChooseExpr,
    ImplicitCast,  // sema
  } kind = Identifier;
  Range range;
  Loc op_loc;              // the operator, the dot, the opening bracket or parenthesis: where the caret goes
  std::string_view text;   // Identifier: its name. Literals: their spelling. Member: the field. LabelAddress: the label
  union {                  // by kind
    List<Expr> args{};     // Call
    List<InitItem> items;  // InitList
    List<GenericAssociation> associations;  // Generic
    List<OffsetofStep> steps;               // Offsetof
    std::span<std::string_view> pieces;     // StringLit: each literal as spelled, with quotes and prefix
  };
  union {
    UnaryOp unary;
    BinaryOp binary;
    AssignOp assign;
  } op{};
  bool is_arrow = false;           // Member
  bool is_paren = false;           // stood in parentheses
  uint16_t depth = 0;              // levels of expressions below it; the parser bounds it, so walking may recurse
  Expr *a = nullptr;               // operand; left; condition; callee; base
  Expr *b = nullptr;               // right; then (null in a ?: c); index
  Expr *c = nullptr;               // else
  TypeName *type_name = nullptr;   // Cast, CompoundLit, Sizeof, Alignof, Offsetof, VaArg, TypesCompatible
  TypeName *type_name2 = nullptr;  // TypesCompatible
  Stmt *body = nullptr;            // StmtExpr

  // sema
  const types::Type *type = nullptr;
  bool is_lvalue = false;
  bool is_constant = false;  // [value] holds: an integer constant expression
  bool is_number = false;    // [value] holds the bits of a double: a floating constant expression
  CastKind cast = CastKind::NoOp;
  int64_t value = 0;
  sema::Symbol *symbol = nullptr;                  // Identifier: what it names. Member: null; see field
  const struct FieldRef *field = nullptr;          // Member: the field, through anonymous members
  Expr *chosen = nullptr;                          // Generic, ChooseExpr: the selected expression
  std::string_view bytes;                          // StringLit: the decoded bytes, without the terminating zero
  const sema::Initializer *initializer = nullptr;  // CompoundLit: what it holds
};

// [e] as it was written, without the conversions that sema put around it; and without those that the program wrote.
inline const Expr *without_implicit_casts(const Expr *e) {
  while (e->kind == Expr::ImplicitCast) e = e->a;
  return e;
}
inline const Expr *without_casts(const Expr *e) {
  while (e->kind == Expr::ImplicitCast || e->kind == Expr::Cast) e = e->a;
  return e;
}

// sema: where a member lies in its record, anonymous members added up.
struct FieldRef {
  uint64_t offset = 0;                     // bytes
  uint32_t bit_offset = 0, bit_width = 0;  // within the storage unit at offset; 0 width: not a bitfield
  uint32_t unit_bytes = 0;  // of a bitfield's storage unit: 1, 2, 4, 8; 0: it lies across units, bytes from [offset] on
};

}  // namespace spile::ast
