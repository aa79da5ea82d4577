#include "runtime/vm/call_check.h"

#include <linux/bpf.h>

#include <algorithm>
#include <bit>
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

constexpr uint64_t kIteratorBytes = 8;  // struct bpf_iter_num
constexpr unsigned kSliceSize = 3;      // bpf_dynptr_slice(dynptr, offset, buffer, size)

// What the helper relies on beyond the register's being a number.
bool is_checked(ArgKind kind) {
  switch (kind) {
    case ArgKind::None:
    case ArgKind::Anything:
    case ArgKind::Number:
    case ArgKind::ConstSize:
    case ArgKind::ConstSizeOrZero:
    case ArgKind::AllocSize:
    case ArgKind::Stack:
    // Objects of a kernel are names here: no helper looks inside.
    case ArgKind::Socket:
    case ArgKind::SockCommon:
    case ArgKind::BtfSockCommon:
    case ArgKind::BtfId:
    case ArgKind::PerCpuObject:
    case ArgKind::KptrValue:
      return false;
    case ArgKind::ConstMapPtr:
    case ArgKind::MapKey:
    case ArgKind::MapValue:
    case ArgKind::Mem:
    case ArgKind::FixedMem:
    case ArgKind::Ctx:
    case ArgKind::Callback:
    case ArgKind::ConstString:
    case ArgKind::SpinLock:
    case ArgKind::Timer:
    case ArgKind::KptrSlot:
    case ArgKind::RingbufRecord:
    case ArgKind::RingbufDynptr:
    case ArgKind::Dynptr:
      return true;
  }
  return true;
}
bool is_tracked(ArgKind kind) {
  return kind == ArgKind::RingbufRecord || kind == ArgKind::RingbufDynptr || kind == ArgKind::Dynptr;
}

bool takes_numbers(const std::array<Arg, 5> &rows) { return std::ranges::none_of(rows, is_checked, &Arg::kind); }
bool gives_number(const tables::Helper &helper) {
  return helper.result.kind == ReturnKind::Integer || helper.result.kind == ReturnKind::Void;
}

const tables::ProgramType &type_of(uint32_t number) {
  const auto row = std::ranges::find(tables::kProgramTypes, number, &tables::ProgramType::number);
  return row == tables::kProgramTypes.end() ? tables::kProgramTypes.front() : *row;
}

}  // namespace

bool is_plain_helper(uint32_t number) {
  const tables::Helper *const helper = tables::find_helper(number);
  return helper != nullptr && gives_number(*helper) &&
         std::ranges::all_of(tables::kProgramTypes, [&](const tables::ProgramType &type) {
           return takes_numbers(tables::arguments_of(*helper, type.number));
         });
}

void CallCheck::read_rows(CallSite &site, uint32_t program) {
  site.program = program;
  site.rows = &tables::arguments_of(*site.helper, program);
  site.checked = site.tracked = 0;
  for (unsigned i = 0; i < site.rows->size(); i++) {
    if (is_checked((*site.rows)[i].kind)) site.checked |= 1U << i;
    if (is_tracked((*site.rows)[i].kind)) site.tracked |= 1U << i;
  }
  site.is_plain = site.checked == 0 && gives_number(*site.helper);
  site.map = nullptr;
}

Ran<void> CallCheck::must_be(bool holds, const Argument &argument, std::string_view what) {
  if (holds) return {};
  return fault<diag::ArgumentObject>(argument.number, argument.callee(), what, argument.value);
}

maps::Map *CallCheck::map_at(uint64_t address) const {
  const auto found =
      std::ranges::find(reach_.maps, address, [](const maps::Map *map) { return reinterpret_cast<uint64_t>(map); });
  return found == reach_.maps.end() ? nullptr : *found;
}

Ran<void> CallCheck::check_memory(const Argument &argument, uint64_t bytes, bool writes) const {
  if (bytes == 0 || frames_.holds(argument.value, bytes)) return {};
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
  if (uninit && frames_.holds(argument.value, kDynptrBytes)) return {};
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

Ran<void> CallCheck::check_map(CallSite &site, const Argument &argument) {
  if (site.map != nullptr && reinterpret_cast<uint64_t>(site.map) == argument.value) return {};
  maps::Map *const map = map_at(argument.value);
  if (map == nullptr) return must_be(false, argument, "a map");
  if (!tables::accepts_map(site.helper->number, map->definition().type, type_of(site.program)))
    return fault<diag::ArgumentMapType>(argument.number, argument.callee(), map->definition().name);
  site.map = map;
  site.gives_maps = holds_maps(*map);
  return {};
}

Ran<void> CallCheck::check_helper_argument(const Arg &row, const Argument &argument, uint64_t next,
                                           const maps::Map *map) const {
  const tables::Helper &helper = *argument.site.helper;
  switch (row.kind) {
    case ArgKind::None:
    case ArgKind::Anything:
    case ArgKind::Number:
    case ArgKind::ConstSize:
    case ArgKind::ConstSizeOrZero:
    case ArgKind::AllocSize:
    case ArgKind::Stack:
    case ArgKind::Socket:
    case ArgKind::SockCommon:
    case ArgKind::BtfSockCommon:
    case ArgKind::BtfId:
    case ArgKind::PerCpuObject:
    case ArgKind::KptrValue:
    case ArgKind::ConstMapPtr:  // check_map()
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
      return must_be(argument.value == memory_.context(), argument, "the context");
    case ArgKind::Callback:
      return must_be(memory_.is_subprogram(argument.value), argument, "a subprogram");
    case ArgKind::ConstString:
      return check_string(argument);
    case ArgKind::SpinLock:
      return check_lock(argument, helper.number == BPF_FUNC_spin_lock);
    case ArgKind::Timer:
      return check_memory(argument, kTimerBytes, true);
    case ArgKind::KptrSlot:
      if (argument.value % sizeof(uint64_t) != 0) return must_be(false, argument, "the aligned address of a kptr");
      return check_memory(argument, sizeof(uint64_t), true);
    case ArgKind::RingbufRecord:
      return must_be(reach_.records.contains(argument.value), argument, "a record that is reserved");
    case ArgKind::RingbufDynptr:
      if (auto known = check_dynptr(argument, row.uninit); !known) return known;
      return must_be(is_of_record(argument.value), argument, "a dynptr of a record that is reserved");
    case ArgKind::Dynptr:
      return check_dynptr(argument, row.uninit);
  }
  return {};
}

Ran<void> CallCheck::check(CallSite &site, uint32_t program, const Arguments &arguments) {
  if (site.kfunc != nullptr) return check_kfunc(site, arguments);
  if (site.program != program) read_rows(site, program);
  const tables::Helper &helper = *site.helper;
  for (uint32_t left = site.checked; left != 0; left &= left - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(left));
    const Arg &row = (*site.rows)[i];
    if (row.or_null && arguments[i] == 0) continue;
    const Argument argument{site, i + 1, arguments[i]};
    const uint64_t next = i + 1 < arguments.size() ? arguments[i + 1] : 0;
    auto fine = row.kind == ArgKind::ConstMapPtr ? check_map(site, argument)
                                                 : check_helper_argument(row, argument, next, site.map);
    if (!fine) return fine;
  }
  // As the kernel has it: what else a program has may be gone before the dynptr is.
  if (helper.number == BPF_FUNC_dynptr_from_mem && arguments[1] != 0) {
    const Region *const region = reach_.regions.find(arguments[0], arguments[1]);
    if (region == nullptr || !region->lasting) return must_be(false, {site, 1, arguments[0]}, "in a map's value");
  }
  const bool locks = helper.number == BPF_FUNC_map_update_elem && (arguments[3] & BPF_F_LOCK) != 0;
  return locks ? check_element_lock(*site.map, arguments) : Ran<void>();
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
  reach_.regions.remove_within(address, record->second.bytes);
  if (Window *const window = record->second.window.get(); window != nullptr && window->first == address)
    window->close();
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
      behind != reach_.records.begin() && address - std::prev(behind)->first < std::prev(behind)->second.bytes;
  reach_.regions.add({std::string(name), address, size, in_record, false});
}

void CallCheck::add_value(const maps::Map &map, uint64_t address) {
  const maps::Definition &made = map.definition();
  if (reach_.regions.find(address, made.value_size) != nullptr) return;
  reach_.regions.add(
      {fmt::format("a value of `{}`", made.name), address, made.value_size, (made.map_flags & BPF_F_RDONLY_PROG) == 0});
}

// Records that are given back, and dynptrs.
void CallCheck::track(const CallSite &site, const Arguments &arguments) {
  for (uint32_t left = site.tracked; left != 0; left &= left - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(left));
    const Arg &row = (*site.rows)[i];
    const uint64_t value = arguments[i];
    if (row.kind == ArgKind::RingbufRecord) {
      end_record(value);
    } else if (row.releases) {
      end_record(dynptrs_[value][0]);
      dynptrs_.erase(value);
    } else if (row.uninit) {
      remember_dynptr(value);
      if (site.helper->number == BPF_FUNC_ringbuf_reserve_dynptr && dynptrs_[value][0] != 0)
        reach_.records[dynptrs_[value][0]] = {static_cast<uint32_t>(arguments[1]), nullptr};
    }
  }
}

void CallCheck::note(CallSite &site, const Arguments &arguments, uint64_t result) {
  if (site.kfunc != nullptr) return track_kfunc(*site.kfunc, arguments, result);
  if (site.tracked != 0) track(site, arguments);
  if (result == 0) return;
  const auto asked_size = [&] {
    const auto row = std::ranges::find(*site.rows, ArgKind::AllocSize, &Arg::kind);
    return row == site.rows->end() ? 0
                                   : static_cast<uint32_t>(arguments[static_cast<size_t>(row - site.rows->begin())]);
  };
  switch (site.helper->result.kind) {
    case ReturnKind::MapValue: {
      if (site.map == nullptr) return;
      if (!site.gives_maps) {
        const maps::Definition &made = site.map->definition();
        add_value(*site.map, result);
        if (site.result != nullptr)
          site.result->set(result, made.value_size, (made.map_flags & BPF_F_RDONLY_PROG) == 0);
        return;
      }
      if (map_at(result) == nullptr) reach_.maps.push_back(reinterpret_cast<maps::Map *>(result));
      return;
    }
    case ReturnKind::RingbufRecord: {
      const uint32_t size = asked_size();
      reach_.records[result] = {size, site.result};
      reach_.regions.add({"a record of a ring buffer", result, size, true, false});
      if (site.result != nullptr) site.result->set(result, size, true);
      return;
    }
    case ReturnKind::DynptrMemory:
      return add_part("the memory of a dynptr", result, asked_size());
    case ReturnKind::Socket:
    case ReturnKind::SockCommon:
      reach_.regions.add({"a socket", result, sizeof(bpf_sock), false, true});
      return;
    case ReturnKind::Integer:
    case ReturnKind::Void:
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

Ran<void> CallCheck::check_kfunc(const CallSite &site, const Arguments &arguments) const {
  using tables::KfuncArg;
  if (site.kfunc->args[0] == KfuncArg::None)
    return fault<diag::NoHelperHere>("kernel function for unverified programs", site.kfunc->name);
  for (unsigned i = 0; i < arguments.size(); i++) {
    const Argument argument{site, i + 1, arguments[i]};
    const KfuncArg kind = site.kfunc->args[i];
    const bool is_map = kind == KfuncArg::Map || kind == KfuncArg::Arena;
    const maps::Map *map = is_map ? map_at(argument.value) : nullptr;
    Ran<void> fine;
    switch (kind) {
      case KfuncArg::None:
      case KfuncArg::Any:
        break;
      case KfuncArg::Map:
        fine = must_be(map != nullptr, argument, "a map");
        break;
      case KfuncArg::Arena:
        fine = must_be(map != nullptr && map->definition().type == maps::kArenaType, argument, "an arena");
        break;
      case KfuncArg::Context:
        fine = must_be(argument.value == memory_.context(), argument, "the context");
        break;
      case KfuncArg::Dynptr:
      case KfuncArg::NewDynptr:
        fine = check_dynptr(argument, kind == KfuncArg::NewDynptr);
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

void CallCheck::track_kfunc(const tables::Kfunc &kfunc, const Arguments &arguments, uint64_t result) {
  using tables::KfuncArg;
  for (unsigned i = 0; i < arguments.size(); i++)
    if (kfunc.args[i] == KfuncArg::Dynptr || kfunc.args[i] == KfuncArg::NewDynptr) remember_dynptr(arguments[i]);
  if (kfunc.name.starts_with("bpf_dynptr_slice") && result != 0)
    add_part("a slice of a dynptr", result, static_cast<uint32_t>(arguments[kSliceSize]));
}

}  // namespace spile::vm
