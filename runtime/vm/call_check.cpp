#include "runtime/vm/call_check.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cstring>

#include "lang-spec/tables/map_rules.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/run.def"
#include "support/diag_table.h"

namespace spile::vm {

namespace {

using tables::Arg;
using tables::ArgKind;
using tables::ReturnKind;

constexpr uint64_t kDynptrBytes = sizeof(bpf_dynptr), kTimerBytes = sizeof(bpf_timer), kLockBytes = sizeof(uint32_t);

bool holds_maps(const maps::Map &map) {
  const tables::MapType *type = tables::find_map_type(map.definition().type);
  return type != nullptr && (type->flags & tables::kMapOfMaps) != 0;
}

// To its callback.
bool lends_key(const tables::Helper &helper) {
  return helper.number == BPF_FUNC_for_each_map_elem || helper.number == BPF_FUNC_timer_set_callback;
}

std::string_view plural(uint64_t n) { return n == 1 ? "" : "s"; }

// ---- Kernel functions. What an object's BTF says of them is the object's word, so their arguments stand here.

enum class KfuncArg : uint8_t { Any, Map, Arena, Context, Dynptr, NewDynptr, Sized, Iterator };
struct KfuncRow {
  std::string_view name;
  std::array<KfuncArg, 5> args;
};
constexpr uint64_t kIteratorBytes = 8;  // struct bpf_iter_num
constexpr unsigned kSliceSize = 3;      // bpf_dynptr_slice(dynptr, offset, buffer, size)

// Those that are not here take or give objects of the kernel.
constexpr auto kKfuncs = [] {
  using enum KfuncArg;
  return std::to_array<KfuncRow>({
      {"bpf_arena_alloc_pages", {Arena}},
      {"bpf_arena_free_pages", {Arena}},
      {"bpf_copy_from_user_str", {Sized}},
      {"bpf_dynptr_adjust", {Dynptr}},
      {"bpf_dynptr_clone", {Dynptr, NewDynptr}},
      {"bpf_dynptr_copy", {Dynptr, Any, Dynptr}},
      {"bpf_dynptr_from_skb", {Context, Any, NewDynptr}},
      {"bpf_dynptr_from_xdp", {Context, Any, NewDynptr}},
      {"bpf_dynptr_is_null", {Dynptr}},
      {"bpf_dynptr_is_rdonly", {Dynptr}},
      {"bpf_dynptr_memset", {Dynptr}},
      {"bpf_dynptr_size", {Dynptr}},
      {"bpf_dynptr_slice", {Dynptr}},
      {"bpf_dynptr_slice_rdwr", {Dynptr}},
      {"bpf_iter_num_destroy", {Iterator}},
      {"bpf_iter_num_new", {Iterator}},
      {"bpf_iter_num_next", {Iterator}},
      {"bpf_local_irq_restore", {}},
      {"bpf_local_irq_save", {}},
      {"bpf_map_sum_elem_count", {Map}},
      {"bpf_preempt_disable", {}},
      {"bpf_preempt_enable", {}},
      {"bpf_rcu_read_lock", {}},
      {"bpf_rcu_read_unlock", {}},
  });
}();

const KfuncRow *find_kfunc(std::string_view name) {
  const auto *row = std::ranges::find(kKfuncs, name, &KfuncRow::name);
  return row == kKfuncs.end() ? nullptr : row;
}

}  // namespace

const tables::ProgramType &CallCheck::type_of(uint32_t number) {
  if (type_ != nullptr && type_->number == number) return *type_;
  const auto row = std::ranges::find(tables::kProgramTypes, number, &tables::ProgramType::number);
  type_ = row == tables::kProgramTypes.end() ? tables::kProgramTypes.data() : &*row;
  return *type_;
}

maps::Map *CallCheck::map_at(uint64_t address) const {
  const auto found =
      std::ranges::find(reach_.maps, address, [](const maps::Map *map) { return reinterpret_cast<uint64_t>(map); });
  return found == reach_.maps.end() ? nullptr : *found;
}

Ran<void> CallCheck::check_memory(const Argument &argument, uint64_t bytes, bool writes) const {
  if (bytes == 0) return {};
  const Region *near = nullptr;
  const Region *region = memory_.find(argument.value, bytes, near);
  const auto complain = [&](const std::string &why) {
    return fault<diag::ArgumentMemory>(argument.callee(), writes ? "writes" : "reads", bytes, plural(bytes),
                                       argument.value, argument.number, why);
  };
  if (region == nullptr) return complain(describe_place(argument.value, bytes, near));
  if (writes && !region->writable) return complain(region->name + " is read-only");
  return {};
}

// Dynptrs lie on the stack, where only helpers write them: what a program has put there itself is none.
Ran<void> CallCheck::check_dynptr(const Argument &argument, bool uninit) const {
  const auto known = dynptrs_.find(argument.value);
  if (uninit && memory_.on_stack(argument.value, kDynptrBytes)) return {};
  if (!uninit && known != dynptrs_.end() &&
      std::memcmp(reinterpret_cast<const void *>(argument.value), known->second.data(), kDynptrBytes) == 0)
    return {};
  return fault<diag::ArgumentObject>(argument.number, argument.callee(),
                                     uninit ? "16 bytes of the stack for a dynptr" : "a dynptr that a helper has made",
                                     argument.value);
}

bool CallCheck::is_of_record(uint64_t dynptr) const {
  const uint64_t data = dynptrs_.at(dynptr)[0];
  return data == 0 || reach_.records.contains(data);
}

Ran<void> CallCheck::check_lock(const Argument &argument, bool takes) const {
  if (auto held = check_memory(argument, kLockBytes, true); !held) return held;
  uint32_t word = 0;
  std::memcpy(&word, reinterpret_cast<const void *>(argument.value), sizeof word);
  if (takes == (word == 0)) return {};
  return fault<diag::LockHeld>(argument.callee(), takes ? "held already" : "not held");
}

Ran<void> CallCheck::check_string(const Argument &argument) const {
  const Region *near = nullptr;
  const Region *region = memory_.find(argument.value, 1, near);
  if (region == nullptr) return check_memory(argument, 1, false);
  const uint64_t room = region->size - (argument.value - region->address);
  if (std::memchr(reinterpret_cast<const void *>(argument.value), 0, room) != nullptr) return {};
  return fault<diag::ArgumentObject>(argument.number, argument.callee(), "a string with a NUL at its end",
                                     argument.value);
}

Ran<void> CallCheck::check_helper_argument(const tables::Helper &helper, const Arg &row, const Argument &argument,
                                           uint64_t next, const maps::Map *map) const {
  const auto must_be = [&](bool holds, std::string_view what) -> Ran<void> {
    if (holds) return {};
    return fault<diag::ArgumentObject>(argument.number, argument.callee(), what, argument.value);
  };
  switch (row.kind) {
    case ArgKind::None:
    case ArgKind::Anything:
    case ArgKind::Number:
    case ArgKind::ConstSize:
    case ArgKind::ConstSizeOrZero:
    case ArgKind::AllocSize:
    case ArgKind::Stack:
    case ArgKind::ConstMapPtr:  // looked up before all others
    // Objects of a kernel are names here: no helper looks inside.
    case ArgKind::Socket:
    case ArgKind::SockCommon:
    case ArgKind::BtfSockCommon:
    case ArgKind::BtfId:
    case ArgKind::PerCpuObject:
    case ArgKind::KptrValue:
      return {};
    case ArgKind::MapKey:
      return check_memory(argument, map->definition().key_size, false);
    case ArgKind::MapValue:
      return check_memory(argument, map->definition().value_size, row.writes);
    case ArgKind::Mem:
      return check_memory(argument, next, row.writes);
    case ArgKind::FixedMem:
      return check_memory(argument, row.size, row.writes);
    case ArgKind::Ctx:
      return must_be(argument.value == memory_.context(), "the context");
    case ArgKind::Callback:
      return must_be(memory_.is_subprogram(argument.value), "a subprogram");
    case ArgKind::ConstString:
      return check_string(argument);
    case ArgKind::SpinLock:
      return check_lock(argument, helper.number == BPF_FUNC_spin_lock);
    case ArgKind::Timer:
      return check_memory(argument, kTimerBytes, true);
    case ArgKind::KptrSlot:
      if (argument.value % sizeof(uint64_t) != 0) return must_be(false, "the aligned address of a kptr");
      return check_memory(argument, sizeof(uint64_t), true);
    case ArgKind::RingbufRecord:
      return must_be(reach_.records.contains(argument.value), "a record that is reserved");
    case ArgKind::RingbufDynptr:
      if (auto known = check_dynptr(argument, row.uninit); !known) return known;
      return must_be(is_of_record(argument.value), "a dynptr of a record that is reserved");
    case ArgKind::Dynptr:
      return check_dynptr(argument, row.uninit);
  }
  return {};
}

Ran<void> CallCheck::before(const tables::Helper &helper, uint32_t program, const Arguments &arguments) {
  const std::array<Arg, 5> &rows = tables::arguments_of(helper, program);
  maps::Map *map = nullptr;
  for (unsigned i = 0; i < rows.size(); i++) {
    if (rows[i].or_null && arguments[i] == 0) continue;
    if (rows[i].kind == ArgKind::ConstMapPtr) {
      map = map_at(arguments[i]);
      if (map == nullptr) return fault<diag::ArgumentObject>(i + 1, tables::c_name(helper), "a map", arguments[i]);
      if (!tables::accepts_map(helper.number, map->definition().type, type_of(program)))
        return fault<diag::ArgumentMapType>(i + 1, tables::c_name(helper), map->definition().name);
      continue;
    }
    const uint64_t next = i + 1 < arguments.size() ? arguments[i + 1] : 0;
    if (auto fine = check_helper_argument(helper, rows[i], {&helper, {}, i + 1, arguments[i]}, next, map); !fine)
      return fine;
  }
  // As the kernel has it: what else a program has may be gone before the dynptr is.
  if (helper.number == BPF_FUNC_dynptr_from_mem && arguments[1] != 0) {
    const Region *const region = reach_.regions.find(arguments[0], arguments[1]);
    if (region == nullptr || !region->lasting)
      return fault<diag::ArgumentObject>(1, tables::c_name(helper), "in a map's value", arguments[0]);
  }
  const bool locks = helper.number == BPF_FUNC_map_update_elem && (arguments[3] & BPF_F_LOCK) != 0;
  return locks ? check_element_lock(*map, arguments) : Ran<void>();
}

// An update with BPF_F_LOCK takes the element's lock, and would wait for ever for one that the program holds.
Ran<void> CallCheck::check_element_lock(maps::Map &map, const Arguments &arguments) {
  const auto &special = map.definition().special;
  const auto field = std::ranges::find(special, maps::SpecialField::SpinLock, &maps::SpecialField::kind);
  if (field == special.end()) return {};
  const std::byte *value = map.lookup(reinterpret_cast<const std::byte *>(arguments[1]));
  uint32_t word = 0;
  if (value != nullptr) std::memcpy(&word, value + field->offset, sizeof word);
  if (word == 0) return {};
  return fault<diag::LockHeld>("bpf_map_update_elem", "held already");
}

void CallCheck::remember_dynptr(uint64_t address) {
  std::memcpy(dynptrs_[address].data(), reinterpret_cast<const void *>(address), kDynptrBytes);
}

void CallCheck::forget_dynptrs(uint64_t data) {
  std::erase_if(dynptrs_, [&](const auto &known) { return known.second[0] == data; });
}

void CallCheck::end_record(uint64_t address) {
  const auto record = reach_.records.find(address);
  if (record == reach_.records.end()) return;
  reach_.regions.remove_within(address, record->second);
  reach_.records.erase(record);
  forget_dynptrs(address);
}

// What the machine has anyway stays what it is: a packet may move, a frame be left. The rest lies in records, which
// are the program's to write, or in samples of a user's ring buffer, which are not.
void CallCheck::add_part(std::string_view name, uint64_t address, uint64_t size) {
  const Region *near = nullptr;
  if (memory_.find(address, size, near) != nullptr) return;
  const auto behind = reach_.records.upper_bound(address);
  const bool in_record =
      behind != reach_.records.begin() && address - std::prev(behind)->first < std::prev(behind)->second;
  reach_.regions.add({std::string(name), address, size, in_record, false});
}

void CallCheck::add_value(const maps::Map &map, uint64_t address) {
  const maps::Definition &made = map.definition();
  if (reach_.regions.find(address, made.value_size) != nullptr) return;
  reach_.regions.add(
      {fmt::format("a value of `{}`", made.name), address, made.value_size, (made.map_flags & BPF_F_RDONLY_PROG) == 0});
}

void CallCheck::after(const tables::Helper &helper, uint32_t program, const Arguments &arguments, uint64_t result) {
  const std::array<Arg, 5> &rows = tables::arguments_of(helper, program);
  const maps::Map *map = nullptr;
  uint64_t size = 0;
  for (unsigned i = 0; i < rows.size(); i++) {
    const uint64_t value = arguments[i];
    if (rows[i].kind == ArgKind::ConstMapPtr) map = map_at(value);
    if (rows[i].kind == ArgKind::AllocSize) size = static_cast<uint32_t>(value);
    if (rows[i].kind == ArgKind::RingbufRecord) end_record(value);
    if (rows[i].kind != ArgKind::Dynptr && rows[i].kind != ArgKind::RingbufDynptr) continue;
    if (rows[i].releases) {
      end_record(dynptrs_[value][0]);
      dynptrs_.erase(value);
    } else if (rows[i].uninit) {
      remember_dynptr(value);
      if (helper.number == BPF_FUNC_ringbuf_reserve_dynptr && dynptrs_[value][0] != 0)
        reach_.records[dynptrs_[value][0]] = static_cast<uint32_t>(arguments[1]);
    }
  }
  if (result == 0) return;
  switch (helper.result.kind) {
    case ReturnKind::MapValue:
      if (map == nullptr) return;
      if (!holds_maps(*map)) return add_value(*map, result);
      if (map_at(result) == nullptr) reach_.maps.push_back(reinterpret_cast<maps::Map *>(result));
      return;
    case ReturnKind::RingbufRecord:
      reach_.records[result] = size;
      reach_.regions.add({"a record of a ring buffer", result, size, true, false});
      return;
    case ReturnKind::DynptrMemory:
      add_part("the memory of a dynptr", result, size);
      return;
    case ReturnKind::Integer:
    case ReturnKind::Void:
    case ReturnKind::Socket:
    case ReturnKind::SockCommon:
    case ReturnKind::TcpSock:
    case ReturnKind::BtfId:
    case ReturnKind::PerCpuMemory:
    case ReturnKind::Kptr:
      return;
  }
}

void CallCheck::enter_callback(const tables::Helper &helper, const Arguments &given) {
  // callback(map, key, value, ...)
  if (lends_key(helper)) {
    const maps::Map *map = map_at(given[0]);
    if (map == nullptr) return;
    reach_.regions.remove(given[1]);  // keys are lent for one call
    reach_.regions.add(
        {fmt::format("a key of `{}`", map->definition().name), given[1], map->definition().key_size, false, false});
    add_value(*map, given[2]);
  }
  // callback(dynptr, ...)
  if (helper.number == BPF_FUNC_user_ringbuf_drain) remember_dynptr(given[0]);
}

void CallCheck::leave_callback(const tables::Helper &helper, const Arguments &given) {
  if (lends_key(helper)) reach_.regions.remove(given[1]);
  if (helper.number == BPF_FUNC_user_ringbuf_drain) forget_dynptrs(dynptrs_[given[0]][0]);
}

Ran<void> CallCheck::before(std::string_view kfunc, const Arguments &arguments) const {
  const KfuncRow *row = find_kfunc(kfunc);
  if (row == nullptr) return fault<diag::NoHelperHere>("kernel function for unverified programs", kfunc);
  for (unsigned i = 0; i < arguments.size(); i++) {
    const Argument argument{nullptr, kfunc, i + 1, arguments[i]};
    const auto must_be = [&](bool holds, std::string_view what) -> Ran<void> {
      if (holds) return {};
      return fault<diag::ArgumentObject>(argument.number, kfunc, what, argument.value);
    };
    const maps::Map *map = map_at(argument.value);
    Ran<void> fine;
    switch (row->args[i]) {
      case KfuncArg::Any:
        break;
      case KfuncArg::Map:
        fine = must_be(map != nullptr, "a map");
        break;
      case KfuncArg::Arena:
        fine = must_be(map != nullptr && map->definition().type == maps::kArenaType, "an arena");
        break;
      case KfuncArg::Context:
        fine = must_be(argument.value == memory_.context(), "the context");
        break;
      case KfuncArg::Dynptr:
      case KfuncArg::NewDynptr:
        fine = check_dynptr(argument, row->args[i] == KfuncArg::NewDynptr);
        break;
      case KfuncArg::Sized:
        fine = check_memory(argument, arguments[i + 1], true);
        break;
      case KfuncArg::Iterator:
        fine = check_memory(argument, kIteratorBytes, true);
        break;
    }
    if (!fine) return fine;
  }
  return {};
}

void CallCheck::after(std::string_view kfunc, const Arguments &arguments, uint64_t result) {
  const KfuncRow *row = find_kfunc(kfunc);
  for (unsigned i = 0; i < arguments.size(); i++)
    if (row->args[i] == KfuncArg::Dynptr || row->args[i] == KfuncArg::NewDynptr) remember_dynptr(arguments[i]);
  if (kfunc.starts_with("bpf_dynptr_slice") && result != 0)
    add_part("a slice of a dynptr", result, static_cast<uint32_t>(arguments[kSliceSize]));
}

}  // namespace spile::vm
