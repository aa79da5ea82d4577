// Flow: order, dominators and loops of a control-flow graph given as successor lists. Both the IR (where constants are
// hoisted out of loops) and machine code (where frequency decides what is spilled) ask for it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spile::mir {

struct Block;
struct Function;

// A list for each block, all in one: those of block b begin at begin[b].
struct BlockLists {
  std::vector<uint32_t> begin{0}, pool;

  std::span<const uint32_t> operator[](size_t block) const {
    return {pool.data() + begin[block], begin[block + 1] - begin[block]};
  }
  size_t size() const { return begin.size() - 1; }
  // Ends the list of the next block, which has what was put into the pool since the last end.
  void end_list() { begin.push_back(static_cast<uint32_t>(pool.size())); }
};

struct Flow {
  static constexpr uint32_t kNone = 0xffff'ffff;

  // Block 0 is the entry.
  explicit Flow(const BlockLists &successors);

  bool reachable(uint32_t block) const { return number[block] != kNone; }
  bool dominates(uint32_t a, uint32_t b) const;
  // The last block that is on all ways to [a] and to [b], which can be reached.
  uint32_t common_dominator(uint32_t a, uint32_t b) const;

  std::vector<uint32_t> order;       // reverse post-order
  std::vector<uint32_t> number;      // position of a block in [order]; kNone when unreachable
  std::vector<uint32_t> idom;        // immediate dominator; kNone for the entry and the unreachable
  std::vector<uint32_t> loop_depth;  // 0 outside loops
  // The innermost loop that a block is in, by its header; kNone outside loops. A header is in its own loop. An
  // irreducible cycle is no loop here: its blocks just keep a lower depth.
  std::vector<uint32_t> loop_header;
  // For a header: the header of the loop around it.
  std::vector<uint32_t> outer_header;

 private:
  void find_dominators(const BlockLists &preds);
  void find_loops(const BlockLists &preds);
};

BlockLists successors_of(const Function &function);
// Of each block those of the [from], in their order, that go there.
BlockLists predecessors_of(const BlockLists &successors, std::span<const uint32_t> from);
std::vector<uint32_t> reverse_post_order(const BlockLists &successors);
inline Flow flow_of(const Function &function) { return Flow(successors_of(function)); }

// The first instruction of a block that may leave it, or the block's length. An Asm that may jump goes with its
// targets.
uint32_t before_terminators(const Block &block);

}  // namespace spile::mir
