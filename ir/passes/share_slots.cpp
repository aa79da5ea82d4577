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
// Requires: to come last; expand_memory before it, or a copy between two slots that became one copies onto itself.
// Breaks: what other passes know of slots: two variables are one.
#include <algorithm>

#include "ir/analysis_slot_bytes.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Every pair of slots is compared.
constexpr size_t kMaxSlots = 256;

class Sharer {
 public:
  explicit Sharer(const PassContext &context) : f_(context.function), cfg_(context.analyses.cfg()), bytes_(context.module, f_, cfg_) {}

  bool run() {
    if (!bytes_.is_known()) return false;
    for (uint32_t s = 0; s < f_.slots.size(); s++)
      if (f_.slots[s].size != 0 && bytes_.is_tracked(s)) candidates_.push_back(s);
    if (candidates_.size() < 2 || candidates_.size() > kMaxSlots) return false;
    find_written_bytes();
    conflicts_.assign(f_.slots.size(), std::vector<bool>(f_.slots.size()));
    for (const BlockId b : cfg_.rpo) find_conflicts(b);
    return assign();
  }

 private:
  using Bits = SlotBytes::Bits;
  using Access = SlotBytes::Access;

  // Bytes that [v] may write: what it certainly writes, and all of a slot that it touches in another way than a load.
  void add_written(ValueId v, Bits &written) const {
    if (f_[v].op == Op::Load || info_of(f_[v].op).effects == Effects::Pure) return;
    bool is_certain = false;
    bytes_.visit(v, [](Access) {}, [&](Access a) { bytes_.set(written, a, true), is_certain = true; });
    if (is_certain && (f_[v].op == Op::Store || f_[v].op == Op::MemSet || f_[v].op == Op::MemCopy)) return;
    bytes_.for_each_touched(v, [&](uint32_t s) { bytes_.set(written, {s, 0, f_.slots[s].size}, true); });
  }

  // written_in_[b]: bytes that may have been written before b, on some path.
  void find_written_bytes() {
    std::vector<Bits> written_out(f_.blocks.size(), bytes_.no_bits());
    written_in_ = written_out;
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts) add_written(v, written_out[b.index]);
    for (bool changed = true; changed;) {
      changed = false;
      for (const BlockId b : cfg_.rpo)
        for (const BlockId p : cfg_.preds(b))
          for (size_t w = 0; w < written_out[p.index].size(); w++) {
            const uint64_t more = written_out[p.index][w] & ~written_in_[b.index][w];
            changed = changed || more != 0;
            written_in_[b.index][w] |= more;
            written_out[b.index][w] |= more;
          }
    }
  }

  // Whatever [b] touches is in the way of what is in use there.
  void find_conflicts(BlockId b) {
    const auto &insts = f_[b].insts;
    // The bytes that are live behind each instruction that touches a slot, found backward.
    std::vector<std::pair<ValueId, Bits>> live_behind;
    Bits live = bytes_.live_out(b);
    for (size_t i = insts.size(); i-- > 0;) {
      bool touches = false;
      bytes_.for_each_touched(insts[i], [&](uint32_t) { touches = true; });
      if (!touches) continue;
      live_behind.emplace_back(insts[i], live);
      bytes_.visit(insts[i], [](Access) {}, [&](Access a) { bytes_.set(live, a, false); });
      bytes_.visit(insts[i], [&](Access a) { bytes_.set(live, a, true); }, [](Access) {});
    }
    Bits written = written_in_[b.index];
    std::vector<uint32_t> touched;
    for (size_t i = live_behind.size(); i-- > 0;) {
      auto &[v, in_use] = live_behind[i];
      add_written(v, written);
      for (size_t w = 0; w < in_use.size(); w++) in_use[w] &= written[w];
      touched.clear();
      bytes_.for_each_touched(v, [&](uint32_t s) { touched.push_back(s); });
      for (const uint32_t t : touched) {
        for (const uint32_t other : touched) add_conflict(t, other);
        for (const uint32_t other : candidates_)
          if (bytes_.any_of_slot(in_use, other)) add_conflict(t, other);
      }
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
    rewrite.apply();
    return !rewrite.empty();
  }

  Function &f_;
  const Cfg &cfg_;
  SlotBytes bytes_;
  std::vector<uint32_t> candidates_;
  std::vector<Bits> written_in_;              // by block
  std::vector<std::vector<bool>> conflicts_;  // by two slots
};

}  // namespace

bool share_slots(const PassContext &context) { return Sharer(context).run(); }

}  // namespace spile::ir::passes
