// Env: what is known of the program before a state exists, and shared by every stage of the verifier.
#pragma once

#include <algorithm>

#include "lang-spec/tables/kernels.h"
#include "verifier/structure.h"
#include "verifier/types.h"
#include "verifier/verifier.h"

namespace spile::verifier {

// Pointer offsets and variable parts must stay below this (BPF_MAX_VAR_OFF).
inline constexpr int64_t kMaxOffset = 1 << 29;
// Sizes given to helpers must be below this (BPF_MAX_VAR_SIZ).
inline constexpr uint64_t kMaxHelperSize = 1 << 29;
// Errors that functions of the kernel give are the numbers from -this to -1 (MAX_ERRNO).
inline constexpr int64_t kMaxErrno = 4095;
// Packet offsets (MAX_PACKET_OFF).
inline constexpr uint64_t kMaxPacketOffset = 0xffff;
// CPUs of the machine that the program may meet: the kernel bounds bpf_get_smp_processor_id() by nr_cpu_ids, a build
// that is the same everywhere by the largest CONFIG_NR_CPUS of x86-64.
inline constexpr uint32_t kMaxCpus = 8192;

// Map types that the headers of some machines do not have yet.
inline constexpr uint32_t kCgroupLocalStorageMap = 32, kArenaMap = 33;

struct Env {
  const object::Program &program;
  const tables::ProgramType &type;
  const Options &options;
  const Structure &structure;
  const Types &types;

  const isa::Insn &insn(uint32_t index) const { return program.insns[index]; }
  // Whether the kernel that the program is for has it.
  bool has(tables::Feature feature) const {
    return options.linux_version == 0 || options.linux_version >= tables::row_of(feature).since;
  }
  bool is_user_side() const { return (type.flags & tables::kUserSideProgram) != 0; }
  // Maps by index; those inside a map of maps have kInnerMap set in the index of the outer one.
  static constexpr uint32_t kInnerMap = 0x8000'0000;
  const object::Map &map(uint32_t index) const {
    const object::Map &outer = program.object->maps[index & ~kInnerMap];
    return (index & kInnerMap) != 0 ? outer.inner.front() : outer;
  }
  const std::vector<SpecialField> &fields_of_map(uint32_t index) const {
    return (index & kInnerMap) != 0 ? structure.inner_map_fields[index & ~kInnerMap] : structure.map_fields[index];
  }
  // The special fields of what a pointer points into: a map's value, an object that the program allocated.
  const std::vector<SpecialField> &fields_behind(const RegState &pointer) const {
    static const std::vector<SpecialField> kNone;
    if (pointer.type == RegType::MapValue) return fields_of_map(pointer.target);
    if (pointer.type != RegType::BtfObject || !pointer.has(kOwned) || pointer.has(kKernelBtf)) return kNone;
    return types.fields_of(object::BtfId{pointer.target});
  }
  // The first special field of a kind in a map's values, or behind a pointer; null without.
  const SpecialField *find_field(uint32_t map, FieldKind kind) const { return first_of(fields_of_map(map), kind); }
  const SpecialField *find_field(const RegState &pointer, FieldKind kind) const {
    return first_of(fields_behind(pointer), kind);
  }
  static const SpecialField *first_of(const std::vector<SpecialField> &fields, FieldKind kind) {
    const auto found = std::ranges::find(fields, kind, &SpecialField::kind);
    return found == fields.end() ? nullptr : &*found;
  }
  bool is_sleepable() const { return options.sleepable || (type.flags & tables::kSleepable) != 0; }
};

// The helper that a call instruction names; null when it is none, or not in the table.
const tables::Helper *helper_of(const isa::Insn &insn);
// What it takes in programs of this type.
inline const std::array<tables::Arg, 5> &arguments_of(const Env &env, const tables::Helper &helper) {
  return tables::arguments_of(helper, env.type.number);
}
// The argument (from 0) that holds the map whose keys or values argument [arg] is about; -1 without.
int map_argument(const tables::Helper &helper, unsigned arg);
// Calls back into the program before it returns.
bool calls_back(const tables::Helper &helper);

}  // namespace spile::verifier
