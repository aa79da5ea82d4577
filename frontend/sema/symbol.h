// What names mean: variables, functions, types and constants, as sema found them and lowering reads them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "frontend/ast/ast.h"
#include "frontend/types/types.h"
#include "support/source.h"

namespace spile::sema {

enum class Builtin : uint16_t;
struct Initializer;

enum class SymbolKind : uint8_t { Variable, Parameter, Function, Typedef, Enumerator, Builtin };
enum class Linkage : uint8_t { None, Internal, External };

// What attributes said about a variable or a function.
struct SymbolAttributes {
  std::string_view section;  // SEC()
  Range section_range;
  uint32_t align = 0;  // 0: that of the type
  bool always_inline = false, no_inline = false, used = false, weak = false, hidden = false, is_unused = false,
       deprecated = false, is_noreturn = false, is_naked = false;
  std::string_view deprecated_text;
  ast::Expr *cleanup = nullptr;  // cleanup(f): f, called with the variable's address at the end of its scope
  bool must_use_result = false;  // warn_unused_result
  std::string_view call_error;   // error("..."): of a function that must not be called
  std::span<std::string_view> decl_tags;
};

struct Symbol {
  SymbolKind kind = SymbolKind::Variable;
  std::string_view name;
  const types::Type *type = nullptr;
  Range range;  // of the name, at the declaration that counts (the definition, once there is one)
  Linkage linkage = Linkage::None;
  bool is_static_storage = false;  // a variable that lives as long as the program
  bool is_static_local = false;
  bool is_defined = false;  // a body, an initializer, or a tentative definition
  bool is_tentative = false;
  bool is_inline = false;
  bool is_assigned = false;  // it stood where it may be changed: left of an assignment, under & or ++
  SymbolAttributes attributes;
  std::string_view asm_label;
  const Symbol *function = nullptr;  // the function around a static local
  bool is_mentioned = false;         // its name stood somewhere, if only in sizeof
  bool is_read = false;              // its value was used, not only replaced
  bool is_filled = false;            // all of its bytes were set at once: memset, an assignment of the whole
  bool is_being_evaluated = false;   // its initializer, which may name it
  // Variable.
  const Initializer *initializer = nullptr;
  const ast::Expr *cleanup_call = nullptr;  // f(&variable)
  // Function.
  const ast::Decl *definition = nullptr;
  std::span<Symbol *> parameters;
  bool calls_itself = false;
  bool lends_locals = false;  // somebody may hold the address of one of its variables
  // Enumerator.
  int64_t value = 0;
  // Builtin; a library function that is one (labs, memcpy).
  Builtin builtin{};
};

struct Label {
  std::string_view name;
  Range range;                                                  // of the definition, else of the first use
  bool is_defined = false, is_used = false, is_unused = false;  // is_unused: so says an attribute
  uint32_t index = 0;                                           // within the function
  uint32_t cleanups = 0;  // variables with a cleanup that live where the label stands
};

// One scalar, string or whole record that an initializer puts somewhere. Later entries overwrite earlier ones.
struct InitEntry {
  uint64_t offset = 0;  // bytes
  ast::FieldRef bits;   // bit_width != 0: a bitfield; its offset counts from the start of the object
  const types::Type *type = nullptr;
  ast::Expr *value = nullptr;  // converted to [type]; a StringLit for an array of characters
};
struct Initializer {
  const types::Type *type = nullptr;  // of the object, arrays complete
  uint64_t size = 0;                  // of the object; more than the type's with a flexible array member
  std::span<const InitEntry> entries;
};

}  // namespace spile::sema
