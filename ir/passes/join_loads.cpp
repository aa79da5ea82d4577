// Loads at joins: what every way to a join has just loaded or stored need not be loaded again.
//
// Idea: for a load in a block with several predecessors, look backwards from the end of each for the value that is in
// that memory. Where all have one, a phi of these values stands for the load; where one has none and goes nowhere else,
// the load moves there. A flag that each way sets and the join asks for becomes a phi of constants, past which jumps
// are threaded: without that the kernel, which does not remember what is in most memory, checks ways that cannot be.
// A load some blocks behind the join is answered there if all ways have the value.
//
//     a: store i8 2, %p0, 58                  a: store i8 2, %p0, 58
//        jump out                                jump out
//     b: store i8 10, %p0, 58         ->      b: store i8 10, %p0, 58
//        jump out                                jump out
//     out: %0 = load.i8 %p0, 58               out: %0 = phi.i8 [i8 2, a], [i8 10, b]
//
// Requires: gvn before it, which has seen to loads that one store or load before them answers. Breaks: leaves phis that
// decide branches (thread_jumps). Loops stay: a value that is carried around one would be another in each round.
//
// For the kernel's verifier: a load moves up only from a block that makes it in any case, past no check.
#include <algorithm>

#include "ir/analysis_dominators.h"
#include "ir/analysis_memory.h"
#include "ir/analysis_tests.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Instructions that are looked through on one way before a join.
constexpr int kMaxSteps = 200;
// Joins that are looked through on one way: where the value differs by the way there, it becomes a phi of that join.
constexpr int kMaxDepth = 4;
// Writes between the beginning of a join and the load that are compared with it.
constexpr size_t kMaxWrites = 16;

class Joiner {
 public:
  explicit Joiner(const PassContext &context)
      : f_(context.function),
        cfg_(context.analyses.cfg()),
        dominators_(context.analyses.dominators()),
        memory_(context.module, f_, cfg_, context.lone_params),
        tests_(f_, cfg_, dominators_, memory_),
        rewrite_(f_) {}

  size_t run() {
    size_t joined = 0;
    for (const BlockId b : cfg_.rpo) {
      if (is_join(b)) joined += join_loads(b);
      if (cfg_.preds(b).size() == 1) joined += join_loads_above(b);
    }
    rewrite_.apply();
    return joined;
  }

 private:
  // Of ways that all come from before it.
  bool is_join(BlockId b) const {
    const auto preds = cfg_.preds(b);
    return preds.size() > 1 &&
           std::ranges::all_of(preds, [&](BlockId p) { return cfg_.order[p.index] < cfg_.order[b.index]; });
  }

  size_t join_loads(BlockId b) {
    size_t joined = 0;
    std::vector<ValueId> writes, phis;
    std::vector<ValueId> kept;
    for (const ValueId v : f_[b].insts) {
      const bool is_load = f_[v].op == Op::Load && !f_[v].is_volatile;
      const ValueId phi = is_load && writes.size() <= kMaxWrites && !is_written(v, writes) ? join(b, v) : ValueId{};
      if (!phi) {
        kept.push_back(v);
        if (memory_.writes(v)) writes.push_back(v);
        continue;
      }
      f_[v].block = {};
      f_.remove(v);
      rewrite_.replace(v, phi);
      phis.push_back(phi);
      joined++;
    }
    kept.insert(kept.begin(), phis.begin(), phis.end());
    f_[b].insts = std::move(kept);
    return joined;
  }

  // Loads of [b] whose memory is not written since a join before it, where every way has the value.
  size_t join_loads_above(BlockId b) {
    size_t joined = 0;
    std::vector<ValueId> writes;
    for (const ValueId v : std::vector(f_[b].insts)) {
      if (memory_.writes(v)) writes.push_back(v);
      if (writes.size() > kMaxWrites) break;
      if (f_[v].op != Op::Load || f_[v].is_volatile || f_[v].type == Type::Ptr || is_written(v, writes)) continue;
      const BlockId join = join_above(b, v);
      const ValueId phi = join ? phi_of_known(join, v) : ValueId{};
      if (!phi) continue;
      f_.remove(v);
      rewrite_.replace(v, phi);
      joined++;
    }
    return joined;
  }
  // Through blocks that have one way to them and do not write to [load]; its address must be known there.
  BlockId join_above(BlockId b, ValueId load) {
    const Memory::Access access = memory_.access_of(load);
    steps_ = 0;
    while (cfg_.preds(b).size() == 1) {
      b = cfg_.preds(b)[0];
      for (const ValueId v : f_[b].insts)
        if (++steps_ > kMaxSteps || memory_.may_write(v, access)) return {};
    }
    return is_join(b) && is_known_before(b, access.pointer) ? b : BlockId{};
  }
  bool is_known_before(BlockId b, ValueId v) const {
    const BlockId at = f_[v].block;
    return !at || (at != b && dominators_.dominates(at, b));
  }
  // What every way to [join] brings, or none.
  ValueId phi_of_known(BlockId join, ValueId load, int depth = 0) {
    std::vector<ValueId> values;
    for (const BlockId p : cfg_.preds(join)) {
      if (depth == 0) steps_ = 0;
      values.push_back(value_at_end(p, load, depth));
      if (!values.back()) return {};
    }
    if (std::ranges::all_of(values, [&](ValueId v) { return v == values.front(); })) return values.front();
    const ValueId phi = f_.make(Op::Phi, f_[load].type, values, cfg_.preds(join), 0, f_[load].loc);
    f_.insert(join, 0, phi);
    return phi;
  }

  bool is_written(ValueId load, const std::vector<ValueId> &writes) const {
    const Memory::Access access = memory_.access_of(load);
    return std::ranges::any_of(writes, [&](ValueId w) { return memory_.may_write(w, access); });
  }

  // The phi that [load] of [b] is, or none.
  ValueId join(BlockId b, ValueId load) {
    const auto preds = cfg_.preds(b);
    std::vector<ValueId> values;
    BlockId missing;
    for (const BlockId p : preds) {
      steps_ = 0;
      values.push_back(value_at_end(p, load));
      if (values.back()) continue;
      if (missing || f_[f_.terminator(p)].op != Op::Jump || !has_address_before(b, load)) return {};
      missing = p;
    }
    const bool is_one = std::ranges::all_of(values, [&](ValueId v) { return v == values.front(); });
    if (is_one && tests_.are_apart(load, values.front())) return {};
    const Inst inst = f_[load];
    if (missing) {
      ValueId pointer = f_.operand(load, 0);
      if (f_[pointer].block == b) pointer = copy_to_end(missing, pointer, f_.operands(pointer));
      const ValueId moved = copy_to_end(missing, load, std::array{pointer});
      values[static_cast<size_t>(std::ranges::find(preds, missing) - preds.begin())] = moved;
    }
    const ValueId phi = f_.make(Op::Phi, inst.type, values, preds, 0, inst.loc);
    f_[phi].block = b;
    return phi;
  }

  // Whether the address of [load] of [b] is known before [b], or can be computed there.
  bool has_address_before(BlockId b, ValueId load) const {
    const ValueId pointer = f_.operand(load, 0);
    if (f_[pointer].block != b) return true;
    const bool is_address = f_[pointer].op == Op::PtrAdd || f_[pointer].op == Op::AddrSpaceCast;
    return is_address && std::ranges::none_of(f_.operands(pointer), [&](ValueId v) { return f_[v].block == b; });
  }
  ValueId copy_to_end(BlockId b, ValueId v, std::span<const ValueId> operands) {
    const std::vector<ValueId> own(operands.begin(), operands.end());
    const ValueId copy = f_.make(f_[v].op, f_[v].type, own, {}, f_[v].imm, f_[v].loc);
    f_[copy].copy_flags(f_[v]);
    f_.insert(b, f_[b].insts.size() - 1, copy);
    return copy;
  }

  // What is in the memory of [load] at the end of [p], as the nearest load or store says; none: not known.
  ValueId value_at_end(BlockId p, ValueId load, int depth = 0) {
    const Memory::Access access = memory_.access_of(load);
    while (p) {
      const auto &insts = f_[p].insts;
      for (auto at = insts.rbegin(); at != insts.rend(); ++at) {
        const Inst &inst = f_[*at];
        const bool is_store = inst.op == Op::Store;
        if ((is_store || inst.op == Op::Load) && !inst.is_volatile) {
          const ValueId value = is_store ? f_.operand(*at, 0) : *at;
          if (f_[value].type == f_[load].type && memory_.is_same(memory_.access_of(*at), access))
            return rewrite_.resolve(value);
        }
        if (++steps_ > kMaxSteps || memory_.may_write(*at, access)) return {};
      }
      if (cfg_.preds(p).size() == 1) {
        p = cfg_.preds(p)[0];
        continue;
      }
      const int steps = steps_;
      const BlockId above = quiet_dominator(p, access);
      if (!above && is_join(p) && depth < kMaxDepth && is_known_before(p, access.pointer)) {
        steps_ = steps;
        return phi_of_known(p, load, depth + 1);
      }
      p = above;
    }
    return {};
  }

  // The dominator of a join or of the head of a loop, if nothing between them writes to [access].
  BlockId quiet_dominator(BlockId b, const Memory::Access &access) {
    if (!dominators_.idom(b)) return {};
    const auto between = dominators_.between(cfg_, b);
    if (!between) return {};
    for (const BlockId p : *between)
      for (const ValueId v : f_[p].insts)
        if (++steps_ > kMaxSteps || memory_.may_write(v, access)) return {};
    return dominators_.idom(b);
  }

  Function &f_;
  const Cfg &cfg_;
  const Dominators &dominators_;
  const Memory memory_;
  Tests tests_;
  Rewrite rewrite_;
  int steps_ = 0;  // instructions looked at on the ways to the load at hand
};

}  // namespace

bool join_loads(const PassContext &context) { return context.did("loads", Joiner(context).run()); }

}  // namespace spile::ir::passes
