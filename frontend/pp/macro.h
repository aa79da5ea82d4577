// Macro: one definition, its body prepared for substitution.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "frontend/pp/token.h"

namespace spile::pp {

// What the preprocessor computes itself. The feature tests take an argument.
enum class BuiltinMacro : uint8_t {
  None,
  Line,
  File,
  FileName,
  BaseFile,
  Date,
  Time,
  Counter,
  IncludeLevel,
  Timestamp,
  Pragma,
  HasInclude,
  HasIncludeNext,
  HasAttribute,
  HasCAttribute,
  HasDeclspecAttribute,
  HasBuiltin,
  HasFeature,
  HasExtension,
  HasWarning,
  BuildingModule,
  IsIdentifier,
  IsTargetArch,
  IsTargetEnvironment,
  IsTargetOs,
  IsTargetVariant,
  IsTargetVendor,
};

struct BodyToken {
  Token token;
  int32_t parameter = -1;     // index of the parameter that the token names; -1: an ordinary token
  bool stringify = false;     // `#` stood before the parameter
  bool paste_before = false;  // `##` stood before the token
  bool is_va_opt = false;     // __VA_OPT__(...): the next [va_opt_length] stand inside it
  uint32_t va_opt_length = 0;
};

struct Macro {
  std::string_view name;
  Range name_range;  // in the definition; nowhere for built-in macros
  std::span<const BodyToken> body;
  std::span<const uint32_t> parameters;  // Token::name; the last one takes the rest when [is_variadic]
  bool is_function = false;
  bool is_variadic = false;
  bool is_disabled = false;  // its expansion is being scanned: its name is not expanded (C11 6.10.3.4 p2)
  bool is_predefined = false;
  bool has_va_opt = false;
  bool is_poisoned = false;  // no macro: #pragma GCC poison, its name must not be used
  BuiltinMacro builtin = BuiltinMacro::None;
  // What follows the name in a header's definition that nobody has used yet, to the end of its last line. A program
  // uses some twenty of a thousand; the others are not read. Machine::macro_of() reads it.
  std::string_view unread;
};

}  // namespace spile::pp
