#include "frontend/pp/builtin_macros.h"

#include <algorithm>
#include <array>

namespace spile::pp {

namespace {

enum class AttributeUse : uint8_t { Applied, Ignored, Rejected };

struct Row {
  std::string_view name;
  BuiltinMacro builtin;
};
constexpr auto kBuiltinMacros = std::to_array<Row>({
    {"_Pragma", BuiltinMacro::Pragma},
    {"__BASE_FILE__", BuiltinMacro::BaseFile},
    {"__COUNTER__", BuiltinMacro::Counter},
    {"__DATE__", BuiltinMacro::Date},
    {"__FILE_NAME__", BuiltinMacro::FileName},
    {"__FILE__", BuiltinMacro::File},
    {"__INCLUDE_LEVEL__", BuiltinMacro::IncludeLevel},
    {"__LINE__", BuiltinMacro::Line},
    {"__TIMESTAMP__", BuiltinMacro::Timestamp},
    {"__TIME__", BuiltinMacro::Time},
    {"__building_module", BuiltinMacro::BuildingModule},
    {"__has_attribute", BuiltinMacro::HasAttribute},
    {"__has_builtin", BuiltinMacro::HasBuiltin},
    {"__has_c_attribute", BuiltinMacro::HasCAttribute},
    {"__has_declspec_attribute", BuiltinMacro::HasDeclspecAttribute},
    {"__has_extension", BuiltinMacro::HasExtension},
    {"__has_feature", BuiltinMacro::HasFeature},
    {"__has_include", BuiltinMacro::HasInclude},
    {"__has_include_next", BuiltinMacro::HasIncludeNext},
    {"__has_warning", BuiltinMacro::HasWarning},
    {"__is_identifier", BuiltinMacro::IsIdentifier},
    {"__is_target_arch", BuiltinMacro::IsTargetArch},
    {"__is_target_environment", BuiltinMacro::IsTargetEnvironment},
    {"__is_target_os", BuiltinMacro::IsTargetOs},
    {"__is_target_variant_environment", BuiltinMacro::IsTargetVariant},
    {"__is_target_variant_os", BuiltinMacro::IsTargetVariant},
    {"__is_target_vendor", BuiltinMacro::IsTargetVendor},
});
static_assert(std::ranges::is_sorted(kBuiltinMacros, {}, &Row::name));

// What sema applies or rightly ignores; for the rest a program should take its other branch.
struct AttributeRow {
  std::string_view name;
  bool is_known;
};
constexpr bool InClang = true, NotInClang = false;  // columns of the table
constexpr auto kAttributes = std::to_array<AttributeRow>({
#define SPILE_ATTRIBUTE(name, what, in_clang) {name, AttributeUse::what != AttributeUse::Rejected && in_clang},
#include "lang-spec/tables/attributes.def"
});
static_assert(std::ranges::is_sorted(kAttributes, {}, &AttributeRow::name), "attributes.def: rows must stand sorted");

// Those of sema, and the forms that are keywords of the grammar.
constexpr std::string_view kBuiltins[] = {
#define SPILE_BUILTIN(Name, spelling, signature) spelling,
#define SPILE_BUILTIN_ALIAS(spelling, Name) spelling,
#include "frontend/sema/builtins.def"
#define SPILE_TOKEN(Name, description)
#define SPILE_PUNCTUATOR(Name, spelling)
#define SPILE_KEYWORD(Name, spelling) spelling,
#define SPILE_KEYWORD_ALIAS(Name, spelling)
#include "lang-spec/grammar/tokens.def"
};

// __has_feature; and what only __has_extension has.
constexpr std::string_view kFeatures[] = {
    "assume_nonnull",
    "attribute_deprecated_with_message",
    "c_alignas",
    "c_alignof",
    "c_generic_selections",
    "c_static_assert",
    "enumerator_attributes",
    "nullability",
};
static_assert(std::ranges::is_sorted(kFeatures));
constexpr std::string_view kExtensions[] = {
    "cxx_binary_literals",
    "cxx_fixed_enum",
    "gnu_asm",
    "pragma_clang_attribute_namespaces",
    "statement_attributes_with_gnu_syntax",
};
static_assert(std::ranges::is_sorted(kExtensions));

// [[name]]: the date that C23 gives to it.
struct StandardAttribute {
  std::string_view name;
  uint32_t date;
};
constexpr StandardAttribute kStandardAttributes[] = {
    {"_Noreturn", 202202},    {"deprecated", 201904}, {"fallthrough", 201910},
    {"maybe_unused", 202106}, {"nodiscard", 202003},  {"noreturn", 202202},
};

// What the target is called, to each of the questions about it.
struct TargetName {
  BuiltinMacro question;
  std::string_view name;
};
constexpr TargetName kTargetNames[] = {
    {BuiltinMacro::IsTargetArch, "bpf"},
    {BuiltinMacro::IsTargetArch, "bpfel"},
    {BuiltinMacro::IsTargetArch, "bpf_le"},
    {BuiltinMacro::IsTargetVendor, "unknown"},
    {BuiltinMacro::IsTargetOs, "unknown"},
    {BuiltinMacro::IsTargetOs, "none"},
    {BuiltinMacro::IsTargetEnvironment, "unknown"},
};

std::string_view without_underscores(std::string_view name) {
  if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) return name.substr(2, name.size() - 4);
  return name;
}

}  // namespace

BuiltinMacro find_builtin_macro(std::string_view name) {
  const auto *it = std::ranges::lower_bound(kBuiltinMacros, name, {}, &Row::name);
  return it != kBuiltinMacros.end() && it->name == name ? it->builtin : BuiltinMacro::None;
}

const WordFilter &builtin_macro_words() {
  static constexpr auto kWords = [] {
    WordFilter words;
    for (const Row &row : kBuiltinMacros) words.add(row.name);
    return words;
  }();
  return kWords;
}

bool has_attribute(std::string_view name) {
  name = without_underscores(name);
  const auto *row = std::ranges::lower_bound(kAttributes, name, {}, &AttributeRow::name);
  return row != kAttributes.end() && row->name == name && row->is_known;
}
bool has_builtin(std::string_view name) {
  // Functions of the C library that are builtins under their own name too.
  static constexpr std::string_view kLibrary[] = {"abs",    "labs",    "llabs",  "memcmp",
                                                  "memcpy", "memmove", "memset", "strlen"};
  if (std::ranges::find(kLibrary, name) != std::end(kLibrary)) return true;
  return name != "__builtin_va_list" && std::ranges::find(kBuiltins, name) != std::end(kBuiltins) &&
         (name.starts_with("__builtin_") || name.starts_with("__sync_") || name.starts_with("__atomic_") ||
          name.starts_with("__c11_"));
}
bool has_feature(std::string_view name) { return std::ranges::binary_search(kFeatures, without_underscores(name)); }
bool has_extension(std::string_view name) {
  return has_feature(name) || std::ranges::binary_search(kExtensions, without_underscores(name));
}
bool is_target(BuiltinMacro test, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::any_of(kTargetNames, [&](const TargetName &known) {
    return known.question == test && std::ranges::equal(known.name, name, {}, {}, lower);
  });
}
uint32_t standard_attribute_date(std::string_view name) {
  const auto *row = std::ranges::find(kStandardAttributes, without_underscores(name), &StandardAttribute::name);
  return row != std::end(kStandardAttributes) ? row->date : 0;
}

}  // namespace spile::pp
