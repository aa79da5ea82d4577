// The control flow of a program as a drawing: blocks of instructions, and how a path goes from one to the next.
//
// In: a linked program. Out: Graphviz's text, or an SVG of our own layout: a block stands a row below the last of those
// before it; edges that go back up run along the right. Called by `spile dump --cfg` and for its pages.
#pragma once

#include <string>
#include <vector>

#include "backend/object/object.h"

namespace spile::driver {

struct Block {
  uint32_t first = 0, last = 0;  // instructions [first, last)
  std::vector<uint32_t> next;    // blocks
};
// In the order of the instructions; calls end none.
std::vector<Block> blocks_of(const object::Program &program);

std::string cfg_as_dot(const object::Program &program);
// [prefix]: of the ids of the blocks, which are prefix + first instruction. [marked]: by instruction, where to look;
// may be empty.
std::string cfg_as_svg(const object::Program &program, std::string_view prefix, const std::vector<bool> &marked);

}  // namespace spile::driver
