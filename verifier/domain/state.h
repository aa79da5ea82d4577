// State: the whole machine as the verifier sees it before an instruction: a stack of call frames, each with its
// registers and its stack memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/isa/insn.h"
#include "verifier/domain/stack.h"

namespace spile::verifier {

struct Frame {
  std::array<RegState, isa::kRegisterCount> regs;
  Stack stack;
  uint32_t callsite = kNoInsn;  // the call instruction; none for the entry
  uint32_t subprogram = 0;
  bool in_callback = false;
  bool is_async = false;                       // a callback that runs alone, some time later
  bool may_sleep = false;                      // is_async: where it runs
  int32_t callback_min = 0, callback_max = 1;  // what the callback may return
  uint32_t callback_depth = 0;                 // how often a callback was entered from the call that is being explored
};

// Something that the path has acquired and must give back.
struct Reference {
  enum Kind : uint8_t { Pointer, Lock, ResLock, ResLockIrq, IrqFlags } kind = Pointer;
  uint32_t id = 0;
  uint32_t frame = 0;       // of the callback that acquired it, which must release it; 0 outside callbacks
  uint32_t map = 0;         // of a lock: the map whose value it lies in
  uint32_t insn = kNoInsn;  // where it was acquired
};

struct State {
  std::vector<Frame> frames;  // [0] is the program's
  std::vector<Reference> references;
  uint32_t rcu_depth = 0, preempt_depth = 0;  // sections that the path is in
  bool hides_addresses = false;               // without capabilities: a pointer that is lost cannot be read as a number
  bool speculative = false;                   // what the processor might execute in vain (unprivileged.h)
  uint32_t next_id = 0;                       // ids are unique along a path
  uint32_t may_goto_turns = 0;                // of loops by may_goto on this path
  uint32_t callback_entries = 0;              // callbacks entered on this path: each turn of a callback is a new state

  Frame &top() { return frames.back(); }
  const Frame &top() const { return frames.back(); }
  uint32_t depth() const { return static_cast<uint32_t>(frames.size()) - 1; }
  RegState &reg(unsigned r) { return frames.back().regs[r]; }
  const RegState &reg(unsigned r) const { return frames.back().regs[r]; }
  uint32_t new_id() { return ++next_id; }
  // What a register holds once its pointer is no longer valid (mark_reg_invalid). Where the kernel goes on to take it
  // for a pointer, it is neither that nor a number.
  RegState lost(const RegState &pointer) const {
    const bool unreadable = hides_addresses || pointer.has(kSumOfNumber);
    return unreadable ? RegState{} : RegState::unknown(pointer.origin);
  }
  bool holds(uint32_t ref_id) const {
    for (const Reference &r : references)
      if (r.id == ref_id && r.kind == Reference::Pointer) return true;
    return false;
  }
  // The lock that was taken last; null when none is held.
  const Reference *lock() const {
    return youngest([](const Reference &r) { return is_lock(r.kind); });
  }
  bool has_lock(Reference::Kind kind) const {
    return youngest([&](const Reference &r) { return r.kind == kind; }) != nullptr;
  }
  const Reference *find_lock(Reference::Kind kind, uint32_t id, uint32_t map) const {
    return youngest([&](const Reference &r) { return r.kind == kind && r.id == id && r.map == map; });
  }
  // The interrupt flags that were saved last.
  const Reference *irq_section() const {
    return youngest([](const Reference &r) { return r.kind == Reference::IrqFlags; });
  }

  static bool is_lock(Reference::Kind kind) { return kind != Reference::Pointer && kind != Reference::IrqFlags; }
  template <class F>
  const Reference *youngest(F &&fits) const {
    for (size_t i = references.size(); i-- > 0;)
      if (fits(references[i])) return &references[i];
    return nullptr;
  }

  // Calls f(RegState &) for every register and every spilled register of every frame.
  template <class F>
  void for_each_reg(F &&f) {
    for (Frame &frame : frames) {
      for (RegState &r : frame.regs) f(r);
      for (StackSlot &slot : frame.stack.slots)
        if (slot.is_spill()) f(slot.spilled);
    }
  }
};

// Pointers of the given or-null id become NULL or certain (mark_ptr_or_null_regs).
void resolve_null(State &state, uint32_t id, bool is_null);
// Packet pointers die when a helper may move the packet (clear_all_pkt_pointers).
void forget_packet_pointers(State &state);

// A reference is given back: every pointer that was made from it becomes a number that nobody knows
// (release_reference).
void release(State &state, uint32_t ref_id);

// One line in the kernel's notation: "R1=ctx() R10=fp0 fp-8=mmmm0000".
std::string to_string(const State &state, const object::Object *object);

// ---- Pruning

// How exactly must the current state match a state that was explored?
enum class Match : uint8_t {
  Safe,    // everything that the old state's continuation relied on holds: dead and imprecise values are ignored
  Within,  // every live value lies within the old one's, precise or not: for loops that are still being explored
  Exact,   // nothing has changed: an infinite loop
};

// What the paths from a checkpoint on have read: the rest need not match.
struct LiveMarks {
  uint16_t regs = 0;
  uint64_t slots = 0;
};

// Is [cur] covered by [old]? [live]: by frame, what must match but for Match::Exact. [reads_unwritten]: stack that was
// never written is as good as stack that holds something unknown.
bool covers(const State &old, std::span<const LiveMarks> live, const State &cur, Match match, bool reads_unwritten);

// After a turn of a loop: numbers that are not what they were in [old], and decide nothing, become unknown, so that the
// turns converge (widen_imprecise_scalars). A new link to another number is such a change. Same call chain in both.
// Sound because: unknown contains the number; and where precision turns up later, the checkpoint is marked then, no
// longer covers the state, and the turns go on.
void widen(const State &old, State &cur);

}  // namespace spile::verifier
