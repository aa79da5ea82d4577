// Objects that live in stack slots and that only their functions may touch: dynptrs and open-coded iterators.
//
// In the state they are slots of their own byte kind; the first (lowest) slot's register says what it is. A write that
// hits one destroys it, and with it the slices that were made from it (destroy_if_dynptr_stack_slot); one that holds a
// reference cannot be overwritten.
#pragma once

#include <optional>

#include "verifier/domain/state.h"
#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

enum class DynptrKind : uint8_t { None, Local, Ringbuf, Skb, Xdp };
inline constexpr int64_t kDynptrSize = 16;

struct DynptrWant {
  bool uninit = false;        // memory that a dynptr can be made in
  bool only_ringbuf = false;  // one of a ring buffer
};
// Whether register [reg] is the address of such a dynptr (process_dynptr_func).
std::optional<Failure> check_dynptr(const Env &env, const State &state, uint32_t insn, unsigned reg, DynptrWant want);

// The register that describes the dynptr behind [pointer]; null where there is none. A dynptr given to a callback
// describes itself.
const RegState *dynptr_behind(const State &state, const RegState &pointer);
inline DynptrKind kind_of(const RegState &dynptr) { return static_cast<DynptrKind>(dynptr.target); }

void make_dynptr(State &state, const RegState &pointer, DynptrKind kind, uint32_t ref_id, uint32_t insn);
// Releases it: with its reference go its clones and slices.
void release_dynptr(State &state, const RegState &pointer);

// Iterators: [type] names the kind, [bytes] is the size of the struct.
void make_iterator(State &state, const RegState &pointer, uint32_t type, int64_t bytes, uint32_t ref_id);
RegState *iterator_behind(State &state, const RegState &pointer);
const RegState *iterator_behind(const State &state, const RegState &pointer);
void destroy_iterator(State &state, const RegState &pointer, int64_t bytes);

// Before bytes [low, high) of a frame's stack are written.
void destroy_objects(State &state, uint32_t frame, int64_t low, int64_t high);
// Why they cannot be written or read; empty when they can.
std::optional<std::string> forbids_write(const State &state, uint32_t frame, int64_t low, int64_t high);
bool holds_object(const State &state, uint32_t frame, int64_t low, int64_t high);

}  // namespace spile::verifier
