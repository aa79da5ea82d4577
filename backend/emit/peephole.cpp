#include "backend/emit/peephole.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "backend/isel/flow.h"
#include "backend/regalloc/intervals.h"
#include "backend/regalloc/liveness.h"

namespace spile::codegen {

using mir::BlockId;
using mir::Form;
using mir::Inst;

namespace {

// A loop of empty blocks has no end to thread to.
constexpr unsigned kMaxThreading = 32;
constexpr unsigned kMaxRounds = 8;
// Only short blocks are looked for at the end of others: `w0 = 0; goto out`.
constexpr size_t kMaxTail = 4;

bool same(const Inst &a, const Inst &b) {
  return a.form == b.form && a.opcode == b.opcode && a.arguments == b.arguments && a.dst == b.dst && a.src == b.src &&
         a.off == b.off && a.symbol == b.symbol && a.slot == b.slot && a.target == b.target && a.imm == b.imm &&
         a.core == b.core;
}

class Cleaner {
 public:
  explicit Cleaner(mir::Function &function) : function_(function) {}

  void run() {
    remove_copies();
    unify_exits();
    regalloc::remove_dead(function_, regalloc::live_machine_registers(function_));
    bool changed = true, changed_since_hoisting = true;
    for (unsigned round = 0; changed && round < kMaxRounds; round++) {
      changed = thread_jumps();
      changed |= drop_unreachable();
      changed |= merge_equal_blocks();
      changed |= share_tails();
      if (changed || changed_since_hoisting) {
        changed_since_hoisting = hoist_constants();
        changed |= changed_since_hoisting;
      }
      const bool joined = join_blocks();
      changed_since_hoisting |= joined;
      changed |= joined;
    }
    if (hoist_returned_constants()) drop_unreachable();
  }

 private:
  void remove_copies() {
    for (mir::Block &block : function_.blocks)
      std::erase_if(block.insts, [](const Inst &i) { return i.is_copy() && i.dst == i.src; });
  }

  // Where a jump to [to] ends up.
  BlockId destination(BlockId to) const {
    for (unsigned i = 0; i < kMaxThreading; i++) {
      const auto &insts = function_[to].insts;
      if (insts.empty() || insts.front().form != Form::Jump) break;
      to = insts.front().target;
    }
    return to;
  }

  // All ways out lead to one block. A jump to it is encoded as `exit`, so that costs nothing, and conditions can jump
  // there.
  void unify_exits() {
    BlockId exit;
    const size_t n = function_.blocks.size();
    for (size_t b = 0; b < n; b++) {
      auto &insts = function_.blocks[b].insts;
      if (insts.empty() || insts.back().form != Form::Exit) continue;
      if (!exit.valid()) {
        exit = BlockId(function_.blocks.size());
        mir::Block made;
        made.insts.push_back(insts.back());
        function_.blocks.push_back(std::move(made));
      }
      Inst &last = function_.blocks[b].insts.back();
      const Loc loc = last.loc;
      last = {.form = Form::Jump, .opcode = isa::opcode(isa::JMP, isa::JA, isa::K), .target = exit, .loc = loc};
    }
  }

  bool thread_jumps() {
    bool changed = false;
    for (mir::Block &block : function_.blocks) {
      for (size_t i = block.insts.size(); i-- > 0 && block.insts[i].is_terminator();) {
        Inst &inst = block.insts[i];
        if (inst.form == Form::Exit) continue;
        const BlockId to = destination(inst.target);
        changed |= to != inst.target;
        inst.target = to;
      }
      // if x goto b1; goto b1
      const size_t n = block.insts.size();
      if (n >= 2 && block.insts[n - 2].form == Form::CondJump && block.insts[n - 1].form == Form::Jump &&
          block.insts[n - 2].target == block.insts[n - 1].target) {
        block.insts.erase(block.insts.end() - 2);
        changed = true;
      }
    }
    return changed;
  }

  std::vector<uint32_t> predecessor_counts() const {
    std::vector<uint32_t> counts(function_.blocks.size(), 0);
    for (const mir::Block &block : function_.blocks)
      mir::for_each_successor(block, [&](BlockId to) { counts[to.index]++; });
    return counts;
  }

  bool drop_unreachable() {
    std::vector<bool> seen(function_.blocks.size(), false);
    std::vector<uint32_t> work{0};
    seen[0] = true;
    while (!work.empty()) {
      const uint32_t block = work.back();
      work.pop_back();
      mir::for_each_successor(function_.blocks[block], [&](BlockId to) {
        if (seen[to.index]) return;
        seen[to.index] = true;
        work.push_back(to.index);
      });
    }
    bool changed = false;
    for (size_t b = 0; b < seen.size(); b++) {
      if (seen[b] || function_.blocks[b].insts.empty()) continue;
      function_.blocks[b].insts.clear();
      changed = true;
    }
    return changed;
  }

  static size_t hash(const mir::Block &block) {
    size_t h = block.insts.size();
    for (const Inst &i : block.insts)
      h = h * 0x9e3779b97f4a7c15ull + (i.opcode ^ static_cast<size_t>(i.imm) << 8 ^ i.dst.id << 16 ^ i.src.id << 20 ^
                                       i.target.index << 24 ^ static_cast<size_t>(i.off) << 28);
    return h;
  }

  // Everybody jumps to the first of several blocks that do the same.
  bool merge_equal_blocks() {
    std::unordered_multimap<size_t, uint32_t> by_hash;
    std::vector<BlockId> instead(function_.blocks.size());
    bool changed = false;
    for (uint32_t b = 0; b < function_.blocks.size(); b++) {
      const mir::Block &block = function_.blocks[b];
      instead[b] = BlockId(b);
      if (b == 0 || block.insts.empty()) continue;
      const size_t h = hash(block);
      const auto [begin, end] = by_hash.equal_range(h);
      for (auto at = begin; at != end; ++at)
        if (std::ranges::equal(function_.blocks[at->second].insts, block.insts, same)) {
          instead[b] = BlockId(at->second);
          changed = true;
          break;
        }
      if (instead[b] == BlockId(b)) by_hash.emplace(h, b);
    }
    if (!changed) return false;
    for (mir::Block &block : function_.blocks)
      for (Inst &inst : block.insts)
        if (inst.target.valid()) inst.target = instead[inst.target.index];
    drop_unreachable();
    return true;
  }

  // A block that ends with all that another, short one does jumps there instead.
  bool share_tails() {
    std::unordered_multimap<size_t, uint32_t> by_end;
    const auto key = [](const mir::Block &block) {
      const Inst &before = block.insts[block.insts.size() - 2], &last = block.insts.back();
      return static_cast<size_t>(last.target.index) << 40 ^ static_cast<size_t>(before.opcode) << 32 ^
             static_cast<size_t>(before.dst.id) << 24 ^ static_cast<size_t>(before.imm);
    };
    const auto ends_in_jump = [](const mir::Block &block) {
      const size_t n = block.insts.size();
      return n >= 2 && block.insts[n - 1].form == Form::Jump && !block.insts[n - 2].is_terminator();
    };
    for (uint32_t b = 1; b < function_.blocks.size(); b++)
      if (ends_in_jump(function_.blocks[b]) && function_.blocks[b].insts.size() <= kMaxTail)
        by_end.emplace(key(function_.blocks[b]), b);
    bool changed = false;
    for (uint32_t b = 0; b < function_.blocks.size(); b++) {
      mir::Block &block = function_.blocks[b];
      if (!ends_in_jump(block)) continue;
      const auto [begin, end] = by_end.equal_range(key(block));
      for (auto at = begin; at != end; ++at) {
        const auto &tail = function_.blocks[at->second].insts;
        if (tail.size() >= block.insts.size() || !ends_in_jump(function_.blocks[at->second])) continue;
        if (!std::equal(tail.begin(), tail.end(), block.insts.end() - static_cast<ptrdiff_t>(tail.size()), same))
          continue;
        Inst jump = block.insts.back();
        jump.target = BlockId(at->second);
        block.insts.resize(block.insts.size() - tail.size());
        block.insts.push_back(jump);
        changed = true;
        break;
      }
    }
    return changed;
  }

  // A block that only sets a register to a constant, reached by one conditional jump: the constant is set before the
  // jump, where it does no harm when the other way does not want that register.
  bool hoist_constants() {
    bool changed = false;
    const regalloc::MachineLiveness liveness = regalloc::live_machine_registers(function_);
    // What branches that are gone had asked for reads registers which count as free.
    regalloc::remove_dead(function_, liveness);
    const auto preds = predecessor_counts();
    for (mir::Block &block : function_.blocks) {
      const size_t n = block.insts.size();
      if (n < 2 || block.insts[n - 2].form != Form::CondJump || block.insts[n - 1].form != Form::Jump) continue;
      if (n >= 3 && block.insts[n - 3].is_terminator()) continue;
      for (const bool taken : {true, false}) {
        Inst &jump = block.insts[taken ? n - 2 : n - 1];
        const Inst &other = block.insts[taken ? n - 1 : n - 2];
        const mir::Block &small = function_[jump.target];
        if (preds[jump.target.index] != 1 || small.insts.size() != 2 || small.insts[1].form != Form::Jump) continue;
        const Inst &constant = small.insts[0];
        if (constant.form != Form::Mov || constant.src.valid()) continue;
        if (liveness.in[other.target.index].has(constant.dst)) continue;
        if (block.insts[n - 2].dst == constant.dst || block.insts[n - 2].src == constant.dst) continue;
        const Inst moved = constant;
        jump.target = small.insts[1].target;
        block.insts.insert(block.insts.end() - 2, moved);
        changed = true;
        break;  // liveness is known for one change
      }
    }
    return changed;
  }

  // What several questions in a row give, `if (a) return 0; if (b) return 0; ...`, is set before the first, where
  // nobody behind them wants that register and none of them touches it.
  bool hoist_returned_constants() {
    regalloc::MachineLiveness liveness = regalloc::live_machine_registers(function_);
    const size_t n = function_.blocks.size();
    std::vector<std::vector<uint32_t>> preds(n);
    for (uint32_t b = 0; b < n; b++)
      mir::for_each_successor(function_.blocks[b], [&](BlockId to) { preds[to.index].push_back(b); });
    bool changed = false;
    for (uint32_t k = 1; k < n; k++) {
      const auto &small = function_.blocks[k].insts;
      if (preds[k].size() < 2 || small.size() != 2 || small[1].form != Form::Jump) continue;
      const Inst constant = small[0];
      const BlockId exit = small[1].target;
      if (constant.form != Form::Mov || constant.src.valid() || function_[exit].insts.front().form != Form::Exit)
        continue;
      const auto first = first_question(k, preds, constant.dst, liveness);
      if (!first) continue;
      for (const uint32_t b : preds[k]) {
        auto &insts = function_.blocks[b].insts;
        for (Inst *const jump : {&insts[insts.size() - 2], &insts.back()})
          if (jump->target.index == k) jump->target = exit;
        if (b == *first)
          insts.insert(insts.end() - 2, constant);
        else
          liveness.in[b].add(constant.dst);
        preds[exit.index].push_back(b);
      }
      preds[k].clear();
      changed = true;
    }
    return changed;
  }

  // Of those that lead to [k] the one from which all others are reached, through one another alone.
  std::optional<uint32_t> first_question(uint32_t k, const std::vector<std::vector<uint32_t>> &preds, mir::Reg reg,
                                         const regalloc::MachineLiveness &liveness) const {
    std::optional<uint32_t> first;
    for (const uint32_t b : preds[k]) {
      const auto &insts = function_.blocks[b].insts;
      const size_t n = insts.size();
      if (n < 2 || insts[n - 2].form != Form::CondJump || insts[n - 1].form != Form::Jump) return std::nullopt;
      if (n >= 3 && insts[n - 3].is_terminator()) return std::nullopt;
      const BlockId other = insts[n - 1].target.index == k ? insts[n - 2].target : insts[n - 1].target;
      if (other.index == k || liveness.in[other.index].has(reg)) return std::nullopt;
      const bool is_behind =
          b != 0 && preds[b].size() == 1 && std::ranges::find(preds[k], preds[b][0]) != preds[k].end();
      if (!is_behind && first) return std::nullopt;
      if (!is_behind) first = b;
      for (size_t i = is_behind ? 0 : n - 2; i < n; i++) {
        bool touches = false;
        mir::for_each_use(function_, insts[i], [&](mir::Reg r) { touches |= r == reg; });
        mir::for_each_def(function_, insts[i], [&](mir::Reg r) { touches |= r == reg; });
        if (touches) return std::nullopt;
      }
    }
    return first;
  }

  // A block whose only way in is the jump at the end of another becomes a part of that.
  bool join_blocks() {
    bool changed = false;
    const auto preds = predecessor_counts();
    for (uint32_t b = 0; b < function_.blocks.size(); b++) {
      mir::Block &block = function_.blocks[b];
      while (!block.insts.empty() && block.insts.back().form == Form::Jump) {
        const uint32_t to = block.insts.back().target.index;
        const size_t n = block.insts.size();
        if (to == b || to == 0 || preds[to] != 1 || (n >= 2 && block.insts[n - 2].is_terminator())) break;
        mir::Block &next = function_.blocks[to];
        block.insts.pop_back();
        block.insts.insert(block.insts.end(), next.insts.begin(), next.insts.end());
        block.loop_depth = std::max(block.loop_depth, next.loop_depth);
        next.insts.clear();
        changed = true;
      }
    }
    return changed;
  }

  mir::Function &function_;
};

// Of the weight of an edge: they decide between equal ones.
constexpr float kForStep = 1.01F, kForInverted = 0.99F, kForConstants = 0.98F;

float probability(const Inst &jump) { return jump.weight > 0 ? 0.9F : jump.weight < 0 ? 0.1F : 0.5F; }

// Which of two ways that meet again comes right behind the question: what a verifier that goes straight on first has
// seen of x where they meet should be the wider range, in which the other lies, so that it stops there the second time.
// In a loop, or behind many such, the other order takes time by powers of two. So `if (c) x += n;` goes on with the
// sum, and what sets such a sum to a constant comes later.
class StepFinder {
 public:
  explicit StepFinder(const mir::Function &function) : function_(function), sums_(function.blocks.size()) {
    for (const mir::Block &block : function.blocks) {
      if (block.insts.empty() || block.insts.back().form != Form::Jump) continue;
      Sums &sums = sums_[block.insts.back().target.index];
      for (size_t i = 0; i + 1 < block.insts.size(); i++) {
        const Inst &inst = block.insts[i], &next = block.insts[i + 1];
        if (!is_sum(inst) || !inst.src.valid()) continue;
        sums.registers.add(inst.dst);
        if (is_spill_of(next, inst)) sums.slot = next.slot;
      }
    }
  }

  // Of the way to [block] where the other one goes to [other].
  float preference(uint32_t block, uint32_t other) {
    return is_step(block, other) ? kForStep : sets_sum_to_constant(function_.blocks[block]) ? kForConstants : 1;
  }

 private:
  static bool is_sum(const Inst &inst) { return inst.form == Form::Alu && (inst.opcode & 0xf0) == isa::ADD; }
  static bool is_spill_of(const Inst &store, const Inst &sum) {
    return store.form == Form::Store && store.slot.valid() && store.src == sum.dst;
  }

  bool is_step(uint32_t block, uint32_t join) {
    const auto &insts = function_.blocks[block].insts;
    if (insts.back().form != Form::Jump || insts.back().target.index != join) return false;
    for (size_t i = 0; i < insts.size(); i++) {
      if (!is_sum(insts[i])) continue;
      if (is_spill_of(insts[i + 1], insts[i])) return true;
      if (!liveness_) liveness_ = regalloc::live_machine_registers(function_);
      if (liveness_->in[join].has(insts[i].dst)) return true;
    }
    return false;
  }
  // And goes where others go with a sum.
  bool sets_sum_to_constant(const mir::Block &block) const {
    if (block.insts.size() != 2 || block.insts.back().form != Form::Jump) return false;
    const Inst &inst = block.insts.front();
    const Sums &sums = sums_[block.insts.back().target.index];
    if (inst.form == Form::Mov && !inst.src.valid()) return sums.registers.has(inst.dst);
    return inst.form == Form::StoreImm && inst.slot.valid() && inst.slot == sums.slot;
  }

  // What is added up on the ways to a block: in registers, and the last one that is spilled.
  struct Sums {
    regalloc::MachineSet registers;
    mir::SlotId slot;
  };
  const mir::Function &function_;
  std::vector<Sums> sums_;  // by block
  std::optional<regalloc::MachineLiveness> liveness_;
};

}  // namespace

void clean_up(mir::Function &function) { Cleaner(function).run(); }

// Chains of blocks that fall through (Pettis and Hansen): the heaviest edges are made into fall-throughs first.
std::vector<uint32_t> block_order(const mir::Function &function) {
  const size_t n = function.blocks.size();
  const std::vector<uint32_t> reachable = mir::reverse_post_order(mir::successors_of(function));

  struct Edge {
    uint32_t from, to;
    float weight;
  };
  StepFinder steps(function);
  std::vector<Edge> edges;
  for (const uint32_t b : reachable) {
    const mir::Block &block = function.blocks[b];
    const size_t count = block.insts.size();
    if (block.insts[count - 1].form != Form::Jump) continue;
    const float f = regalloc::frequency_of(block);
    float rest = 1;
    if (count >= 2 && block.insts[count - 2].form == Form::CondJump) {
      const Inst &jump = block.insts[count - 2];
      rest = 1 - probability(jump);
      // A bit test has no opposite, so its target cannot fall through.
      const bool can_invert = (jump.opcode & 0xf0) != isa::JSET;
      const uint32_t next = block.insts[count - 1].target.index;
      if (can_invert) {
        const float preference = kForInverted * steps.preference(jump.target.index, next);
        edges.push_back({b, jump.target.index, f * probability(jump) * preference});
      }
      rest *= steps.preference(next, jump.target.index);
    }
    edges.push_back({b, block.insts[count - 1].target.index, f * rest});
  }
  for (Edge &e : edges) {
    // What leaves a loop or enters one is as rare as its rarer end.
    const mir::Block &to = function.blocks[e.to];
    e.weight = std::min(e.weight, regalloc::frequency_of(to));
    // A jump to `exit` is an `exit`: nothing is won by falling into one.
    if (to.insts.size() == 1 && to.insts.front().form == Form::Exit) e.weight /= 1024;
  }
  std::stable_sort(edges.begin(), edges.end(), [](const Edge &a, const Edge &b) { return a.weight > b.weight; });

  std::vector<uint32_t> next(n, mir::Flow::kNone), previous(n, mir::Flow::kNone), head(n);
  for (uint32_t i = 0; i < n; i++) head[i] = i;
  const auto chain_of = [&](uint32_t b) {
    while (head[b] != b) b = head[b] = head[head[b]];
    return b;
  };
  for (const Edge &e : edges) {
    if (e.to == 0 || next[e.from] != mir::Flow::kNone || previous[e.to] != mir::Flow::kNone) continue;
    if (chain_of(e.from) == chain_of(e.to)) continue;
    next[e.from] = e.to;
    previous[e.to] = e.from;
    head[chain_of(e.to)] = chain_of(e.from);
  }
  std::vector<uint32_t> order;
  std::vector<bool> placed(n, false);
  for (const uint32_t b : reachable) {
    if (placed[b]) continue;
    uint32_t first = b;
    while (previous[first] != mir::Flow::kNone) first = previous[first];
    for (uint32_t at = first; at != mir::Flow::kNone; at = next[at]) {
      placed[at] = true;
      order.push_back(at);
    }
  }
  return order;
}

}  // namespace spile::codegen
