// What a function computes, as a formula: of IR, and of bytecode. Both are for code without memory, calls or loops.
#pragma once

#include <z3++.h>

#include <span>

#include "backend/isa/insn.h"
#include "ir/ir.h"

namespace spile::proofs {

// The value that [function] (one block, integer parameters) returns; parameter i is the bit vector [arguments][i], of
// its type's width.
z3::expr meaning(const ir::Function &function, const std::vector<z3::expr> &arguments);

// r0 at the end, 64 bits; r1... hold [arguments], 64 bits each.
z3::expr meaning(std::span<const isa::Insn> code, const std::vector<z3::expr> &arguments);

// [x] with its [bits] / 8 bytes, of the lowest, in the other order; zero above.
z3::expr swapped(const z3::expr &x, unsigned bits);

enum class Proof : uint8_t {
  Holds,
  Fails,
  Sampled,  // Z3 could not decide in its time: some hundred values were tried, and it held
};
// Whether a == b for all values of [free], which is all that is free in them. Fails: [model] says for which not.
Proof prove_equal(const z3::expr &a, const z3::expr &b, const std::vector<z3::expr> &free, std::string &model);

}  // namespace spile::proofs
