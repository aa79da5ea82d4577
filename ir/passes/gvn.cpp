// Value numbering: what was computed on the way here need not be computed again.
//
// Idea: walk the dominator tree with a table from operation and operands to the value that has them; leaving a subtree
// takes its entries out. Loads are in the table too, with a stamp of the memory that they read: a write gives memory a
// new stamp, for the private slot that it goes to or for the context, the packet, and all the rest; where paths join,
// memory keeps its stamp only if nothing between the dominator and the join writes to it. A store makes the value
// available to later loads. What is asked for here and beyond a call is loaded twice (analysis_tests.h). Below a branch
// its condition is known, so is the inverse comparison, after x == 5, x is 5, and after x < 5, x < 9 and x is not
// negative; what is left of a size, 64 - x, is compared by x. A phi of one value and of nothing that was ever set is
// that value.
//
//     %0 = load.i32 %p0, 4                  %0 = load.i32 %p0, 4
//     %1 = load.i32 %p0, 4            ->    %1 = add.i32 %0, %0
//     %2 = add.i32 %0, %1                   ret %1
//     ret %2
//
// Requires: simplify before it, so that equal operations look equal. Breaks: leaves decided branches (simplify_cfg).
//
// For the kernel's verifier: nothing is moved; a value is only replaced by an earlier one, so no pointer arithmetic
// comes before its null check, and no load before its bounds check.
#include <algorithm>
#include <bit>
#include <iterator>

#include "ir/analysis_bits.h"
#include "ir/analysis_counters.h"
#include "ir/analysis_dominators.h"
#include "ir/analysis_memory.h"
#include "ir/analysis_tests.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Loads and stores that a store is compared with, one by one; older ones are forgotten at a store.
constexpr size_t kMaxRecentLoads = 64;

struct Key {
  Op op;
  Type type;
  Pred pred;
  std::array<ValueId, 3> operands;
  int64_t imm;
  friend bool operator==(const Key &, const Key &) = default;
};
struct KeyHash {
  size_t operator()(const Key &k) const noexcept {
    uint64_t hash =
        static_cast<uint64_t>(k.op) | static_cast<uint64_t>(k.type) << 8 | static_cast<uint64_t>(k.pred) << 16;
    for (const ValueId v : k.operands) hash = (hash ^ v.index) * 0x9e37'79b9'7f4a'7c15ull;
    hash = (hash ^ static_cast<uint64_t>(k.imm)) * 0x9e37'79b9'7f4a'7c15ull;
    return hash ^ (hash >> 32);
  }
};
// Of an integer, unsigned, both ends in.
struct Range {
  uint64_t min = 0, max = ~0ull;
};
struct Entry {
  ValueId value;
  uint32_t stamp = 0;       // of the memory that a load read
  uint32_t call_stamp = 0;  // of the memory that every call writes
};

// Keys and their entries, of which the newest are forgotten again: a later entry of a key hides the earlier one until
// then.
class ScopedTable {
 public:
  explicit ScopedTable(size_t expected) : heads_(std::bit_ceil(expected + 1), kNone) {}

  const Entry *find(const Key &key) const {
    for (uint32_t n = heads_[bucket(key)]; n != kNone; n = nodes_[n].next)
      if (nodes_[n].key == key) return &nodes_[n].entry;
    return nullptr;
  }
  void add(const Key &key, Entry entry) {
    uint32_t &head = heads_[bucket(key)];
    nodes_.push_back({key, entry, head});
    head = static_cast<uint32_t>(nodes_.size() - 1);
  }
  size_t size() const { return nodes_.size(); }
  void shrink_to(size_t size) {
    for (; nodes_.size() > size; nodes_.pop_back()) heads_[bucket(nodes_.back().key)] = nodes_.back().next;
  }

 private:
  static constexpr uint32_t kNone = 0xffff'ffff;
  struct Node {
    Key key;
    Entry entry;
    uint32_t next;
  };
  size_t bucket(const Key &key) const { return KeyHash{}(key) & (heads_.size() - 1); }

  std::vector<uint32_t> heads_;  // by bucket: the newest node
  std::vector<Node> nodes_;
};

bool commutes(Op op) { return op == Op::Add || op == Op::Mul || op == Op::And || op == Op::Or || op == Op::Xor; }

class Numbering {
 public:
  explicit Numbering(const PassContext &context)
      : f_(context.function),
        cfg_(context.analyses.cfg()),
        dominators_(context.analyses.dominators()),
        memory_(context.module, f_, cfg_, context.lone_params),
        counters_(f_, cfg_, dominators_),
        tests_(f_, cfg_, dominators_, memory_),
        rewrite_(f_),
        table_(f_.insts.size()),
        slot_stamps_(f_.slots.size()),
        known_(f_.insts.size()),
        ranges_(f_.insts.size()) {}

  bool run() {
    summarize_writes();
    struct Frame {
      BlockId block;
      size_t next_child;
      size_t undo_size, table_size;
      // At the end of the block, of what was stored: to keep what was loaded takes a register on all ways below.
      std::vector<Key> recent;
    };
    std::vector<Frame> stack;
    auto enter = [&](BlockId b) {
      if (!stack.empty()) recent_ = stack.back().recent;
      stack.push_back({b, 0, undo_.size(), table_.size(), {}});
      begin_block(b);
      number_block(b);
      std::ranges::copy_if(recent_, std::back_inserter(stack.back().recent), [&](const Key &key) {
        const Entry *found = table_.find(key);
        return found != nullptr && f_[found->value].op != Op::Load;
      });
    };
    enter(dominators_.preorder().front());
    while (!stack.empty()) {
      Frame &top = stack.back();
      const auto children = dominators_.children(top.block);
      if (top.next_child < children.size()) {
        enter(children[top.next_child++]);
        continue;
      }
      undo_to(top.undo_size);
      table_.shrink_to(top.table_size);
      stack.pop_back();
    }
    rewrite_.apply();
    return changed_;
  }

 private:
  // ---------------------------------------------------------------- the scoped state

  // What was at [index] before.
  struct Undo {
    enum class What : uint8_t { SlotStamp, RegionStamp, EpochStamp, Known, Range } what;
    uint32_t index = 0;
    uint32_t stamp = 0;
    ValueId known{};
    Range range{};
  };

  void set_stamp(Undo::What what, uint32_t index, uint32_t &stamp, uint32_t value) {
    undo_.push_back({.what = what, .index = index, .stamp = stamp});
    stamp = value;
  }
  void set_known(ValueId v, ValueId constant) {
    if (v.index >= known_.size() || f_[v].op == Op::Const) return;
    undo_.push_back({.what = Undo::What::Known, .index = v.index, .known = known_[v.index]});
    known_[v.index] = constant;
  }
  void undo_to(size_t size) {
    for (; undo_.size() > size; undo_.pop_back()) {
      const Undo &u = undo_.back();
      switch (u.what) {
        case Undo::What::SlotStamp:
          slot_stamps_[u.index] = u.stamp;
          break;
        case Undo::What::RegionStamp:
          region_stamps_[u.index] = u.stamp;
          break;
        case Undo::What::EpochStamp:
          epoch_stamp_ = u.stamp;
          break;
        case Undo::What::Range:
          ranges_[u.index] = u.range;
          break;
        case Undo::What::Known:
          known_[u.index] = u.known;
          break;
      }
    }
  }

  // ---------------------------------------------------------------- memory

  using Place = Memory::Place;
  struct Writes {
    Regions regions = 0;
    std::vector<uint32_t> slots;
  };

  void summarize_writes() {
    writes_.resize(f_.blocks.size());
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts)
        memory_.for_each_write(v, [&](Place place) {
          writes_[b.index].regions |= place.regions;
          if (place.slot != SlotPointers::kNone) writes_[b.index].slots.push_back(place.slot);
        });
  }

  void clobber(Place place) {
    for (uint32_t r = 0; r < kRegionCount; r++)
      if ((place.regions >> r & 1) != 0) set_stamp(Undo::What::RegionStamp, r, region_stamps_[r], ++last_stamp_);
    if (place.slot != SlotPointers::kNone)
      set_stamp(Undo::What::SlotStamp, place.slot, slot_stamps_[place.slot], ++last_stamp_);
  }
  uint32_t stamp(Place place) const {
    uint32_t newest = epoch_stamp_;
    if (place.slot != SlotPointers::kNone) newest = std::max(newest, slot_stamps_[place.slot]);
    for (uint32_t r = 0; r < kRegionCount; r++)
      if ((place.regions >> r & 1) != 0) newest = std::max(newest, region_stamps_[r]);
    return newest;
  }

  // What is known at the beginning of [b]: what its dominator knew, except about memory that is written in between.
  void begin_block(BlockId b) {
    if (!dominators_.idom(b)) return;
    const auto preds = cfg_.preds(b);
    if (preds.size() == 1) {
      learn_branch(preds[0], b);
      return;
    }
    const auto between = dominators_.between(cfg_, b);
    if (!between) {  // counts as writing everything
      set_stamp(Undo::What::EpochStamp, 0, epoch_stamp_, ++last_stamp_);
      return;
    }
    for (const BlockId p : *between) {
      clobber({.regions = writes_[p.index].regions});
      for (const uint32_t slot : writes_[p.index].slots) clobber({slot});
    }
  }

  // ---------------------------------------------------------------- conditions

  void learn_branch(BlockId from, BlockId to) {
    const ValueId branch = f_.terminator(from);
    if (f_[branch].op == Op::Switch) return learn_switch(branch, to);
    if (f_[branch].op != Op::Branch || f_.targets(branch)[0] == f_.targets(branch)[1]) return;
    const bool holds = f_.targets(branch)[0] == to;
    const ValueId condition = f_.operand(branch, 0);
    set_known(condition, f_.constant(Type::I1, holds));
    if (f_[condition].op != Op::ICmp) return;
    const ValueId a = rewrite_.resolve(f_.operand(condition, 0)), b = rewrite_.resolve(f_.operand(condition, 1));
    const Pred pred = f_[condition].pred;
    Key key{Op::ICmp, Type::I1, pred, {a, b}, 0};
    table_.add(key, {f_.constant(Type::I1, holds), 0});
    key.pred = inverted(pred);
    table_.add(key, {f_.constant(Type::I1, !holds), 0});
    if (f_[b].op != Op::Const) return;
    if (pred == (holds ? Pred::Eq : Pred::Ne)) set_known(a, b);
    learn_range(a, holds ? pred : inverted(pred), f_[b].imm);
  }

  // The unsigned range of [v], below the branches that lead here.
  Range range_of(ValueId v) const {
    const uint64_t all = all_bits(f_[v].type);
    if (v.index >= ranges_.size()) return {0, all};
    return {ranges_[v.index].min, std::min(all, ranges_[v.index].max)};
  }
  // [v] [pred] [c] holds.
  void learn_range(ValueId v, Pred pred, int64_t constant) {
    if (v.index >= ranges_.size() || !is_integer(f_[v].type) || f_[v].type == Type::I1) return;
    const uint64_t all = all_bits(f_[v].type), c = static_cast<uint64_t>(constant) & all;
    Range range = range_of(v);
    const bool is_not_negative = range.max <= all / 2;
    switch (pred) {
      case Pred::Ult:
        if (c != 0) range.max = std::min(range.max, c - 1);
        break;
      case Pred::Ule:
        range.max = std::min(range.max, c);
        break;
      case Pred::Ugt:
        if (c != all) range.min = std::max(range.min, c + 1);
        break;
      case Pred::Uge:
        range.min = std::max(range.min, c);
        break;
      case Pred::Slt:
        if (is_not_negative && constant > 0) range.max = std::min(range.max, c - 1);
        break;
      case Pred::Sle:
        if (is_not_negative && constant >= 0) range.max = std::min(range.max, c);
        break;
      case Pred::Sgt:
        if (constant >= -1)
          range = {std::max(range.min, (static_cast<uint64_t>(constant) + 1) & all), std::min(range.max, all / 2)};
        break;
      case Pred::Sge:
        if (constant >= 0) range = {std::max(range.min, c), std::min(range.max, all / 2)};
        break;
      case Pred::Eq:
      case Pred::Ne:
        return;
    }
    if (range.min > range.max) return;  // nothing goes that way
    set_range(v, range);
    // What was extended is the same number.
    if (f_[v].op != Op::Zext) return;
    const ValueId from = f_.operand(v, 0);
    if (const Range known = range_of(from); from.index < ranges_.size() && f_[from].type != Type::I1)
      set_range(from, {std::max(known.min, range.min), std::min(known.max, range.max)});
  }
  void set_range(ValueId v, Range range) {
    if (range.min > range.max) return;
    undo_.push_back({.what = Undo::What::Range, .index = v.index, .range = ranges_[v.index]});
    ranges_[v.index] = range;
  }
  // What is left of a known size is compared: c - x < d, where x is known to be at most c, is x > c - d. A verifier
  // then knows x, from which it could not tell when it had been subtracted.
  void compare_subtrahend(ValueId v) {
    ValueId left = f_.operand(v, 0);
    const ValueId bound = f_.operand(v, 1);
    if (f_[left].op == Op::Zext) left = f_.operand(left, 0);
    if (f_[bound].op != Op::Const || is_signed(f_[v].pred) || f_[left].op != Op::Sub) return;
    const ValueId of = rewrite_.resolve(f_.operand(left, 0)), x = rewrite_.resolve(f_.operand(left, 1));
    if (f_[of].op != Op::Const) return;
    const uint64_t c = static_cast<uint64_t>(f_[of].imm) & all_bits(f_[of].type);
    const uint64_t d = static_cast<uint64_t>(f_[bound].imm) & all_bits(f_[bound].type);
    if (range_of(x).max > c || d > c) return;
    f_.operands(v)[0] = x;
    f_.operands(v)[1] = f_.constant(f_[x].type, static_cast<int64_t>(c - d));
    f_[v].pred = swapped(f_[v].pred);
    changed_ = true;
  }
  // What a comparison with a constant is by the range of its left side.
  std::optional<bool> decided_by_range(ValueId v) const {
    const ValueId a = f_.operand(v, 0), b = f_.operand(v, 1);
    if (f_[b].op != Op::Const || !is_integer(f_[a].type) || f_[a].type == Type::I1) return std::nullopt;
    const uint64_t all = all_bits(f_[a].type), c = static_cast<uint64_t>(f_[b].imm) & all;
    const Range range = range_of(a);
    Pred pred = f_[v].pred;
    if (is_signed(pred) && (range.max > all / 2 || f_[b].imm < 0)) return std::nullopt;
    if (is_signed(pred))
      pred = pred == Pred::Slt ? Pred::Ult : pred == Pred::Sle ? Pred::Ule : pred == Pred::Sgt ? Pred::Ugt : Pred::Uge;
    const Pred asked = pred;
    if (pred == Pred::Ugt || pred == Pred::Uge || pred == Pred::Ne) pred = inverted(pred);
    std::optional<bool> holds;
    if (pred == Pred::Ult && range.max < c) holds = true;
    if (pred == Pred::Ult && range.min >= c) holds = false;
    if (pred == Pred::Ule && range.max <= c) holds = true;
    if (pred == Pred::Ule && range.min > c) holds = false;
    if (pred == Pred::Eq && (c < range.min || c > range.max)) holds = false;
    if (holds && asked != pred) holds = !*holds;
    return holds;
  }
  void learn_switch(ValueId v, BlockId to) {
    const auto targets = f_.targets(v);
    if (targets[0] == to || std::ranges::count(targets, to) != 1) return;
    const auto at = static_cast<size_t>(std::ranges::find(targets, to) - targets.begin());
    const ValueId on = f_.operand(v, 0);
    set_known(on, f_.constant(f_[on].type, f_.cases(v)[at - 1]));
  }

  // Operands are replaced by earlier values, and by constants that the branches before have shown. Not for phis: they
  // keep a value that merely equals a constant, which would have to be made on the edge.
  void replace_operands(ValueId v) {
    for (size_t i = 0; i < f_[v].operand_count; i++) {
      ValueId use = rewrite_.resolve(f_.operand(v, i));
      if (use.index < known_.size() && known_[use.index]) use = known_[use.index];
      if (use == f_.operand(v, i)) continue;
      f_.operands(v)[i] = use;
      changed_ = true;
    }
  }

  // ---------------------------------------------------------------- numbering

  void number_block(BlockId b) {
    auto &insts = f_[b].insts;
    size_t kept = 0;
    for (const ValueId v : insts) {
      if (f_[v].op != Op::Phi) replace_operands(v);
      if (const ValueId earlier = f_[v].op == Op::Phi ? only_value(v) : number(v)) {
        f_[v].block = {};
        f_.remove(v);
        rewrite_.replace(v, earlier);
        changed_ = true;
      } else {
        insts[kept++] = v;
      }
    }
    insts.resize(kept);
  }

  // What a phi is whose other operands were never set, or none. It must be there on those edges as well.
  ValueId only_value(ValueId phi) {
    ValueId same;
    bool has_undef = false;
    for (const ValueId operand : f_.operands(phi)) {
      const ValueId value = rewrite_.resolve(operand);
      if (value == phi || value == same) continue;
      if (f_[value].op == Op::Undef && !f_[value].block) {
        has_undef = true;
        continue;
      }
      if (same) return {};
      same = value;
    }
    if (!has_undef || !same) return {};
    const BlockId at = f_[same].block, b = f_[phi].block;
    return !at || (at != b && dominators_.dominates(at, b)) ? same : ValueId{};
  }

  // What [op] does to operands that are not negative.
  static Op without_sign(Op op) {
    constexpr auto kForms = std::to_array<std::pair<Op, Op>>(
        {{Op::Sext, Op::Zext}, {Op::SDiv, Op::UDiv}, {Op::SMod, Op::UMod}, {Op::AShr, Op::LShr}});
    const auto form = std::ranges::find(kForms, op, &std::pair<Op, Op>::first);
    return form == kForms.end() ? op : form->second;
  }
  bool is_not_negative(ValueId v) const {
    if (f_[v].op == Op::Const) return f_[v].imm >= 0;
    return range_of(v).max <= all_bits(f_[v].type) / 2 || counters_.max_of(v);
  }

  // The earlier value that [v] equals, or none.
  ValueId number(ValueId v) {
    if (f_[v].op == Op::ICmp) compare_subtrahend(v);
    const Inst &inst = f_[v];
    if (inst.op == Op::Load && !inst.is_volatile) return number_load(v);
    if (inst.op == Op::ICmp)
      if (const auto truth = decided_by_range(v)) return f_.constant(Type::I1, *truth ? 1 : 0);
    if (const Op op = without_sign(inst.op);
        op != inst.op && std::ranges::all_of(f_.operands(v), [&](ValueId x) { return is_not_negative(x); })) {
      f_[v].op = op;
      changed_ = true;
    }
    if (info_of(inst.op).effects == Effects::Pure && inst.op != Op::Phi) {
      Key key{inst.op, inst.type, inst.pred, {}, inst.imm};
      for (size_t i = 0; i < inst.operand_count; i++) key.operands[i] = f_.operand(v, i);
      if (commutes(inst.op) && key.operands[1] < key.operands[0]) std::swap(key.operands[0], key.operands[1]);
      if (const Entry *found = table_.find(key)) return found->value;
      table_.add(key, {v, 0});
      return {};
    }
    if (memory_.writes(v)) write(v);
    return {};
  }

  static Key load_key(Type type, ValueId pointer, int64_t offset) {
    return {Op::Load, type, Pred::Eq, {pointer}, offset};
  }

  ValueId number_load(ValueId v) {
    const ValueId pointer = f_.operand(v, 0);
    const Key key = load_key(f_[v].type, pointer, f_[v].imm);
    const uint32_t now = stamp(memory_.place_of(pointer));
    if (const Entry *found = table_.find(key); found != nullptr && found->stamp == now)
      if (found->call_stamp == call_stamp() || !tests_.are_apart(v, found->value)) return found->value;
    make_available(key, v, now);
    return {};
  }
  uint32_t call_stamp() const { return stamp({.regions = kElsewhere}); }

  void make_available(const Key &key, ValueId value, uint32_t now) {
    table_.add(key, {value, now, call_stamp()});
    if (memory_.is_private(key.operands[0])) return;
    if (recent_.size() == kMaxRecentLoads) recent_.erase(recent_.begin());
    recent_.push_back(key);
  }

  void write(ValueId v) {
    const Inst &inst = f_[v];
    const bool is_store = inst.op == Op::Store;
    // Loads before a store that cannot overlap it stay available.
    std::vector<std::pair<Key, ValueId>> kept;
    if (is_store && !memory_.is_private(f_.operand(v, 1)))
      for (const Key &key : recent_) {
        const ValueId pointer = key.operands[0];
        const Entry *found = table_.find(key);
        if (found != nullptr && found->stamp == stamp(memory_.place_of(pointer)) &&
            !memory_.may_meet({pointer, key.imm, bytes_of(key.type)}, memory_.access_of(v)))
          kept.emplace_back(key, found->value);
      }
    memory_.for_each_write(v, [&](Place place) { clobber(place); });
    for (const auto &[key, loaded] : kept) table_.add(key, {loaded, stamp(memory_.place_of(key.operands[0]))});
    if (!is_store || inst.is_volatile) return;
    const ValueId value = f_.operand(v, 0), pointer = f_.operand(v, 1);
    make_available(load_key(f_[value].type, pointer, inst.imm), value, stamp(memory_.place_of(pointer)));
  }

  Function &f_;
  const Cfg &cfg_;
  const Dominators &dominators_;
  const Memory memory_;
  const Counters counters_;
  Tests tests_;
  Rewrite rewrite_;
  ScopedTable table_;
  std::vector<Undo> undo_;
  std::vector<Writes> writes_;  // by block
  // Stamps rise from one counter; the stamp of memory is the greater of its own and that of the last join which may
  // have changed everything.
  std::vector<uint32_t> slot_stamps_;
  std::array<uint32_t, kRegionCount> region_stamps_{};
  uint32_t epoch_stamp_ = 0, last_stamp_ = 0;
  std::vector<ValueId> known_;  // by value: the constant that it is here
  std::vector<Range> ranges_;   // by value
  std::vector<Key> recent_;     // loads here and before that a store may leave available
  bool changed_ = false;
};

}  // namespace

bool gvn(const PassContext &context) { return Numbering(context).run(); }

}  // namespace spile::ir::passes
