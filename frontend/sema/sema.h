// Sema: from a tree in which nothing is resolved to one in which everything is.
//
// In:  the tree of parse (ast/ast.h). Out: the same tree with its "sema" fields filled (types, symbols, conversions as
// ImplicitCast nodes, constant values) and a Unit. Every fault is reported, and analysis goes on past it: an
// expression that was reported has the error type, which silences what would follow from it. When diags.has_errors()
// afterwards, the tree must not be lowered.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/btf/importer.h"
#include "frontend/sema/symbol.h"
#include "frontend/types/types.h"

namespace spile {
class Arena;
class Diagnostics;
struct Diagnostic;
}  // namespace spile

namespace spile::sema {

struct Unit {
  std::unique_ptr<types::Context> types;
  std::unique_ptr<btf::Importer> importer;  // of types that came from BTF; null when none was imported
  // Variables with static storage and functions, in the order of their first declaration; declared only or defined.
  std::vector<Symbol *> symbols;
  // Who defines the records that nobody has asked for yet (types::complete): debug information may still do so.
  std::shared_ptr<const void> analyzer;
};

class Analyzer;

// The same, a declaration at a time. What the trees of functions need goes to [bodies], all else to [arena].
// [btf]: what the tree imports from; it may be null when it imports nothing.
class Analysis {
 public:
  Analysis(Arena &arena, Arena &bodies, Diagnostics &diags, const btf::Image *btf);
  Analysis(const Analysis &) = delete;
  Analysis &operator=(const Analysis &) = delete;
  // Before the first declaration.
  void begin(ast::PostponedDeclarations *postponed);
  struct Read {
    Symbol *function = nullptr;  // that it defines
    // Something of its tree is looked at later, even when it is no function or one that has been lowered.
    bool is_tree_needed = true;
  };
  Read declaration(ast::Decl &decl);
  Unit finish();

 private:
  Unit unit_;
  std::shared_ptr<Analyzer> analyzer_;
};
Unit analyze(ast::TranslationUnit &tree, Arena &arena, Diagnostics &diags, const btf::Image *btf = nullptr);

// Of a tree from which something was left out: whether [fault] may be nothing but that one of the names [left_out],
// which stood there, is missing.
bool may_follow(const Diagnostic &fault, const std::unordered_set<std::string_view> &left_out);

}  // namespace spile::sema
