// Reads of local variables that nobody has given a value: an error when that is certain, a warning when it happens on
// some path. Looks at a function as it was lowered: every variable is a slot, and conditions that are constants have
// become jumps, so code that is never reached does not count.
//
// Idea: for each variable that is only loaded and stored as a whole, follow "may be uninitialized" forward through the
// blocks. A load where it holds is looked at backward: as long as all ways out of a block lead to that load, the block
// belongs to it; when the entry does, the load is certainly wrong. Where it does not, some branch decides, and that
// branch is named. (The rule is that of clang's UninitializedValues.cpp, so that the two agree.)
#include <algorithm>

#include "frontend/lower/function_lowerer.h"
#include "support/diagnostics.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

namespace {

using ir::Function;

class UninitializedReads {
 public:
  UninitializedReads(const Function &f, Diagnostics &diags)
      : f_(f), diags_(diags), successors_(f.blocks.size()), predecessors_(f.blocks.size()), accesses_(f.slots.size()) {
    for (size_t b = 0; b < f_.blocks.size(); b++) {
      if (f_.blocks[b].insts.empty()) continue;
      for (const BlockId next : f_.successors(BlockId(b))) {
        if (std::ranges::find(successors_[b], next) != successors_[b].end()) continue;
        successors_[b].push_back(next);
        predecessors_[next.index].push_back(static_cast<uint32_t>(b));
      }
    }
  }

  void run() {
    find_candidates();
    for (size_t s = 0; s < f_.slots.size(); s++)
      if (is_candidate_[s] && !is_given_at_once(s)) check(static_cast<uint32_t>(s));
  }

 private:
  struct Access {
    uint32_t block = 0;
    ValueId value;
    bool is_store = false;
  };

  // Named variables of which every use is a load or a store of all its bytes.
  void find_candidates() {
    is_candidate_.assign(f_.slots.size(), true);
    for (size_t s = 0; s < f_.slots.size(); s++) is_candidate_[s] = !f_.slots[s].name.empty();
    for (size_t b = 0; b < f_.blocks.size(); b++) {
      for (const ValueId v : f_.blocks[b].insts) {
        const ir::Inst &inst = f_[v];
        const auto operands = f_.operands(v);
        for (size_t i = 0; i < operands.size(); i++) {
          if (f_[operands[i]].op != Op::SlotAddr) continue;
          const auto slot = static_cast<size_t>(f_[operands[i]].imm);
          const bool is_load = inst.op == Op::Load && i == 0, is_store = inst.op == Op::Store && i == 1;
          const uint64_t bytes = is_load ? ir::bytes_of(inst.type) : is_store ? ir::bytes_of(f_[operands[0]].type) : 0;
          if ((!is_load && !is_store) || inst.imm != 0 || bytes != f_.slots[slot].size || inst.is_volatile)
            is_candidate_[slot] = false;
          else
            accesses_[slot].push_back({static_cast<uint32_t>(b), v, is_store});
        }
      }
    }
  }

  // Nothing reads the variable, or the entry gives it a value before anything does: what nearly all variables are like.
  bool is_given_at_once(size_t slot) const {
    const auto &accesses = accesses_[slot];
    return accesses.empty() || (accesses[0].block == 0 && accesses[0].is_store);
  }

  void check(uint32_t slot) {
    const size_t blocks = f_.blocks.size();
    std::vector<bool> stores(blocks), open_in(blocks);
    for (const Access &access : accesses_[slot])
      if (access.is_store) stores[access.block] = true;
    // open_in: a way from the entry leads here on which nothing was stored.
    std::vector<uint32_t> work{0};
    open_in[0] = true;
    while (!work.empty()) {
      const uint32_t b = work.back();
      work.pop_back();
      if (stores[b] || f_.blocks[b].insts.empty()) continue;
      for (const BlockId next : successors_[b]) {
        if (open_in[next.index]) continue;
        open_in[next.index] = true;
        work.push_back(static_cast<uint32_t>(next.index));
      }
    }
    // In the order of blocks and instructions; what stands behind a store of its block reads that.
    uint32_t stored_in = UINT32_MAX;
    for (const Access &access : accesses_[slot]) {
      if (access.is_store) stored_in = access.block;
      if (access.is_store || stored_in == access.block || !open_in[access.block]) continue;
      if (judge(slot, access.block, access.value, stores, open_in)) return;
    }
  }

  // One report for each variable: the first read in the order of the text.
  bool judge(uint32_t slot, uint32_t use, ValueId load, const std::vector<bool> &stores,
             const std::vector<bool> &open_in) {
    std::vector<uint32_t> visited(f_.blocks.size()), work{use};
    visited[use] = UINT32_MAX;
    bool is_certain = use == 0;
    std::vector<uint32_t> deciding;
    while (!work.empty()) {
      const uint32_t b = work.back();
      work.pop_back();
      for (const uint32_t p : predecessors_[b]) {
        if (!open_in[p] || stores[p] || visited[p] == UINT32_MAX) continue;  // it comes with a value, or was done
        if (++visited[p] < successors_[p].size()) {
          deciding.push_back(p);
          continue;
        }
        visited[p] = UINT32_MAX;
        is_certain |= p == 0;
        work.push_back(p);
      }
    }
    const ir::Slot &variable = f_.slots[slot];
    const Range at{f_[load].loc, f_[load].loc}, declared{variable.loc, variable.loc};
    if (is_certain) {
      diags_.report<diag::UninitializedRead>(at, variable.name)
          .note(declared, "`{}` is declared here, without a value", variable.name)
          .hint("`{} = 0` at its declaration gives it one", variable.name);
      return true;
    }
    for (const uint32_t p : deciding) {
      if (visited[p] == UINT32_MAX) continue;
      const ValueId branch = f_.terminator(BlockId(p));
      if (f_[branch].op != Op::Branch) continue;
      // A loop whose body gives the value is entered, as far as its writer knows.
      const bool is_true = visited_side(branch, visited);
      if (is_on_cycle(p)) continue;
      diags_.report<diag::MaybeUninitialized>(at, variable.name)
          .note({f_[branch].loc, f_[branch].loc}, "it has none when this condition is {}", is_true ? "true" : "false")
          .note(declared, "`{}` is declared here, without a value", variable.name);
      return true;
    }
    return false;
  }

  // Whether the first target of the branch is the one that leads to the read.
  bool visited_side(ValueId branch, const std::vector<uint32_t> &visited) const {
    return visited[f_.targets(branch)[0].index] == UINT32_MAX;
  }

  // Whether a block lies on a cycle.
  bool is_on_cycle(uint32_t block) const {
    std::vector<bool> seen(f_.blocks.size());
    std::vector<uint32_t> work{block};
    while (!work.empty()) {
      const uint32_t b = work.back();
      work.pop_back();
      if (f_.blocks[b].insts.empty()) continue;
      for (const BlockId next : successors_[b]) {
        if (next.index == block) return true;
        if (seen[next.index]) continue;
        seen[next.index] = true;
        work.push_back(static_cast<uint32_t>(next.index));
      }
    }
    return false;
  }

  const Function &f_;
  Diagnostics &diags_;
  std::vector<std::vector<BlockId>> successors_;  // by block, each once
  std::vector<std::vector<uint32_t>> predecessors_;
  std::vector<bool> is_candidate_;             // by slot
  std::vector<std::vector<Access>> accesses_;  // by slot, in the order of the text
};

}  // namespace

void report_uninitialized_reads(const ir::Function &f, Diagnostics &diags) { UninitializedReads(f, diags).run(); }

}  // namespace spile::lower
