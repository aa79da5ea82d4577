#include "frontend/pp/builtin_macros.h"

#include <algorithm>
#include <array>

namespace spile::pp {

namespace {

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
    {"__TIME__", BuiltinMacro::Time},
    {"__has_attribute", BuiltinMacro::HasAttribute},
    {"__has_builtin", BuiltinMacro::HasBuiltin},
    {"__has_c_attribute", BuiltinMacro::HasAttribute},
    {"__has_extension", BuiltinMacro::HasFeature},
    {"__has_feature", BuiltinMacro::HasFeature},
    {"__has_include", BuiltinMacro::HasInclude},
    {"__has_include_next", BuiltinMacro::HasIncludeNext},
    {"__has_warning", BuiltinMacro::HasWarning},
    {"__is_identifier", BuiltinMacro::IsIdentifier},
});
static_assert(std::ranges::is_sorted(kBuiltinMacros, {}, &Row::name));

// What clang-19 answers 1 for and Spile's sema knows or rightly ignores.
constexpr std::string_view kAttributes[] = {
    "address_space",
    "alias",
    "aligned",
    "always_inline",
    "assume_aligned",
    "btf_decl_tag",
    "btf_type_tag",
    "cleanup",
    "cold",
    "const",
    "constructor",
    "deprecated",
    "diagnose_if",
    "error",
    "fallthrough",
    "flatten",
    "format",
    "hot",
    "malloc",
    "may_alias",
    "maybe_unused",
    "mode",
    "musttail",
    "naked",
    "nodiscard",
    "noinline",
    "nonnull",
    "noreturn",
    "nothrow",
    "optnone",
    "overloadable",
    "packed",
    "preserve_access_index",
    "preserve_static_offset",
    "pure",
    "section",
    "sentinel",
    "unavailable",
    "unused",
    "used",
    "vector_size",
    "visibility",
    "warn_unused_result",
    "warning",
    "weak",
};
static_assert(std::ranges::is_sorted(kAttributes));

constexpr std::string_view kBuiltins[] = {
    "__atomic_add_fetch",
    "__atomic_compare_exchange_n",
    "__atomic_exchange_n",
    "__atomic_fetch_add",
    "__atomic_fetch_and",
    "__atomic_fetch_or",
    "__atomic_fetch_sub",
    "__atomic_fetch_xor",
    "__atomic_load_n",
    "__atomic_store_n",
    "__builtin_assume",
    "__builtin_bpf_compare",
    "__builtin_bswap16",
    "__builtin_bswap32",
    "__builtin_bswap64",
    "__builtin_btf_type_id",
    "__builtin_choose_expr",
    "__builtin_clz",
    "__builtin_clzll",
    "__builtin_constant_p",
    "__builtin_ctz",
    "__builtin_ctzll",
    "__builtin_expect",
    "__builtin_ffs",
    "__builtin_ffsll",
    "__builtin_labs",
    "__builtin_memcmp",
    "__builtin_memcpy",
    "__builtin_memmove",
    "__builtin_memset",
    "__builtin_offsetof",
    "__builtin_popcount",
    "__builtin_popcountll",
    "__builtin_preserve_access_index",
    "__builtin_preserve_enum_value",
    "__builtin_preserve_field_info",
    "__builtin_preserve_type_info",
    "__builtin_strlen",
    "__builtin_trap",
    "__builtin_types_compatible_p",
    "__builtin_unreachable",
    "__builtin_va_arg",
    "__sync_fetch_and_add",
    "__sync_fetch_and_and",
    "__sync_fetch_and_or",
    "__sync_fetch_and_sub",
    "__sync_fetch_and_xor",
    "__sync_lock_test_and_set",
    "__sync_val_compare_and_swap",
};

constexpr std::string_view kFeatures[] = {
    "c_alignas",       "c_alignof", "c_generic_selections",
    "c_static_assert", "gnu_asm",   "statement_attributes_with_gnu_syntax",
};
static_assert(std::ranges::is_sorted(kFeatures));

std::string_view without_underscores(std::string_view name) {
  if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) return name.substr(2, name.size() - 4);
  return name;
}

}  // namespace

BuiltinMacro find_builtin_macro(std::string_view name) {
  const auto *it = std::ranges::lower_bound(kBuiltinMacros, name, {}, &Row::name);
  return it != kBuiltinMacros.end() && it->name == name ? it->builtin : BuiltinMacro::None;
}

bool has_attribute(std::string_view name) { return std::ranges::binary_search(kAttributes, without_underscores(name)); }
bool has_builtin(std::string_view name) { return std::ranges::find(kBuiltins, name) != std::end(kBuiltins); }
bool has_feature(std::string_view name) { return std::ranges::binary_search(kFeatures, without_underscores(name)); }

}  // namespace spile::pp
