// Loops whose number of rounds is known become that many copies of their body.
//
// Idea: follow the values that decide whether the loop is left, round by round, with constants; when that ends after n
// rounds, make the copies one behind the other, each with what its round starts with in place of the header's phis. The
// branch that was followed is decided in every copy; other ways out stay. What the loop computes and the code behind it
// reads goes through a slot when there are several ways out, which mem2reg makes a value again.
//
//     entry: jump loop                                       entry: %0 = load.i64 %p0
//     loop: %0 = phi.i64 [i64 0, entry], [%3, loop]                 %1 = add.i64 %0, i64 0
//           %1 = load.i64 ...                                       %2 = load.i64 %p0, 8
//           %3 = add.i64 %0, i64 1                     ->           ...
//           %4 = icmp.ult %3, i64 4
//           branch %4, loop, out unroll -1
//
// Requires: mem2reg. Breaks: leaves decided branches, unreachable code and slots (simplify, simplify_cfg, mem2reg).
//
// Which loops: where `#pragma unroll` asks for it; where the context is read at an offset that the loop counts, which
// the kernel does not take; where a constant table or a string is read at one, which leaves a constant in each copy;
// where the copies are hardly longer than the loop.
#include <algorithm>
#include <optional>
#include <unordered_map>

#include "ir/analysis_address.h"
#include "ir/analysis_loops.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Instructions of all copies together where the source asks for them, as clang's -pragma-unroll-threshold.
constexpr size_t kMaxAskedSize = 16'384;
// Where the context is read: no context has more fields of a kind, and memory that is passed as one is no context.
constexpr size_t kMaxContextRounds = 12;
constexpr size_t kMaxContextSize = 1'024;
// What the copies may have more than the loop where nobody asked.
constexpr size_t kMaxGrowth = 6;
// Where a constant table is read: a comparison with a word of some letters. clang takes up to 300.
constexpr size_t kMaxTableSize = 64;
constexpr size_t kMaxRounds = 4'096;
// Values of a loop that are asked for one by one whether the counters decide them.
constexpr size_t kMaxKnown = 64;
// The graph is analysed anew for each loop that is unrolled.
constexpr int kMaxLoops = 256;

class Unroller {
 public:
  explicit Unroller(const PassContext &context)
      : module_(context.module), f_(context.function), analyses_(context.analyses) {}

  bool run() {
    int unrolled = 0;
    while (unrolled < kMaxLoops && unroll_one()) unrolled++;
    return unrolled != 0 || changed_;
  }

 private:
  struct Loop {
    BlockId head, before, latch;
    std::vector<BlockId> blocks;  // the header first
    int16_t pragma = 0;
    size_t size = 0;
    // The branch that ends the loop in copy [rounds] and not before.
    BlockId decider;
    size_t rounds = 0;
  };

  // By value: what it is in a round, where that is known.
  using Facts = std::unordered_map<uint32_t, std::optional<int64_t>>;

  bool is_inside(BlockId b) const { return b.index < inside_.size() && inside_[b.index]; }

  // Inner loops have later headers.
  bool unroll_one() {
    const Cfg &cfg = analyses_.cfg();
    if (!cfg.has_loop()) return false;
    const Dominators &dominators = analyses_.dominators();
    given_up_.resize(f_.blocks.size());
    for (size_t i = cfg.rpo.size(); i-- > 1;) {
      Loop loop;
      loop.head = cfg.rpo[i];
      if (given_up_[loop.head.index] || !find_loop(cfg, dominators, loop)) continue;
      given_up_[loop.head.index] = true;
      const size_t block_count = f_.blocks.size();
      if (is_wanted(dominators, loop)) {
        unroll(loop);
        return true;
      }
      // A joint of the ways back that came to nothing belongs to the loops around it, which the graph does not know
      // yet.
      if (f_.blocks.size() != block_count) return true;
    }
    return false;
  }

  // ---------------------------------------------------------------- the loop

  // More ways back than one are joined first.
  bool find_loop(const Cfg &cfg, const Dominators &dominators, Loop &loop) {
    auto found = ir::find_loop(cfg, dominators, loop.head);
    if (!found) return false;
    loop.before = found->before;
    entries_ = std::move(found->entries);
    loop.blocks = std::move(found->blocks);
    inside_.assign(f_.blocks.size(), false);
    for (const BlockId b : loop.blocks) {
      inside_[b.index] = true;
      loop.size += f_[b].insts.size();
    }
    latches_ = std::move(found->latches);
    loop.latch = latches_[0];
    for (const BlockId latch : latches_)
      if (const int16_t asked = f_[f_.terminator(latch)].unroll; asked != 0) loop.pragma = asked;
    return true;
  }

  bool is_wanted(const Dominators &dominators, Loop &loop) {
    if (loop.pragma == 1 || !can_join(entries_)) return false;
    const bool asked = loop.pragma != 0, must_vanish = !asked && reads_context(loop);
    const auto [copy_size, reads_table] = size_of_copy(loop);
    const size_t limit = asked         ? kMaxAskedSize
                         : must_vanish ? kMaxContextSize
                                       : std::max(loop.size + kMaxGrowth, reads_table ? kMaxTableSize : 0);
    size_t max_rounds = std::min(kMaxRounds, limit / copy_size);
    // `#pragma unroll 4` asks for four copies and no more.
    if (loop.pragma > 1) max_rounds = std::min(max_rounds, static_cast<size_t>(loop.pragma));
    if (must_vanish) max_rounds = std::min(max_rounds, kMaxContextRounds);
    if (latches_.size() > 1) return (asked || must_vanish) && decided_with_one_latch(dominators, loop, max_rounds);
    return count_rounds(dominators, loop, max_rounds);
  }

  struct CopySize {
    size_t insts = 1;
    bool reads_table = false;
  };
  // What is left of a round in which the counters are constants: without what is computed from them alone, addresses at
  // their distance, and loads of constant tables there.
  CopySize size_of_copy(const Loop &loop) const {
    std::vector<ValueId> known;
    const auto is_known = [&](ValueId v) {
      return f_[v].op == Op::Const || std::ranges::find(known, v) != known.end();
    };
    CopySize left{.insts = 0};
    for (const BlockId b : loop.blocks)
      for (const ValueId v : f_[b].insts) {
        const Inst &inst = f_[v];
        const auto operands = f_.operands(v);
        const bool is_table = inst.op == Op::Load && is_table_at(v, is_known);
        left.reads_table |= is_table;
        if (inst.op == Op::Phi ? b == loop.head && is_counter(loop, v)
                               : is_table || (inst.op == Op::PtrAdd && is_known(operands[1])) ||
                                     ((info_of(inst.op).effects == Effects::Pure || inst.op == Op::Branch) &&
                                      std::ranges::all_of(operands, is_known))) {
          // An address is no constant, but is folded into what uses it.
          if (inst.op != Op::PtrAdd && inst.op != Op::Branch && known.size() < kMaxKnown) known.push_back(v);
        } else if (inst.op != Op::Jump) {
          left.insts++;
        }
      }
    left.insts = std::max<size_t>(left.insts, 1);
    return left;
  }
  // A phi that begins with a constant and changes by one.
  bool is_counter(const Loop &loop, ValueId phi) const {
    const ValueId start = start_of(phi);
    if (f_[phi].operand_count != entries_.size() + 1 || !start || f_[start].op != Op::Const) return false;
    const ValueId next = f_.phi_operand(phi, loop.latch);
    return (f_[next].op == Op::Add || f_[next].op == Op::Sub) && f_.operand(next, 0) == phi &&
           f_[f_.operand(next, 1)].op == Op::Const;
  }
  bool is_table_at(ValueId load, const auto &is_known) const {
    ValueId p = f_.operand(load, 0);
    for (int i = 0; i < kMaxAddressSteps && f_[p].op == Op::PtrAdd; i++) {
      if (!is_known(f_.operand(p, 1))) return false;
      p = f_.operand(p, 0);
    }
    if (f_[p].op != Op::GlobalAddr || f_[load].is_volatile) return false;
    return module_[GlobalId(static_cast<size_t>(f_[p].imm))].has_known_bytes();
  }

  bool can_join(std::span<const BlockId> ways) const {
    return ways.size() == 1 || std::ranges::all_of(ways, [&](BlockId b) {
             const Op op = f_[f_.terminator(b)].op;
             return op == Op::Jump || op == Op::Branch;
           });
  }
  // A new block through which [from], which can_join(), go to [head].
  BlockId join_ways(BlockId head, std::span<const BlockId> from, std::string_view name) {
    const BlockId joint = f_.add_block(std::string(name));
    for (const ValueId phi : f_[head].insts) {
      if (f_[phi].op != Op::Phi) break;
      std::vector<ValueId> values;
      for (const BlockId b : from) values.push_back(f_.phi_operand(phi, b));
      ValueId joined = values[0];
      if (std::ranges::any_of(values, [&](ValueId v) { return v != values[0]; })) {
        joined = f_.make(Op::Phi, f_[phi].type, values, from, 0, f_[phi].loc);
        f_.append(joint, joined);
      }
      for (const BlockId b : from) {
        const auto blocks = f_.targets(phi);
        f_.remove_phi_operand(phi, static_cast<size_t>(std::ranges::find(blocks, b) - blocks.begin()));
      }
      f_.add_phi_operand(phi, joined, joint);
    }
    f_.append(joint, f_.make(Op::Jump, Type::Void, {}, std::array{head}));
    for (const BlockId b : from) std::ranges::replace(f_.targets(f_.terminator(b)), head, joint);
    inside_.resize(f_.blocks.size());
    given_up_.resize(f_.blocks.size());
    changed_ = true;
    return joint;
  }

  // What a phi of the header is in the first round; none where the ways to the loop bring several values.
  ValueId start_of(ValueId phi) const {
    const ValueId start = f_.phi_operand(phi, entries_[0]);
    const bool is_one =
        std::ranges::all_of(entries_, [&](BlockId entry) { return f_.phi_operand(phi, entry) == start; });
    return is_one ? start : ValueId{};
  }
  Facts first_facts(std::span<const ValueId> phis) const {
    Facts facts;
    for (const ValueId phi : phis) {
      const ValueId start = start_of(phi);
      facts[phi.index] = start ? constant_of(f_, start) : std::nullopt;
    }
    return facts;
  }

  // `continue` makes several ways back: a block that joins them is the only one.
  bool decided_with_one_latch(const Dominators &dominators, Loop &loop, size_t max_rounds) {
    if (!can_join(latches_)) return false;
    const BlockId joint = join_ways(loop.head, latches_, "latch");
    inside_[joint.index] = true;
    f_[f_.terminator(joint)].unroll = loop.pragma;
    loop.blocks.push_back(joint);
    loop.latch = joint;
    return count_rounds(dominators, loop, max_rounds);
  }

  // Kernel: the context of a program may only be read at constant offsets.
  bool reads_context(const Loop &loop) const {
    if (f_.section.empty()) return false;
    for (const BlockId b : loop.blocks)
      for (const ValueId v : f_[b].insts) {
        const int pointer = pointer_operand(f_[v].op);
        if (pointer < 0) continue;
        const Address a = address_of(f_, f_.operand(v, static_cast<size_t>(pointer)), f_[v].imm);
        if (!a.offset && f_[a.base].op == Op::Param) return true;
      }
    return false;
  }

  // ---------------------------------------------------------------- how often

  // What [v] is in the round in which the header's phis are [phis]; [facts] remembers the round.
  std::optional<int64_t> value_in(const Loop &loop, ValueId v, const Facts &phis, Facts &facts, int depth = 0) const {
    constexpr int kMaxDepth = 32;
    if (f_[v].op == Op::Const) return f_[v].imm;
    if (!f_[v].block || !is_inside(f_[v].block) || depth > kMaxDepth) return std::nullopt;
    if (f_[v].op == Op::Phi && f_[v].block == loop.head) {
      const auto at = phis.find(v.index);
      return at == phis.end() ? std::nullopt : at->second;
    }
    if (f_[v].op == Op::Phi) return same_in(loop, v, phis, facts, depth);
    if (f_[v].op == Op::Select || info_of(f_[v].op).effects != Effects::Pure || f_[v].operand_count == 0 ||
        f_[v].operand_count > 2)
      return std::nullopt;
    if (const auto at = facts.find(v.index); at != facts.end()) return at->second;
    const auto a = value_in(loop, f_.operand(v, 0), phis, facts, depth + 1);
    const auto b = f_[v].operand_count > 1 ? value_in(loop, f_.operand(v, 1), phis, facts, depth + 1) : a;
    std::optional<int64_t> result;
    if (a && b) result = fold(f_[v].op, f_[v].pred, f_[v].type, f_[f_.operand(v, 0)].type, *a, *b);
    facts[v.index] = result;
    return result;
  }

  // What a phi inside the loop is when all ways to it bring the same.
  std::optional<int64_t> same_in(const Loop &loop, ValueId phi, const Facts &phis, Facts &facts, int depth) const {
    std::optional<int64_t> same;
    for (const ValueId operand : f_.operands(phi)) {
      const auto value = value_in(loop, operand, phis, facts, depth + 1);
      if (!value || (same && same != value)) return std::nullopt;
      same = value;
    }
    return same;
  }

  // Finds a branch that every round passes and that leaves the loop in a round that can be told.
  bool count_rounds(const Dominators &dominators, Loop &loop, size_t max_rounds) const {
    std::vector<BlockId> deciders;
    for (const BlockId b : loop.blocks) {
      const ValueId branch = f_.terminator(b);
      if (f_[branch].op != Op::Branch || is_inside(f_.targets(branch)[0]) == is_inside(f_.targets(branch)[1])) continue;
      // The joint of several ways back is not in the dominator tree yet: it is dominated by what dominates them all.
      if (std::ranges::all_of(latches_, [&](BlockId latch) { return dominators.dominates(b, latch); }))
        deciders.push_back(b);
    }
    if (deciders.empty()) return false;
    std::vector<ValueId> phis;
    for (const ValueId phi : f_[loop.head].insts) {
      if (f_[phi].op != Op::Phi) break;
      phis.push_back(phi);
    }
    Facts now = first_facts(phis);
    for (size_t round = 0; round <= max_rounds; round++) {
      Facts facts;
      for (const BlockId b : deciders) {
        const ValueId branch = f_.terminator(b);
        const auto condition = value_in(loop, f_.operand(branch, 0), now, facts);
        if (!condition || is_inside(f_.targets(branch)[*condition != 0 ? 0 : 1])) continue;
        loop.decider = b;
        loop.rounds = round;
        // It must have been decided in each round before, or it would not be followed there.
        return was_decided_before(loop, phis, round);
      }
      Facts next;
      for (const ValueId phi : phis) next[phi.index] = value_in(loop, f_.phi_operand(phi, loop.latch), now, facts);
      if (std::ranges::none_of(next, [](const auto &fact) { return fact.second.has_value(); })) return false;
      now = std::move(next);
    }
    return false;
  }

  bool was_decided_before(const Loop &loop, const std::vector<ValueId> &phis, size_t rounds) const {
    Facts now = first_facts(phis);
    for (size_t round = 0; round < rounds; round++) {
      Facts facts, next;
      if (!value_in(loop, f_.operand(f_.terminator(loop.decider), 0), now, facts)) return false;
      for (const ValueId phi : phis) next[phi.index] = value_in(loop, f_.phi_operand(phi, loop.latch), now, facts);
      now = std::move(next);
    }
    return true;
  }

  // ---------------------------------------------------------------- the copies

  using Copy = std::unordered_map<uint32_t, ValueId>;

  void unroll(Loop &loop) {
    if (!loop.before) loop.before = join_ways(loop.head, entries_, "before");
    pass_results_through_slots();
    BlockId from = loop.before;
    Copy before;  // of the round before
    for (size_t round = 0; round <= loop.rounds; round++) {
      std::unordered_map<uint32_t, BlockId> blocks;
      for (const BlockId b : loop.blocks) blocks[b.index] = f_.add_block(f_[b].name);
      Copy copy;
      for (const ValueId phi : f_[loop.head].insts) {
        if (f_[phi].op != Op::Phi) break;
        const ValueId start = f_.phi_operand(phi, round == 0 ? loop.before : loop.latch);
        copy[phi.index] = mapped(before, start);
      }
      make_copy(loop, round, blocks, copy);
      std::ranges::replace(f_.targets(f_.terminator(from)), loop.head, blocks.at(loop.head.index));
      from = blocks.at(loop.latch.index);
      before = std::move(copy);
    }
    if (loop.latch != loop.decider) end_last_copy(loop, from);
    remove(loop);
  }

  // The last copy is left before its end, [latch].
  void end_last_copy(const Loop &loop, BlockId latch) {
    const ValueId end = f_.terminator(latch);
    for (const BlockId to : f_.targets(end))
      if (to != loop.head) f_.remove_phi_operands(to, latch);
    f_[end].op = Op::Unreachable;
    f_[end].weight = 0;
    f_[end].unroll = 0;
    f_.set_operands(end, {});
    f_.set_targets(end, {});
  }

  static ValueId mapped(const Copy &copy, ValueId v) {
    const auto at = copy.find(v.index);
    return at == copy.end() ? v : at->second;
  }

  void make_copy(const Loop &loop, size_t round, const std::unordered_map<uint32_t, BlockId> &blocks, Copy &copy) {
    // Values may be used before their definition is reached.
    for (const BlockId b : loop.blocks)
      for (const ValueId v : f_[b].insts)
        if (f_[v].type != Type::Void && !copy.contains(v.index)) copy[v.index] = f_.make(Op::Undef, f_[v].type, {});
    for (const BlockId b : loop.blocks) {
      const BlockId to = blocks.at(b.index);
      const std::vector<ValueId> insts = f_[b].insts;
      for (const ValueId v : insts) {
        if (f_[v].op == Op::Phi && b == loop.head) continue;
        const bool is_decider = b == loop.decider && v == insts.back();
        if (is_decider)
          decide(loop, v, round, to, blocks);
        else
          clone(loop, v, to, blocks, copy);
      }
      for (const BlockId out : std::vector<BlockId>(f_.successors(to).begin(), f_.successors(to).end()))
        if (!is_inside(out) && out.index < inside_.size()) add_phi_operands(out, b, to, copy);
    }
    if (round != loop.rounds) return;
    // The last round does not go on from the decider.
    for (const BlockId next : f_.successors(loop.decider))
      if (is_inside(next) && next != loop.head)
        f_.remove_phi_operands(blocks.at(next.index), blocks.at(loop.decider.index));
  }

  // The branch of the decider: a jump.
  void decide(const Loop &loop, ValueId v, size_t round, BlockId to,
              const std::unordered_map<uint32_t, BlockId> &blocks) {
    const bool stays_first = is_inside(f_.targets(v)[0]);
    const BlockId inner = f_.targets(v)[stays_first ? 0 : 1], outer = f_.targets(v)[stays_first ? 1 : 0];
    const bool leaves = round == loop.rounds;
    BlockId target = leaves ? outer : inner;
    if (target != loop.head)
      if (const auto at = blocks.find(target.index); at != blocks.end()) target = at->second;
    f_.append(to, f_.make(Op::Jump, Type::Void, {}, std::array{target}, 0, f_[v].loc));
  }

  void clone(const Loop &loop, ValueId v, BlockId to, const std::unordered_map<uint32_t, BlockId> &blocks,
             const Copy &copy) {
    std::vector<ValueId> operands;
    for (const ValueId operand : f_.operands(v)) operands.push_back(mapped(copy, operand));
    std::vector<BlockId> targets;
    for (const BlockId target : f_.targets(v)) {
      // The way back is turned to the next copy when that is there.
      const bool goes_back = target == loop.head && f_[v].op != Op::Phi;
      const auto at = goes_back ? blocks.end() : blocks.find(target.index);
      targets.push_back(at == blocks.end() ? target : at->second);
    }
    const ValueId made = f_.make(f_[v].op, f_[v].type, operands, targets, f_[v].imm, f_[v].loc);
    if (f_[v].op == Op::Switch) {
      const std::vector<int64_t> cases(f_.cases(v).begin(), f_.cases(v).end());
      f_.set_switch(made, targets, cases);
    }
    f_[made].copy_flags(f_[v]);
    // What an inner loop asked for stays asked; this loop is gone.
    if (std::ranges::find(f_.targets(v), loop.head) != f_.targets(v).end()) f_[made].unroll = 0;
    const ValueId place = f_[v].type == Type::Void ? ValueId{} : copy.at(v.index);
    if (!place) return f_.append(to, made);
    f_[place] = f_[made];
    f_[made] = Inst{};
    f_.append(to, place);
  }

  void add_phi_operands(BlockId out, BlockId original, BlockId from, const Copy &copy) {
    for (const ValueId phi : f_[out].insts) {
      if (f_[phi].op != Op::Phi) break;
      const auto blocks = f_.targets(phi);
      if (std::ranges::find(blocks, from) != blocks.end()) continue;
      f_.add_phi_operand(phi, mapped(copy, f_.phi_operand(phi, original)), from);
    }
  }
  void remove(const Loop &loop) {
    for (const BlockId b : loop.blocks) {
      for (const BlockId out : f_.successors(b))
        if (!is_inside(out)) f_.remove_phi_operands(out, b);
    }
    for (const BlockId b : loop.blocks) {
      std::vector<ValueId> insts;
      std::swap(insts, f_[b].insts);
      for (const ValueId v : insts) {
        f_[v].block = {};
        f_.remove(v);
      }
    }
  }

  // ---------------------------------------------------------------- results

  // Values of the loop that are used behind it: stored where they are made, loaded where they are used. Phis on the way
  // out read them at the exit and stay.
  void pass_results_through_slots() {
    std::unordered_map<uint32_t, uint32_t> slots;
    for (size_t i = 0; i < f_.blocks.size(); i++) {
      const BlockId b(i);
      if (is_inside(b)) continue;
      const std::vector<ValueId> insts = f_[b].insts;
      for (const ValueId v : insts)
        for (size_t k = 0; k < f_[v].operand_count; k++) {
          const ValueId use = f_.operand(v, k);
          if (!f_[use].block || !is_inside(f_[use].block)) continue;
          const BlockId at = f_[v].op == Op::Phi ? f_.targets(v)[k] : b;
          if (is_inside(at)) continue;
          const auto [slot, is_new] = slots.try_emplace(use.index, static_cast<uint32_t>(f_.slots.size()));
          if (is_new) {
            const uint32_t size = bytes_of(f_[use].type);
            f_.slots.push_back({.size = size, .align = size, .name = {}, .loc = {}});
          }
          load_result(use, slot->second, v, k, at);
        }
    }
    for (const auto &[index, slot] : slots) store_result(ValueId(index), slot);
  }

  size_t position(BlockId b, ValueId v) const {
    const auto &insts = f_[b].insts;
    return static_cast<size_t>(std::ranges::find(insts, v) - insts.begin());
  }

  void load_result(ValueId use, uint32_t slot, ValueId user, size_t operand, BlockId at) {
    const bool is_truth = f_[use].type == Type::I1;
    const ValueId load =
        f_.make(Op::Load, is_truth ? Type::I8 : f_[use].type, std::array{f_.slot_addr(slot)}, {}, 0, f_[user].loc);
    const size_t place = f_[user].op == Op::Phi ? f_[at].insts.size() - 1 : position(at, user);
    f_.insert(at, place, load);
    ValueId value = load;
    if (is_truth) {
      value = f_.make(Op::Trunc, Type::I1, std::array{load}, {}, 0, f_[user].loc);
      f_.insert(at, place + 1, value);
    }
    f_.operands(user)[operand] = value;
  }

  void store_result(ValueId v, uint32_t slot) {
    const BlockId b = f_[v].block;
    size_t place = position(b, v) + 1;
    while (f_[f_[b].insts[place - 1]].op == Op::Phi && f_[f_[b].insts[place]].op == Op::Phi) place++;
    ValueId stored = v;
    if (f_[v].type == Type::I1) {
      stored = f_.make(Op::Zext, Type::I8, std::array{v}, {}, 0, f_[v].loc);
      f_.insert(b, place++, stored);
    }
    f_.insert(b, place, f_.make(Op::Store, Type::Void, std::array{stored, f_.slot_addr(slot)}, {}, 0, f_[v].loc));
  }

  const Module &module_;
  Function &f_;
  Analyses &analyses_;
  std::vector<bool> inside_;    // by block: the loop at hand
  std::vector<bool> given_up_;  // by block: headers that were looked at
  std::vector<BlockId> entries_, latches_;
  bool changed_ = false;
};

}  // namespace

bool unroll_loops(const PassContext &context) { return Unroller(context).run(); }

}  // namespace spile::ir::passes
