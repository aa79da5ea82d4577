// Lists and red-black trees of objects that a program allocates (bpf_list_*, bpf_rbtree_*).
//
// What goes in is owned by the list or tree from then on; the program keeps a pointer that does not own, good until the
// lock beside the head or root is released. What comes out is owned again.
#pragma once

#include <optional>

#include "verifier/domain/state.h"
#include "verifier/env.h"
#include "verifier/failure.h"
#include "verifier/kfunc.h"

namespace spile::verifier {

// Register [reg] is the head or root, its lock held; or a node of an element that fits the root in r1.
std::optional<Failure> check_graph_root(const Env &env, const State &state, uint32_t insn, const Kfunc &kfunc,
                                        unsigned reg);
std::optional<Failure> check_graph_node(const Env &env, const State &state, uint32_t insn, const Kfunc &kfunc,
                                        unsigned reg);

// A pointer to an object with a lock has an id that tells it from others: the lock is taken by it.
RegState with_lock(const Env &env, RegState r);
// An element of the list or tree behind [root]: a pointer to its node. [owning]: as it comes out.
RegState element_of(const Env &env, const RegState &root, bool owning, uint32_t insn);
// The element whose reference is [ref_id] now belongs to a list or tree.
void give_to_graph(const Env &env, State &state, uint32_t ref_id);
// The lock is released: others may take the elements out.
void forget_elements(State &state);
// In the function that compares two elements for bpf_rbtree_add(), or below it.
bool in_comparison(const Env &env, const State &state);

}  // namespace spile::verifier
