// What memory an access reaches, and whether two accesses can meet.
//
// In: a function as it is. Out: the place of a pointer (a private slot, or regions that no pointer of another one
// reaches), the places that an instruction writes, and for an access of known size whether an instruction may write to
// it. A snapshot: pointers that are made later are looked at anew each time. Called by gvn, Tests, and the passes that
// join accesses or move them: join_bytes, join_loads, join_stores, loops_to_memory, sink_uses.
#pragma once

#include "ir/analysis_address.h"
#include "ir/analysis_cfg.h"
#include "ir/analysis_slots.h"

namespace spile::ir {

// Memory that is not a private slot, in parts of which no pointer can be to another: a set of bits.
using Regions = uint8_t;
inline constexpr Regions kContext = 1, kPacket = 2, kElsewhere = 4, kAnywhere = 7;
inline constexpr size_t kRegionCount = 3;

class Memory {
 public:
  // Where an access goes: to one private slot, or somewhere in some regions.
  struct Place {
    uint32_t slot = SlotPointers::kNone;
    Regions regions = 0;
  };
  struct Access {
    ValueId pointer;
    int64_t offset = 0;
    uint32_t bytes = 0;
  };

  // [lone_params]: of the PassContext.
  Memory(const Module &module, const Function &function, const Cfg &cfg, uint32_t lone_params);

  Place place_of(ValueId pointer) const {
    if (pointer.index >= places_.size()) return find_place(pointer);
    auto &place = places_[pointer.index];
    if (!place.is_known) place = {find_place(pointer), true};
    return place.place;
  }
  bool is_private(ValueId pointer) const { return place_of(pointer).slot != SlotPointers::kNone; }

  bool writes(ValueId v) const {
    const Inst &inst = f_[v];
    if (inst.op == Op::Asm && !f_.assemblies[static_cast<size_t>(inst.imm)].writes_memory()) return false;
    return inst.op == Op::AsmGoto || (info_of(inst.op).effects == Effects::Write && inst.op != Op::Opaque);
  }
  // Calls found(place) for each place that [v] writes.
  template <class Found>
  void for_each_write(ValueId v, Found found) const {
    if (!writes(v)) return;
    const Inst &inst = f_[v];
    if (const ValueId pointer = written_pointer(v)) return found(place_of(pointer));
    if (inst.op == Op::LoadAbs || inst.op == Op::LoadInd) return;
    found(Place{.regions = keeps_context(v) ? static_cast<Regions>(kAnywhere & ~kContext) : kAnywhere});
    if (inst.op == Op::CallHelper)
      for (const ValueId arg : f_.operands(v))
        if (const Place place = place_of(arg); place.slot != SlotPointers::kNone) found(Place{place.slot});
  }

  bool may_meet(const Access &a, const Access &b) const;
  bool may_write(ValueId v, const Access &access) const;
  // Whether both are the same bytes on every way.
  bool is_same(const Access &a, const Access &b) const;
  Access access_of(ValueId load_or_store) const;

 private:
  // As address_of, and through casts of address spaces.
  Address rooted(ValueId pointer, int64_t offset) const;
  // Whether both are made alike: before a join, the same address is often computed once on each way.
  bool is_same_pointer(ValueId a, ValueId b) const;
  Place find_place(ValueId pointer) const;
  // The pointer that a store, atomic, copy or fill writes to; else none.
  ValueId written_pointer(ValueId v) const;
  bool holds_no_context(ValueId pointer) const;
  bool is_map_value(ValueId base) const;
  bool is_fresh_page(ValueId base) const;
  bool are_apart(ValueId a, ValueId b) const;
  bool keeps_context(ValueId call) const;
  bool calls_functions() const;
  void find_context_escapes();
  bool is_context(ValueId pointer) const { return f_[address_of(f_, pointer).base].op == Op::Param; }

  const Module &module_;
  const Function &f_;
  const Cfg &cfg_;
  const uint32_t lone_params_;
  // The parameter is the context of a program. What replaces a function has that function's parameters.
  const bool has_context_;
  SlotPointers slots_;
  // From this block on, in the order of the graph, a pointer to the context may be in other memory.
  uint32_t context_escapes_at_ = Cfg::kUnreachable;
  struct Cached {
    Place place;
    bool is_known = false;
  };
  mutable std::vector<Cached> places_;  // by value
};

}  // namespace spile::ir
