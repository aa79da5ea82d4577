// How a pointer moves, and which bytes an access through it can touch.
#pragma once

#include <optional>

#include "verifier/domain/reg_state.h"

namespace spile::verifier {

// pointer + number, or pointer - number (adjust_ptr_min_max_vals): a constant goes into off, anything else into the
// variable part. [fresh_id]: for packet pointers, whose proven range is lost when they move by a variable.
RegState move_pointer(const RegState &pointer, const Scalar &by, bool subtract, uint32_t fresh_id);

// The bytes [low, high) that an access of [size] at [off] can touch, relative to the pointer's base. Only meaningful
// for offsets that check.cpp has found bounded.
struct Span {
  int64_t low = 0, high = 0;
  bool fixed = true;  // exactly these
};
inline Span span_of(const RegState &pointer, int64_t off, int64_t size) {
  if (pointer.value.is_const()) {
    const int64_t at = pointer.constant_offset() + off;
    return {at, at + size, true};
  }
  off += pointer.off;
  return {pointer.value.r64.smin + off, pointer.value.r64.smax + off + size, false};
}

}  // namespace spile::verifier
