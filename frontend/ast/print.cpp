#include "frontend/ast/print.h"

namespace spile::ast {

namespace {

constexpr std::string_view kUnaryNames[] = {
    "+", "-", "~", "!", "*", "&", "++", "--", "post++", "post--", "__extension__", "__real__", "__imag__"};
constexpr std::string_view kBinaryNames[] = {
    "*", "/", "%", "+", "-", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&", "^", "|", "&&", "||", ","};
constexpr std::string_view kAssignNames[] = {"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="};
constexpr std::string_view kStorageNames[] = {"", "typedef", "extern", "static", "register", "auto", "_Thread_local"};

class Printer {
 public:
  std::string out;

  void unit(const TranslationUnit &u) {
    open("unit");
    for (const Decl *d : u.decls) line(), decl(*d);
    close();
  }

  // ---------------------------------------------------------------- declarations

  void decl(const Decl &d) {
    switch (d.kind) {
      case Decl::Empty:
        text("(empty)");
        break;
      case Decl::Import:
        text("(import "), text(d.module), text(")");
        break;
      case Decl::StaticAssert:
        open("static_assert ");
        expr(*d.condition);
        if (d.message != nullptr) text(" "), expr(*d.message);
        close();
        break;
      case Decl::Asm:
        open("asm ");
        expr(*d.message);
        close();
        break;
      case Decl::Function:
        open("function ");
        declarator(*d.specs, *d.declarators[0]->declarator);
        line();
        stmt(*d.body);
        close();
        break;
      case Decl::Variables:
      case Decl::Members:
        declarators(d);
        break;
    }
  }

  void declarators(const Decl &d) {
    open(d.kind == Decl::Members ? "members" : "variables");
    if (d.declarators.empty()) text(" "), specs(*d.specs);
    for (const InitDeclarator *item : d.declarators) {
      text(" ");
      declarator(*d.specs, *item->declarator, item);
      is_repeated_ = true;
    }
    is_repeated_ = false;
    close();
  }

  // (name type attributes... [: width] [= value])
  void declarator(const DeclSpecs &s, const Declarator &d, const InitDeclarator *item = nullptr) {
    text("(");
    text(d.name.empty() ? "_" : d.name);
    text(" ");
    type(s, d, 0);
    if (!d.asm_label.empty()) text(" (asm "), text(d.asm_label), text(")");
    attributes(d.attributes);
    if (item != nullptr && item->bit_width != nullptr) text(" : "), expr(*item->bit_width);
    if (item != nullptr && item->init != nullptr) text(" = "), expr(*item->init);
    text(")");
  }

  void type(const DeclSpecs &s, const Declarator &d, size_t part) {
    if (part == d.parts.size()) return specs(s);
    const DeclaratorPart &p = *d.parts[part];
    switch (p.kind) {
      case DeclaratorPart::Pointer:
        text("(pointer ");
        break;
      case DeclaratorPart::Array:
        text("(array ");
        if (p.is_static) text("static ");
        break;
      case DeclaratorPart::Function:
        text("(function (");
        break;
    }
    qualifiers(p.qualifiers);
    if (p.kind == DeclaratorPart::Array) {
      if (p.size != nullptr) {
        expr(*p.size);
      } else {
        text("[]");
      }
      text(" ");
    }
    if (p.kind == DeclaratorPart::Function) {
      bool first = true;
      for (const Param *param : p.params->params) {
        if (!first) text(" ");
        first = false;
        declarator(*param->specs, *param->declarator);
      }
      if (p.params->is_variadic) text(" ...");
      text(") ");
    }
    type(s, d, part + 1);
    attributes(p.attributes);
    text(")");
  }

  void qualifiers(uint8_t q) {
    if ((q & kConst) != 0) text("const ");
    if ((q & kVolatile) != 0) text("volatile ");
    if ((q & kRestrict) != 0) text("restrict ");
    if ((q & kAtomic) != 0) text("_Atomic ");
  }

  void specs(const DeclSpecs &s) {
    const size_t begin = out.size();
    const auto word = [&](std::string_view w, int times = 1) {
      for (; times > 0; times--) {
        if (out.size() != begin && out.back() != ' ') text(" ");
        text(w);
      }
    };
    if (s.storage != Storage::None) word(kStorageNames[static_cast<size_t>(s.storage)]);
    if (s.is_inline) word("inline");
    if (s.is_noreturn) word("_Noreturn");
    if (s.qualifiers != 0) {
      if (out.size() != begin) text(" ");
      qualifiers(s.qualifiers);
    }
    const BaseWords &w = s.words;
    word("void", w.void_), word("_Bool", w.bool_), word("signed", w.signed_), word("unsigned", w.unsigned_);
    word("char", w.char_), word("short", w.short_), word("long", w.long_), word("int", w.int_);
    word("float", w.float_), word("double", w.double_), word("__int128", w.int128_);
    word("__auto_type", w.auto_type), word("__builtin_va_list", w.va_list);
    if (!s.typedef_name.empty()) word(s.typedef_name);
    if (s.record != nullptr) word(""), record(*s.record);
    if (s.enumeration != nullptr) word(""), enumeration(*s.enumeration);
    if (s.typeof_expr != nullptr || s.typeof_type != nullptr) {
      word(s.typeof_unqual ? "(typeof_unqual " : "(typeof ");
      if (s.typeof_expr != nullptr) expr(*s.typeof_expr);
      if (s.typeof_type != nullptr) type_name(*s.typeof_type);
      text(")");
    }
    attributes(s.attributes);
    if (out.size() > begin && out.back() == ' ') out.pop_back();
  }

  void record(const RecordSpec &r) {
    open(r.is_union ? "union" : "struct");
    if (!r.tag.empty()) text(" "), text(r.tag);
    if (r.pack != 0) text(" (pack "), text(std::to_string(r.pack)), text(")");
    attributes(r.attributes);
    if (r.has_body && !is_repeated_) {
      for (const Decl *member : r.members) line(), decl(*member);
      if (r.members.empty()) text(" {}");
    }
    close();
  }

  void enumeration(const EnumSpec &e) {
    open("enum");
    if (!e.tag.empty()) text(" "), text(e.tag);
    if (e.fixed_type != nullptr) text(" : "), type_name(*e.fixed_type);
    attributes(e.attributes);
    if (is_repeated_) return close();
    for (const Enumerator *item : e.enumerators) {
      text(" (");
      text(item->name);
      if (item->value != nullptr) text(" = "), expr(*item->value);
      attributes(item->attributes);
      text(")");
    }
    close();
  }

  void type_name(const TypeName &t) {
    text("<");
    type(*t.specs, *t.declarator, 0);
    text(">");
  }

  void attributes(List<Attribute> list) {
    for (const Attribute *a : list) {
      text(" (attribute ");
      text(a->name);
      if (a->type_arg != nullptr) text(" "), type_name(*a->type_arg);
      for (const Expr *argument : a->args) text(" "), expr(*argument);
      text(")");
    }
  }

  // ---------------------------------------------------------------- statements

  void stmt(const Stmt &s) {
    switch (s.kind) {
      case Stmt::Empty:
        open(s.local_labels.empty() ? "empty" : "labels");
        for (const std::string_view label : s.local_labels) text(" "), text(label);
        break;
      case Stmt::Compound:
        open("block");
        for (const Stmt *item : s.items) child(*item);
        break;
      case Stmt::Expression:
        open("do "), expr(*s.expr);
        break;
      case Stmt::Declaration:
        return decl(*s.decl);
      case Stmt::If:
        open("if "), expr(*s.expr), child(*s.body);
        if (s.else_body != nullptr) child(*s.else_body);
        break;
      case Stmt::Switch:
        open("switch "), expr(*s.expr), child(*s.body);
        break;
      case Stmt::While:
        open("while "), unroll(s), expr(*s.expr), child(*s.body);
        break;
      case Stmt::DoWhile:
        open("do-while "), unroll(s), expr(*s.expr), child(*s.body);
        break;
      case Stmt::For:
        open("for "), unroll(s);
        s.init != nullptr ? stmt(*s.init) : text("()");
        text(" "), optional(s.expr), text(" "), optional(s.step), child(*s.body);
        break;
      case Stmt::Case:
        open("case "), expr(*s.expr);
        if (s.case_end != nullptr) text(" ... "), expr(*s.case_end);
        child(*s.body);
        break;
      case Stmt::Default:
        open("default"), child(*s.body);
        break;
      case Stmt::Label:
        open("label "), text(s.label), child(*s.body);
        break;
      case Stmt::Goto:
        open("goto ");
        s.expr != nullptr ? expr(*s.expr) : text(s.label);
        break;
      case Stmt::Continue:
        open("continue");
        break;
      case Stmt::Break:
        open("break");
        break;
      case Stmt::Return:
        open("return");
        if (s.expr != nullptr) text(" "), expr(*s.expr);
        break;
      case Stmt::Asm:
        open("asm"), assembly(*s.assembly);
        break;
    }
    attributes(s.attributes);
    close();
  }

  void unroll(const Stmt &s) {
    if (s.unroll != 0) text("(unroll "), text(s.unroll < 0 ? "full" : std::to_string(s.unroll)), text(") ");
  }

  void assembly(const AsmStmt &a) {
    if (a.is_volatile) text(" volatile");
    if (a.is_goto) text(" goto");
    text(" "), expr(*a.text);
    const auto operands = [&](std::string_view name, List<AsmOperand> list) {
      for (const AsmOperand *operand : list) {
        text(" ("), text(name), text(" ");
        if (!operand->symbolic_name.empty()) text(operand->symbolic_name), text(" ");
        expr(*operand->constraint), text(" "), expr(*operand->value), text(")");
      }
    };
    operands("out", a.outputs);
    operands("in", a.inputs);
    for (const Expr *clobber : a.clobbers) text(" (clobber "), expr(*clobber), text(")");
    for (const std::string_view label : a.labels) text(" (label "), text(label), text(")");
  }

  // ---------------------------------------------------------------- expressions

  void expr(const Expr &e) {
    switch (e.kind) {
      case Expr::Identifier:
      case Expr::IntegerLit:
      case Expr::CharLit:
      case Expr::FloatLit:
        return text(e.text);
      case Expr::StringLit:
        for (size_t i = 0; i < e.pieces.size(); i++) text(i == 0 ? "" : " "), text(e.pieces[i]);
        return;
      case Expr::InitList:
        return list(e);
      case Expr::Unary:
        head(kUnaryNames[static_cast<size_t>(e.op.unary)]);
        break;
      case Expr::Binary:
        head(kBinaryNames[static_cast<size_t>(e.op.binary)]);
        break;
      case Expr::Assign:
        head(kAssignNames[static_cast<size_t>(e.op.assign)]);
        break;
      case Expr::Conditional:
        text("(? "), expr(*e.a), text(" "), optional(e.b), text(" "), expr(*e.c), text(")");
        return;
      case Expr::Cast:
        head("cast");
        break;
      case Expr::CompoundLit:
        head("compound");
        break;
      case Expr::SizeofExpr:
      case Expr::SizeofType:
        head("sizeof");
        break;
      case Expr::AlignofType:
      case Expr::AlignofExpr:
        head("alignof");
        break;
      case Expr::Index:
        head("[]");
        break;
      case Expr::Call:
        head("call");
        break;
      case Expr::Member:
        text(e.is_arrow ? "(-> " : "(. "), expr(*e.a), text(" "), text(e.text), text(")");
        return;
      case Expr::StmtExpr:
        text("(statements"), indent_++;
        child(*e.body);
        indent_--, text(")");
        return;
      case Expr::Offsetof:
        head("offsetof");
        break;
      case Expr::Generic:
        head("generic");
        break;
      case Expr::LabelAddress:
        text("(&& "), text(e.text), text(")");
        return;
      case Expr::VaArg:
        head("va_arg");
        break;
      case Expr::TypesCompatible:
        head("types_compatible");
        break;
      case Expr::ChooseExpr:
        head("choose");
        break;
      case Expr::ImplicitCast:
        head("implicit-cast");
        break;
    }
    if (e.type_name != nullptr) text(" "), type_name(*e.type_name);
    if (e.type_name2 != nullptr) text(" "), type_name(*e.type_name2);
    for (const Expr *operand : {e.a, e.b, e.c})
      if (operand != nullptr) text(" "), expr(*operand);
    if (e.kind == Expr::Call)
      for (const Expr *argument : e.args) text(" "), expr(*argument);
    if (e.kind == Expr::Offsetof) offsetof_steps(e);
    if (e.kind == Expr::Generic) {
      for (const GenericAssociation *g : e.associations) {
        text(" (");
        g->type != nullptr ? type_name(*g->type) : text("default");
        text(" "), expr(*g->value), text(")");
      }
    }
    text(")");
  }

  void offsetof_steps(const Expr &e) {
    for (const OffsetofStep *step : e.steps) {
      text(" ");
      if (step->index != nullptr) {
        text("["), expr(*step->index), text("]");
      } else {
        text("."), text(step->field);
      }
    }
  }

  void list(const Expr &e) {
    text("{");
    for (const InitItem *item : e.items) {
      if (out.back() != '{') text(", ");
      for (const Designator *d : item->designators) {
        if (d->index == nullptr) {
          text("."), text(d->field);
        } else {
          text("["), expr(*d->index);
          if (d->index_end != nullptr) text(" ... "), expr(*d->index_end);
          text("]");
        }
      }
      if (!item->designators.empty()) text(" = ");
      expr(*item->value);
    }
    text("}");
  }

 private:
  void text(std::string_view t) { out += t; }
  void head(std::string_view name) { text("("), text(name); }
  void optional(const Expr *e) { e != nullptr ? expr(*e) : text("()"); }
  void open(std::string_view name) { text("("), text(name), indent_++; }
  void close() { text(")"), indent_--; }
  void line() { out += '\n', out.append(indent_ * 2, ' '); }
  void child(const Stmt &s) { line(), stmt(s); }

  size_t indent_ = 0;
  bool is_repeated_ = false;  // the second declarator of a declaration: bodies of its type were printed with the first
};

}  // namespace

std::string print(const TranslationUnit &unit) {
  Printer printer;
  printer.unit(unit);
  return printer.out + "\n";
}

std::string print(const Decl &decl) {
  Printer printer;
  printer.decl(decl);
  return printer.out;
}

std::string print(const Stmt &stmt) {
  Printer printer;
  printer.stmt(stmt);
  return printer.out;
}

std::string print(const Expr &expr) {
  Printer printer;
  printer.expr(expr);
  return printer.out;
}

}  // namespace spile::ast
