// The kinds of CO-RE relocations, from core_relocs.def: their numbers are those of enum bpf_core_relo_kind.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spile::tables {

enum class CoreKind : uint8_t {
#define SPILE_CORE_RELOC(Name, text, about) Name,
#include "lang-spec/tables/core_relocs.def"
};
enum class CoreSubject : uint8_t { Field, Type, Enum };

struct CoreKindInfo {
  std::string_view text;
  CoreSubject about;
};
inline constexpr auto kCoreKinds = std::to_array<CoreKindInfo>({
#define SPILE_CORE_RELOC(Name, text, about) {text, CoreSubject::about},
#include "lang-spec/tables/core_relocs.def"
});
static_assert(static_cast<uint32_t>(CoreKind::TypeMatches) == BPF_CORE_TYPE_MATCHES &&
              kCoreKinds.size() == BPF_CORE_TYPE_MATCHES + 1);

constexpr const CoreKindInfo &info_of(CoreKind kind) { return kCoreKinds[static_cast<size_t>(kind)]; }
// The number of a record; nothing when no such kind is known.
constexpr std::optional<CoreKind> core_kind(uint32_t number) {
  return number < kCoreKinds.size() ? std::optional(static_cast<CoreKind>(number)) : std::nullopt;
}
constexpr std::optional<CoreKind> core_kind(std::string_view text) {
  for (uint32_t i = 0; i < kCoreKinds.size(); i++)
    if (kCoreKinds[i].text == text) return static_cast<CoreKind>(i);
  return std::nullopt;
}

}  // namespace spile::tables
