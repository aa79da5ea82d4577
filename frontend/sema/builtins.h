// The builtin functions, from builtins.def.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace spile::ast {
struct Expr;
}

namespace spile::sema {

enum class Builtin : uint16_t {
  None,
#define SPILE_BUILTIN(Name, spelling, signature) Name,
#include "frontend/sema/builtins.def"
};

struct BuiltinInfo {
  Builtin builtin;
  std::string_view spelling, signature;
};
const BuiltinInfo &info_of(Builtin builtin);
std::span<const BuiltinInfo> all_builtins();
// By "__builtin_..." or "__sync_..." name or asm label; null for other names.
const BuiltinInfo *find_builtin(std::string_view name);
// A __builtin_constant_p that the optimizer will answer.
bool is_open_question(const ast::Expr *e);
// A function of the C library that means a builtin when it is declared and not defined: labs, memcpy. None: no.
Builtin library_builtin(std::string_view name);

}  // namespace spile::sema
