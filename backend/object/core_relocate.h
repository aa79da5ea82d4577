// CO-RE relocations applied: what libbpf does when it loads an object, for our own verifier and engines.
//
// In: an object, and the BTF of the kernel that it is meant for. Out: the same object with the numbers of that kernel
// in its instructions. An instruction whose member does not exist there becomes a call of a helper that no kernel has:
// code behind `if (bpf_core_field_exists(...))` is never reached, and the verifier names the rest. An object that is
// not relocated keeps the numbers of its own types.
//
// Model: bpf_core_calc_relo_insn and bpf_core_patch_insn of libbpf's relo_core.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/object/core_spec.h"
#include "backend/object/object.h"

namespace spile::object {

// libbpf's: the imm of a call that stands for an instruction whose relocation found nothing ("bad relo").
inline constexpr int32_t kCorePoison = 0xbad2310;

// What one relocation comes to.
struct CoreDecision {
  CoreSpec local;
  CoreNumber local_number;
  std::optional<CoreSpec> target;  // in the target's BTF; none: not found there
  CoreNumber number;               // of the target
  bool is_poisoned = false;        // there is no number
  bool cannot_resize = false;      // a load or store of the local size would be wrong
};

// The types to relocate against. [btf] outlives it.
class CoreTarget {
 public:
  explicit CoreTarget(const Btf &btf);
  const Btf &btf() const { return *btf_; }
  // The first type of that name and kind, none where there is none; no answer for kinds that no relocation asks for.
  std::optional<BtfId> find(std::string_view name, BtfKind kind) const;
  // Fails on a relocation that is malformed, or whose candidates disagree.
  Result<CoreDecision> decide(const Btf &local, const CoreReloc &reloc) const;

 private:
  static bool is_named(BtfKind kind);
  const Btf *btf_;
  std::unordered_map<std::string_view, std::vector<BtfId>> by_name_;  // by essential name
};

// Relocates every instruction of [object], which then refers to the target's types. Fails with the section, the line
// and the reason.
Result<void> relocate_core(Object &object, const CoreTarget &target);

}  // namespace spile::object
