// The tree as S-expressions: `spile build --emit=ast`, and what the parser's tests compare.
//
// A declaration or statement stands on its own line, indented; an expression on one line. Types are written from the
// name outwards: `int *x[3]` is (x (array 3 (pointer int))).
#pragma once

#include <string>

#include "frontend/ast/ast.h"

namespace spile::ast {

std::string print(const TranslationUnit &unit);
std::string print(const Decl &decl);
std::string print(const Stmt &stmt);
std::string print(const Expr &expr);

}  // namespace spile::ast
