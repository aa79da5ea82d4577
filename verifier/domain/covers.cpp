// Subsumption of states (states_equal, regsafe, stacksafe): the heart of pruning.
//
// Sound because: a state is only "old and safe" when all its continuations were explored without an error. Those
// continuations depend on the values of registers and slots only as far as they read them (live) and, for numbers, as
// far as a check or a branch used the value (precise). Where old allows at least what cur allows in all of these, no
// continuation of cur can fail. Ids carry equalities: they must map one to one.
#include "verifier/domain/state.h"

namespace spile::verifier {
namespace {

class IdMap {
 public:
  bool same(uint32_t old_id, uint32_t cur_id) {
    if ((old_id != 0) != (cur_id != 0)) return false;
    if (old_id == 0) return true;
    for (const auto &[o, c] : pairs_) {
      if (o == old_id) return c == cur_id;
      if (c == cur_id) return false;
    }
    pairs_.emplace_back(old_id, cur_id);
    return true;
  }
  // A scalar that was linked to others when it was verified needs the same links now; one that was not may have any.
  bool same_scalar(const RegState &old, const RegState &cur) {
    if (old.id == 0) return true;
    const uint32_t cur_id = cur.id != 0 ? cur.id : fresh_--;
    return same(key(old.id, old.plus_const), key(cur_id, cur.plus_const)) && (!old.plus_const || same(old.id, cur_id));
  }

 private:
  // Ids with and without a constant are different ids, as the kernel's BPF_ADD_CONST bit makes them.
  static uint32_t key(uint32_t id, bool plus_const) { return plus_const ? id | 0x8000'0000 : id; }
  std::vector<std::pair<uint32_t, uint32_t>> pairs_;
  uint32_t fresh_ = 0x7fff'ffff;
};

class Comparison {
 public:
  Comparison(Match match, bool reads_unwritten) : match_(match), reads_unwritten_(reads_unwritten) {}

  bool regs(const RegState &old, const RegState &cur, bool live) {
    if (match_ == Match::Exact) return exact(old, cur);
    if (!live) return true;
    if (old.type == RegType::NotInit && (match_ == Match::Safe || cur.type == RegType::NotInit)) return true;
    if (old.type != cur.type || old.or_null != cur.or_null || old.flags != cur.flags) return false;
    switch (old.type) {
      case RegType::Scalar:
        if (!old.precise && match_ == Match::Safe) return true;
        if (old.plus_const && !cur.plus_const) return false;
        if (old.id != 0 && !old.plus_const && cur.plus_const) return false;
        if (old.plus_const && (old.off != cur.off || old.plus_in_32 != cur.plus_in_32)) return false;
        return ids_.same_scalar(old, cur) && old.value.includes(cur.value);
      case RegType::MapKey:
      case RegType::MapValue:
        return old.off == cur.off && old.target == cur.target && old.value.includes(cur.value) &&
               old.map_uid == cur.map_uid && ids_.same(old.id, cur.id) && ids_.same(old.ref_id, cur.ref_id);
      case RegType::Mem:
      case RegType::Buffer:
      case RegType::TpBuffer:
        return old.off == cur.off && old.mem_size == cur.mem_size && old.value.includes(cur.value) &&
               ids_.same(old.map_uid, cur.map_uid) && ids_.same(old.id, cur.id) && ids_.same(old.ref_id, cur.ref_id);
      case RegType::Arena:
        return true;
      case RegType::Packet:
      case RegType::PacketMeta:
        if (old.range < 0 || cur.range < 0 ? old.range != cur.range : old.range > cur.range) return false;
        return old.off == cur.off && ids_.same(old.id, cur.id) && old.value.includes(cur.value);
      case RegType::Poisoned:
        return true;
      case RegType::NotInit:
      case RegType::Ctx:
      case RegType::MapPtr:
      case RegType::Stack:
      case RegType::PacketEnd:
      case RegType::FlowKeys:
      case RegType::Socket:
      case RegType::SockCommon:
      case RegType::TcpSock:
      case RegType::XdpSock:
      case RegType::BtfObject:
      case RegType::Dynptr:
      case RegType::Iterator:
      case RegType::Func:
        return exact(old, cur);
    }
    return false;
  }

  // regs_exact(): the same but for names of ids.
  bool exact(const RegState &old, const RegState &cur) {
    return old.type == cur.type && old.or_null == cur.or_null && old.frame == cur.frame && old.off == cur.off &&
           old.target == cur.target && old.range == cur.range && old.value == cur.value &&
           old.plus_const == cur.plus_const && old.plus_in_32 == cur.plus_in_32 && old.mem_size == cur.mem_size &&
           old.flags == cur.flags && ids_.same(old.id, cur.id) && ids_.same(old.ref_id, cur.ref_id);
  }

  // What was acquired must be the same, one for one.
  bool references(const State &old, const State &cur) {
    if (old.references.size() != cur.references.size() || old.rcu_depth != cur.rcu_depth ||
        old.preempt_depth != cur.preempt_depth)
      return false;
    for (size_t i = 0; i < old.references.size(); i++) {
      const Reference &o = old.references[i], &c = cur.references[i];
      if (o.kind != c.kind || o.frame != c.frame || o.map != c.map || !ids_.same(o.id, c.id)) return false;
    }
    return true;
  }

  bool stacks(const Stack &old, const Stack &cur, uint64_t live) {
    for (unsigned i = 0; i < old.slots.size(); i++) {
      const StackSlot &o = old.slots[i];
      const StackSlot *c = i < cur.slots.size() ? &cur.slots[i] : nullptr;
      if (match_ != Match::Safe && (c == nullptr || o.bytes != c->bytes)) return false;
      if (match_ != Match::Exact && (live & (1ull << i)) == 0) continue;
      if (!slots(o, c)) return false;
    }
    return true;
  }

 private:
  bool slots(const StackSlot &old, const StackSlot *cur) {
    static const RegState unbound = RegState::unknown();
    // A whole spilled scalar and eight unknown bytes are both just numbers.
    const auto as_scalar = [](const StackSlot &s) -> const RegState * {
      if (s.is_whole_spill() && s.spilled.is_scalar()) return &s.spilled;
      return s.is_all_unknown() ? &unbound : nullptr;
    };
    for (unsigned b = 0; !reads_unwritten_ && b < kSlotBytes; b++)
      if (old.bytes[b] != ByteKind::Untouched && (cur == nullptr || cur->bytes[b] == ByteKind::Untouched)) return false;
    bool matters = false;
    for (ByteKind b : old.bytes) matters |= b != ByteKind::Untouched && b != ByteKind::Misc;
    if (!matters) return true;  // bytes that nobody knew anything of
    if (cur == nullptr) return false;
    const RegState *o = as_scalar(old), *c = as_scalar(*cur);
    if (o != nullptr && c != nullptr) return regs(*o, *c, true);
    for (unsigned b = 0; b < kSlotBytes; b++) {
      if (old.bytes[b] == ByteKind::Untouched || old.bytes[b] == ByteKind::Misc) continue;
      if (old.bytes[b] != cur->bytes[b]) return false;
    }
    if (old.bytes[0] == ByteKind::Dynptr || old.bytes[0] == ByteKind::Iterator || old.bytes[0] == ByteKind::IrqFlags)
      return old.spilled.target == cur->spilled.target && old.spilled.frame == cur->spilled.frame &&
             old.spilled.range == cur->spilled.range && ids_.same(old.spilled.ref_id, cur->spilled.ref_id) &&
             (old.bytes[0] != ByteKind::Dynptr || ids_.same(old.spilled.id, cur->spilled.id));
    return !old.is_spill() || regs(old.spilled, cur->spilled, true);
  }

  Match match_;
  bool reads_unwritten_;
  IdMap ids_;
};

// maybe_widen_reg()
void widen(Comparison &comparison, const RegState &old, RegState &cur) {
  if (!old.is_scalar() || !cur.is_scalar() || old.precise || cur.precise || comparison.exact(old, cur)) return;
  cur = RegState::unknown(cur.origin);
}

}  // namespace

void widen(const State &old, State &cur) {
  Comparison comparison(Match::Exact, true);
  for (size_t f = old.frames.size(); f-- > 0;) {
    const Frame &o = old.frames[f];
    Frame &c = cur.frames[f];
    for (unsigned r = 0; r < isa::kRegisterCount; r++) widen(comparison, o.regs[r], c.regs[r]);
    const size_t slots = std::min(o.stack.slots.size(), c.stack.slots.size());
    for (size_t s = 0; s < slots; s++)
      if (o.stack.slots[s].is_spill() && c.stack.slots[s].is_spill())
        widen(comparison, o.stack.slots[s].spilled, c.stack.slots[s].spilled);
  }
}

bool covers(const State &old, std::span<const LiveMarks> live, const State &cur, Match match, bool reads_unwritten) {
  if (old.frames.size() != cur.frames.size() || (old.speculative && !cur.speculative)) return false;
  Comparison comparison(match, reads_unwritten);
  if (!comparison.references(old, cur)) return false;
  for (size_t f = 0; f < old.frames.size(); f++) {
    const Frame &o = old.frames[f], &c = cur.frames[f];
    if (o.callsite != c.callsite || o.subprogram != c.subprogram || o.in_callback != c.in_callback) return false;
    if (o.callback_depth > c.callback_depth) return false;
    for (unsigned r = 0; r < isa::kRegisterCount; r++)
      if (!comparison.regs(o.regs[r], c.regs[r], (live[f].regs & (1u << r)) != 0)) return false;
    if (!comparison.stacks(o.stack, c.stack, live[f].slots)) return false;
  }
  return true;
}

}  // namespace spile::verifier
