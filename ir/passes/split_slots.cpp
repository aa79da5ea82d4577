// Scalar replacement of aggregates: a struct or array on the stack falls apart into its fields.
//
// Idea: where every use of a slot is a load, store, copy or fill at a constant offset, the bytes that are accessed form
// disjoint parts, and no part needs to be beside another. Each part gets a slot of its own; a part that is always
// accessed whole is a scalar, which mem2reg turns into values. Copies and fills are done part by part; bytes that
// nobody reads are not copied. A copy between two such slots gives each the parts of the other.
//
//     slot $0 size 16                         slot $1 size 8
//     memset $0, i8 0, 16                     slot $2 size 4
//     store %p0, $0, 8                ->      store i64 0, $1
//     %0 = load.i64 $0                        store i32 0, $2
//                                             store %p0, $2
//                                             %0 = load.i64 $1
//
// Requires: simplify_cfg (it does nothing in a function with unreachable blocks); simplify finds more constant offsets.
// Breaks: nothing. A slot that was split has size 0.
#include <algorithm>
#include <map>

#include "ir/analysis_address.h"
#include "ir/analysis_slots.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// More parts than this are an array that is better left in memory; the limit also bounds the code for one copy.
constexpr size_t kMaxParts = 64;
// Copies between split slots that keep cutting each other: given up on, the slots stay.
constexpr int kMaxRounds = 8;

constexpr uint32_t kNoSlot = 0xffff'ffff;

struct Part {
  uint32_t begin = 0, end = 0;
  Type type = Type::Void;   // of a scalar; Void: accessed in more than one way
  uint32_t slot = kNoSlot;  // the new one
  uint32_t origin = 0;      // what was at the new one's beginning: [begin], or before it
  friend bool operator==(const Part &, const Part &) = default;
};

struct Split {
  bool is_candidate = true;
  std::vector<Part> parts;  // disjoint, in order
};

struct Use {
  ValueId inst;
  uint32_t slot = kNoSlot, from_slot = kNoSlot;  // of a copy: to and from, kNoSlot when not in a slot
  uint32_t offset = 0, from_offset = 0;
};

// Sorts parts and joins those that overlap; a part is scalar when all that fell together were equal.
void normalize(std::vector<Part> &parts) {
  std::ranges::sort(parts, {}, [](const Part &p) { return std::pair(p.begin, p.end); });
  std::vector<Part> joined;
  for (const Part &p : parts) {
    if (joined.empty() || p.begin >= joined.back().end) {
      joined.push_back(p);
      continue;
    }
    Part &last = joined.back();
    const bool is_same_range = last.begin == p.begin && last.end == p.end;
    if (!is_same_range || last.type == Type::Void || p.type == Type::Void)
      last.type = Type::Void;
    else if (last.type != p.type)
      last.type = Type::I64;  // a pointer and an integer of its size
    last.end = std::max(last.end, p.end);
  }
  parts = std::move(joined);
}

class Splitter {
 public:
  explicit Splitter(const PassContext &context) : f_(context.function), analyses_(context.analyses) {}

  bool run() {
    const Cfg &cfg = analyses_.cfg();
    for (size_t b = 0; b < f_.blocks.size(); b++)
      if (!f_.blocks[b].insts.empty() && !cfg.reachable(BlockId(b))) return false;
    splits_.assign(f_.slots.size(), {});
    for (size_t s = 0; s < f_.slots.size(); s++) splits_[s].is_candidate = f_.slots[s].size != 0;
    collect(cfg);
    settle();
    return make_slots() && (rewrite(cfg), true);
  }

 private:
  struct SlotAddress {
    uint32_t slot = kNoSlot;
    int64_t offset = 0;
    bool is_exact = true;
  };

  SlotAddress address(ValueId v) const {
    if (f_[v].op == Op::SlotAddr) return {static_cast<uint32_t>(f_[v].imm), 0, true};
    return v.index < addresses_.size() ? addresses_[v.index] : SlotAddress{};
  }
  void give_up(uint32_t slot) {
    if (slot != kNoSlot) splits_[slot].is_candidate = false;
  }

  // Finds every use of every slot. Definitions come before uses in reverse post-order, except through phis, and a slot
  // whose address goes into a phi is no candidate.
  void collect(const Cfg &cfg) {
    addresses_.assign(f_.insts.size(), {});
    for (const BlockId b : cfg.rpo)
      for (const ValueId v : f_[b].insts) {
        const Inst &inst = f_[v];
        if (inst.op == Op::PtrAdd) {
          SlotAddress a = address(f_.operand(v, 0));
          const Inst &step = f_[f_.operand(v, 1)];
          a.is_exact = a.is_exact && step.op == Op::Const && step.imm >= -int64_t{1 << 20} && step.imm <= 1 << 20;
          if (a.slot != kNoSlot && !a.is_exact) give_up(a.slot);
          if (a.is_exact) a.offset += step.imm;
          addresses_[v.index] = a;
          continue;
        }
        const bool is_copy = inst.op == Op::MemCopy, is_fill = inst.op == Op::MemSet;
        const bool is_access = inst.op == Op::Load || inst.op == Op::Store;
        Use use{v};
        for (size_t i = 0; i < inst.operand_count; i++) {
          const SlotAddress a = address(f_.operand(v, i));
          if (a.slot == kNoSlot) continue;
          const bool is_pointer =
              is_copy || (is_fill && i == 0) || (is_access && static_cast<int>(i) == pointer_operand(inst.op));
          const Type type = inst.op == Op::Load ? inst.type : f_[f_.operand(v, 0)].type;
          const int64_t size = is_access ? bytes_of(type) : inst.imm;
          const int64_t offset = a.offset + (is_access ? inst.imm : 0);
          if (!is_pointer || inst.is_volatile || offset < 0 || size > f_.slots[a.slot].size ||
              offset > int64_t{f_.slots[a.slot].size} - size) {
            give_up(a.slot);
            continue;
          }
          const auto at = static_cast<uint32_t>(offset);
          if (is_access) splits_[a.slot].parts.push_back({at, at + bytes_of(type), type});
          if (is_copy && i == 1)
            use.from_slot = a.slot, use.from_offset = at;
          else
            use.slot = a.slot, use.offset = at;
        }
        if (use.slot != kNoSlot || use.from_slot != kNoSlot) uses_.push_back(use);
      }
  }

  bool is_candidate(uint32_t slot) const { return slot != kNoSlot && splits_[slot].is_candidate; }
  bool is_copy(const Use &use) const { return f_[use.inst].op == Op::MemCopy; }

  // Cuts the slots until copies between them see the same parts on both sides.
  void settle() {
    // Two rounds of giving up: a slot that has too many parts makes the slots it is copied to look outside again.
    for (bool again = true; again;) {
      again = false;
      for (auto &split : splits_) normalize(split.parts);
      for (const Use &use : uses_)
        if (is_copy(use) && is_candidate(use.from_slot) && !is_candidate(use.slot)) fill_gaps(use);
      int round = 0;
      while (exchange_parts() && ++round < kMaxRounds) {
      }
      for (size_t s = 0; s < splits_.size(); s++)
        if (splits_[s].is_candidate && (splits_[s].parts.size() > kMaxParts || round == kMaxRounds)) {
          splits_[s].is_candidate = false;
          again = true;
        }
    }
  }

  // What is copied to memory outside must be copied whole: bytes between the fields may have been zeroed on purpose.
  void fill_gaps(const Use &use) {
    auto &parts = splits_[use.from_slot].parts;
    const uint32_t end = use.from_offset + static_cast<uint32_t>(f_[use.inst].imm);
    std::vector<Part> gaps;
    uint32_t at = use.from_offset;
    auto fill_to = [&](uint32_t limit) {
      while (at < limit) {
        uint32_t width = 8;
        while (at % width != 0 || at + width > limit) width /= 2;
        gaps.push_back({at, at + width, integer_type(width * 8)});
        at += width;
      }
    };
    for (const Part &p : parts) {
      if (p.end <= at) continue;
      if (p.begin >= end) break;
      fill_to(p.begin);
      at = p.end;
    }
    fill_to(end);
    parts.insert(parts.end(), gaps.begin(), gaps.end());
    normalize(parts);
  }

  // One round over the copies between candidates; true when a slot was cut.
  bool exchange_parts() {
    bool changed = false;
    for (const Use &use : uses_) {
      if (!is_copy(use) || !is_candidate(use.slot) || !is_candidate(use.from_slot)) continue;
      const auto size = static_cast<uint32_t>(f_[use.inst].imm);
      changed |= give_parts(use.from_slot, use.from_offset, use.slot, use.offset, size);
      changed |= give_parts(use.slot, use.offset, use.from_slot, use.from_offset, size);
    }
    return changed;
  }
  bool give_parts(uint32_t from, uint32_t from_offset, uint32_t to, uint32_t to_offset, uint32_t size) {
    std::vector<Part> parts = splits_[to].parts;
    for (const Part &p : splits_[from].parts) {
      const uint32_t begin = std::max(p.begin, from_offset), end = std::min(p.end, from_offset + size);
      if (begin >= end) continue;
      const bool is_whole = begin == p.begin && end == p.end;
      parts.push_back({begin - from_offset + to_offset, end - from_offset + to_offset, is_whole ? p.type : Type::Void});
    }
    normalize(parts);
    if (parts == splits_[to].parts) return false;
    splits_[to].parts = std::move(parts);
    return true;
  }

  // A slot that is one scalar already stays.
  bool is_split(uint32_t s) const {
    if (!splits_[s].is_candidate) return false;
    const auto &parts = splits_[s].parts;
    if (parts.size() != 1 || parts[0].begin != 0) return true;
    return has_block_use_[s] && parts[0].type != Type::Void;
  }

  bool make_slots() {
    bool any = false;
    has_block_use_.assign(splits_.size(), false);
    for (const Use &use : uses_)
      if (f_[use.inst].op == Op::MemCopy || f_[use.inst].op == Op::MemSet) {
        if (use.slot != kNoSlot) has_block_use_[use.slot] = true;
        if (use.from_slot != kNoSlot) has_block_use_[use.from_slot] = true;
      }
    const size_t count = splits_.size();
    for (uint32_t s = 0; s < count; s++) {
      if (!is_split(s)) {
        // Its accesses stay as they are; copies to and from split slots see it as memory.
        splits_[s].is_candidate = false;
        continue;
      }
      any = true;
      for (Part &p : splits_[s].parts) p.origin = p.begin;
    }
    if (!any) return false;
    keep_aligned();
    for (uint32_t s = 0; s < count; s++) {
      if (!splits_[s].is_candidate) continue;
      for (Part &p : splits_[s].parts) {
        const uint32_t align = std::min<uint32_t>(f_.slots[s].align, p.origin == 0 ? 8 : p.origin & (0 - p.origin));
        p.slot = static_cast<uint32_t>(f_.slots.size());
        f_.slots.push_back(Slot{p.end - p.origin, align, f_.slots[s].name, f_.slots[s].loc});
      }
      f_.slots[s].size = 0;
    }
    return true;
  }

  // A part of a packed struct may begin at an odd byte and have an aligned access behind it, of a bit-field: it stays
  // where it was within eight bytes.
  void keep_aligned() {
    for (const Use &use : uses_) {
      const Inst &inst = f_[use.inst];
      if (use.slot == kNoSlot || !is_candidate(use.slot) || inst.align != 0) continue;
      if (inst.op != Op::Load && inst.op != Op::Store) continue;
      const uint32_t bytes = bytes_of(inst.op == Op::Load ? inst.type : f_[f_.operand(use.inst, 0)].type);
      auto &parts = splits_[use.slot].parts;
      Part &part = parts[static_cast<size_t>(&part_at(use.slot, use.offset) - parts.data())];
      if (bytes != 0 && (use.offset - part.origin) % bytes != 0) part.origin = part.begin & ~7U;
    }
  }

  const Part &part_at(uint32_t slot, uint32_t offset) const {
    const auto &parts = splits_[slot].parts;
    const auto after = std::ranges::upper_bound(parts, offset, {}, &Part::begin);
    SPILE_CHECK(after != parts.begin(), "an access outside of all parts");
    return *(after - 1);
  }

  // ---- rewriting

  void rewrite(const Cfg &cfg) {
    std::map<uint32_t, const Use *> use_of;
    for (const Use &use : uses_) use_of[use.inst.index] = &use;
    for (const BlockId b : cfg.rpo) {
      std::vector<ValueId> before;
      std::swap(before, f_[b].insts);
      out_ = &f_[b].insts;
      block_ = b;
      for (const ValueId v : before) {
        const auto found = use_of.find(v.index);
        const bool is_ours =
            found != use_of.end() && (is_candidate(found->second->slot) || is_candidate(found->second->from_slot));
        // A ptradd of a slot that is gone has no users left.
        const bool is_stale = f_[v].op == Op::PtrAdd && is_candidate(address(v).slot);
        if (!is_ours && !is_stale) {
          out_->push_back(v);
          continue;
        }
        if (is_ours && (f_[v].op == Op::Load || f_[v].op == Op::Store)) {
          redirect(v, *found->second);
          out_->push_back(v);
          continue;
        }
        if (is_ours && f_[v].op == Op::MemSet) fill_parts(v, *found->second);
        if (is_ours && f_[v].op == Op::MemCopy) copy_parts(v, *found->second);
        f_[v].block = {};
        f_.remove(v);
      }
    }
  }

  void redirect(ValueId v, const Use &use) {
    const Part &part = part_at(use.slot, use.offset);
    f_.operands(v)[static_cast<size_t>(pointer_operand(f_[v].op))] = f_.slot_addr(part.slot);
    f_[v].imm = use.offset - part.origin;
  }

  ValueId emit(Op op, Type type, std::initializer_list<ValueId> operands, int64_t imm, unsigned align, ValueId origin) {
    const ValueId v = f_.make(op, type, std::span(operands.begin(), operands.size()), {}, imm, f_[origin].loc);
    f_[v].align = static_cast<uint8_t>(align);
    f_[v].block = block_;
    out_->push_back(v);
    return v;
  }

  void fill_parts(ValueId v, const Use &use) {
    const ValueId byte = f_.operand(v, 1);
    const uint32_t end = use.offset + static_cast<uint32_t>(f_[v].imm);
    for (const Part &p : splits_[use.slot].parts) {
      const uint32_t from = std::max(p.begin, use.offset), to = std::min(p.end, end);
      if (from >= to) continue;
      const bool is_whole = from == p.begin && to == p.end && p.type != Type::Void;
      if (is_whole && f_[byte].op == Op::Const) {
        const uint64_t splat = (static_cast<uint64_t>(f_[byte].imm) & 0xff) * 0x0101'0101'0101'0101ull;
        emit(Op::Store, Type::Void, {f_.constant(p.type, static_cast<int64_t>(splat)), f_.slot_addr(p.slot)}, 0, 0, v);
      } else {
        emit(Op::MemSet, Type::Void, {inside(p.slot, from - p.origin, v), byte}, to - from, align_in(p, from), v);
      }
    }
  }

  void copy_parts(ValueId v, const Use &use) {
    const bool to_parts = is_candidate(use.slot), from_parts = is_candidate(use.from_slot);
    const auto size = static_cast<uint32_t>(f_[v].imm);
    const ValueId to_pointer = f_.operand(v, 0), from_pointer = f_.operand(v, 1);
    const unsigned outside_align = std::max<unsigned>(f_[v].align, 1);
    const auto &parts = splits_[to_parts ? use.slot : use.from_slot].parts;
    const uint32_t base = to_parts ? use.offset : use.from_offset;
    for (const Part &p : parts) {
      const uint32_t begin = std::max(p.begin, base), end = std::min(p.end, base + size);
      if (begin >= end) continue;
      const uint32_t at = begin - base;  // within the copied bytes
      const unsigned align = at == 0 ? outside_align : std::min<unsigned>(outside_align, at & (0 - at));
      const bool is_whole = begin == p.begin && end == p.end && p.type != Type::Void;
      const Part *other = to_parts && from_parts ? &part_at(use.from_slot, use.from_offset + at) : nullptr;
      if (is_whole) {
        const ValueId value =
            !from_parts ? emit(Op::Load, p.type, {from_pointer}, at, align, v)
            : other ? emit(Op::Load, p.type, {f_.slot_addr(other->slot)}, use.from_offset + at - other->origin, 0, v)
                    : emit(Op::Load, p.type, {f_.slot_addr(p.slot)}, 0, 0, v);
        if (to_parts)
          emit(Op::Store, Type::Void, {value, f_.slot_addr(p.slot)}, 0, 0, v);
        else
          emit(Op::Store, Type::Void, {value, to_pointer}, at, align, v);
        continue;
      }
      const ValueId to = to_parts ? inside(p.slot, begin - p.origin, v) : plus(to_pointer, at, v);
      const ValueId from = !from_parts ? plus(from_pointer, at, v)
                           : other     ? inside(other->slot, use.from_offset + at - other->origin, v)
                                       : inside(p.slot, begin - p.origin, v);
      unsigned piece_align = other ? std::min(align_in(p, begin), align_in(*other, use.from_offset + at))
                                   : std::min(align_in(p, begin), align);
      emit(Op::MemCopy, Type::Void, {to, from}, end - begin, piece_align, v);
    }
  }

  ValueId inside(uint32_t slot, uint32_t offset, ValueId origin) { return plus(f_.slot_addr(slot), offset, origin); }
  ValueId plus(ValueId pointer, uint32_t offset, ValueId origin) {
    if (offset == 0) return pointer;
    return emit(Op::PtrAdd, Type::Ptr, {pointer, f_.constant(Type::I64, offset)}, 0, 0, origin);
  }
  unsigned align_in(const Part &p, uint32_t offset) const {
    const uint32_t at = offset - p.origin;
    return std::min<unsigned>(f_.slots[p.slot].align, at == 0 ? 8 : at & (0 - at));
  }

  Function &f_;
  Analyses &analyses_;
  std::vector<Split> splits_;           // by slot
  std::vector<SlotAddress> addresses_;  // by value
  std::vector<Use> uses_;
  std::vector<bool> has_block_use_;
  std::vector<ValueId> *out_ = nullptr;
  BlockId block_;
};

}  // namespace

bool split_slots(const PassContext &context) { return has_slots(context.function) && Splitter(context).run(); }

}  // namespace spile::ir::passes
