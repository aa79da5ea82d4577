// Variables that are never needed at the same time share their place in the stack frame.
//
// Idea: the frame has 512 bytes for a function and all that was inlined into it. A byte of a slot is in use where it
// may have been written and may still be read (ir/analysis_slot_bytes.h). Two slots are in each other's way when one is
// touched while the other is in use; slots are given places one by one, the largest first, each the first place where
// none is in its way.
//
//     slot $0 size 64 "event"                    slot $0 size 64 "event"
//     slot $1 size 64 "name"                     slot $1 size 0
//     memset $0, i8 0, 64                        memset $0, i8 0, 64
//     %0 = call_helper.i64 25(..., $0, ...)  ->  %0 = call_helper.i64 25(..., $0, ...)
//     memset $1, i8 0, 64                        memset $0, i8 0, 64
//     %1 = call_helper.i64 25(..., $1, ...)      %1 = call_helper.i64 25(..., $0, ...)
//
// What a copy between two slots that have become one stores where it loaded it is not stored.
//
// Requires: to come behind all that asks what memory holds; expand_memory before it, or a copy between two slots that
// became one copies onto itself. Breaks: what other passes know of slots: two variables are one. Leaves dead loads
// (dce).
#include <algorithm>

#include "ir/analysis_address.h"
#include "ir/analysis_slot_bytes.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Every pair of slots is compared.
constexpr size_t kMaxSlots = 256;

class Sharer {
 public:
  explicit Sharer(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), bytes_(context.module, f_, cfg_) {}

  bool run() {
    for (uint32_t s = 0; s < f_.slots.size(); s++)
      if (f_.slots[s].size != 0 && bytes_.is_tracked(s)) candidates_.push_back(s);
    if (candidates_.size() < 2 || candidates_.size() > kMaxSlots || !bytes_.find(cfg_)) return false;
    find_written_bytes();
    conflicts_.assign(f_.slots.size(), std::vector<bool>(f_.slots.size()));
    for (const BlockId b : cfg_.rpo) find_conflicts(b);
    return assign();
  }

 private:
  using Bits = SlotBytes::Bits;

  // Bytes that [touch] may write: what it certainly writes, and all of a slot that it touches in another way than a
  // load.
  void add_written(const SlotBytes::Touch &touch, std::span<uint64_t> written) const {
    const ValueId v = touch.inst;
    if (f_[v].op == Op::Load || info_of(f_[v].op).effects == Effects::Pure) return;
    bool is_certain = false;
    for (const SlotBytes::Effect &effect : bytes_.effects(touch))
      if (effect.is_write) bytes_.set(written, effect.access, true), is_certain = true;
    if (is_certain && (f_[v].op == Op::Store || f_[v].op == Op::MemSet || f_[v].op == Op::MemCopy)) return;
    bytes_.for_each_touched(v, [&](uint32_t s) { bytes_.set(written, {s, 0, f_.slots[s].size}, true); });
  }

  // written_in_[b]: bytes that may have been written before b, on some path.
  void find_written_bytes() {
    SlotBytes::BlockBits written_out = bytes_.no_bits();
    written_in_ = written_out;
    for (const BlockId b : cfg_.rpo)
      for (const SlotBytes::Touch &touch : bytes_.touches(b)) add_written(touch, written_out[b]);
    for (bool changed = true; changed;) {
      changed = false;
      for (const BlockId b : cfg_.rpo)
        for (const BlockId p : cfg_.preds(b)) {
          const auto from = written_out[p], in = written_in_[b], out = written_out[b];
          for (size_t w = 0; w < from.size(); w++) {
            const uint64_t more = from[w] & ~in[w];
            changed = changed || more != 0;
            in[w] |= more;
            out[w] |= more;
          }
        }
    }
  }

  // Whatever [b] touches is in the way of what is in use there.
  void find_conflicts(BlockId b) {
    const auto touches = bytes_.touches(b);
    // The bytes that are live behind each of them, found backward.
    std::vector<Bits> live_behind(touches.size());
    const auto behind = bytes_.live_out(b), before = std::as_const(written_in_)[b];
    Bits live(behind.begin(), behind.end()), written(before.begin(), before.end());
    for (size_t i = touches.size(); i-- > 0;) {
      live_behind[i] = live;
      bytes_.step_back(live, touches[i]);
    }
    std::vector<uint32_t> touched, used;
    for (size_t i = 0; i < touches.size(); i++) {
      Bits &in_use = live_behind[i];
      add_written(touches[i], written);
      for (size_t w = 0; w < in_use.size(); w++) in_use[w] &= written[w];
      touched.clear();
      bytes_.for_each_touched(touches[i].inst, [&](uint32_t s) { touched.push_back(s); });
      used = touched;
      bytes_.for_each_slot(in_use, [&](uint32_t s) { used.push_back(s); });
      for (const uint32_t t : touched)
        for (const uint32_t other : used) add_conflict(t, other);
    }
  }

  void add_conflict(uint32_t a, uint32_t b) {
    if (a != b) conflicts_[a][b] = conflicts_[b][a] = true;
  }

  bool assign() {
    std::ranges::stable_sort(candidates_, std::ranges::greater{}, [&](uint32_t s) { return f_.slots[s].size; });
    std::vector<std::vector<uint32_t>> places;
    Rewrite rewrite(f_);
    for (const uint32_t s : candidates_) {
      const auto place = std::ranges::find_if(places, [&](const std::vector<uint32_t> &those) {
        return std::ranges::none_of(those, [&](uint32_t other) { return conflicts_[s][other]; });
      });
      if (place == places.end()) {
        places.push_back({s});
        continue;
      }
      const uint32_t first = place->front();
      place->push_back(s);
      f_.slots[first].align = std::max(f_.slots[first].align, f_.slots[s].align);
      rewrite.replace(f_.slot_addr(s), f_.slot_addr(first));
      f_.slots[s].size = 0;
    }
    if (rewrite.empty()) return false;
    rewrite.apply();
    for (const BlockId b : cfg_.rpo) drop_stores_back(b);
    return true;
  }

  // Loads whose bytes are still what they read.
  struct Loaded {
    ValueId load;
    Address at;
  };
  void drop_stores_back(BlockId b) {
    std::vector<Loaded> loaded;
    std::erase_if(f_[b].insts, [&](ValueId v) {
      const Inst &inst = f_[v];
      if (inst.op == Op::Load && !inst.is_volatile) {
        const Address at = address_of(f_, f_.operand(v, 0), inst.imm);
        if (f_[at.base].op == Op::SlotAddr && at.offset) loaded.push_back({v, at});
      }
      if (info_of(inst.op).effects != Effects::Write) return false;
      if (inst.op != Op::Store || inst.is_volatile) {
        loaded.clear();
        return false;
      }
      const Address to = address_of(f_, f_.operand(v, 1), inst.imm);
      const bool stays = to.offset && f_[to.base].op == Op::SlotAddr;
      if (stays && std::ranges::any_of(loaded, [&](const Loaded &l) {
            return l.load == f_.operand(v, 0) && l.at.base == to.base && l.at.offset == to.offset;
          })) {
        f_[v].block = {};
        f_.remove(v);
        return true;
      }
      const auto bytes = static_cast<int64_t>(bytes_of(f_[f_.operand(v, 0)].type));
      std::erase_if(loaded, [&](const Loaded &l) {
        return !stays || (l.at.base == to.base && *l.at.offset < *to.offset + bytes &&
                          *to.offset < *l.at.offset + static_cast<int64_t>(bytes_of(f_[l.load].type)));
      });
      return false;
    });
  }

  Function &f_;
  const Cfg &cfg_;
  SlotBytes bytes_;
  std::vector<uint32_t> candidates_;
  SlotBytes::BlockBits written_in_{0, 0};
  std::vector<std::vector<bool>> conflicts_;  // by two slots
};

}  // namespace

bool share_slots(const PassContext &context) {
  const auto left = std::ranges::count_if(context.function.slots, [](const Slot &slot) { return slot.size != 0; });
  return left >= 2 && Sharer(context).run();
}

}  // namespace spile::ir::passes
