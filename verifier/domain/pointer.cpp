#include "verifier/domain/pointer.h"

namespace spile::verifier {
namespace {

bool fits_offset(int64_t off) { return off == static_cast<int32_t>(off); }

// Kernel: the ranges of numbers know what an addition is whose both ends wrap; those of offsets do not.
void add_ranges(Range64 &d, const Range64 &by) {
  const bool smin_wraps = __builtin_add_overflow(d.smin, by.smin, &d.smin);
  const bool smax_wraps = __builtin_add_overflow(d.smax, by.smax, &d.smax);
  if (smin_wraps || smax_wraps) d.unbound_signed();
  const bool umin_wraps = __builtin_add_overflow(d.umin, by.umin, &d.umin);
  const bool umax_wraps = __builtin_add_overflow(d.umax, by.umax, &d.umax);
  if (umin_wraps || umax_wraps) d.unbound_unsigned();
}
void subtract_ranges(Range64 &d, const Range64 &pointer, const Range64 &by) {
  const bool smin_wraps = __builtin_sub_overflow(pointer.smin, by.smax, &d.smin);
  const bool smax_wraps = __builtin_sub_overflow(pointer.smax, by.smin, &d.smax);
  if (smin_wraps || smax_wraps) d.unbound_signed();
  if (pointer.umin < by.umax) {
    d.unbound_unsigned();
  } else {
    d.umin = pointer.umin - by.umax;
    d.umax = pointer.umax - by.umin;
  }
}

}  // namespace

RegState move_pointer(const RegState &pointer, const Scalar &by, bool subtract, uint32_t fresh_id) {
  RegState moved = pointer;
  if (by.is_const()) {
    const auto n = static_cast<int64_t>(by.const_value());
    const int64_t off = subtract ? pointer.off - n : pointer.off + n;
    if (fits_offset(off)) {
      moved.off = static_cast<int32_t>(off);
      moved.value.r32 = {};
      moved.value.sync();
      return moved;
    }
  }
  moved.value.r32 = {};
  if (subtract) {
    subtract_ranges(moved.value.r64, pointer.value.r64, by.r64);
    moved.value.bits = sub(pointer.value.bits, by.bits);
  } else {
    add_ranges(moved.value.r64, by.r64);
    moved.value.bits = add(pointer.value.bits, by.bits);
  }
  if (pointer.is_packet()) {
    moved.id = fresh_id;
    // Something was added: what was proven of the packet behind the old place is not known of the new one.
    if (!subtract || by.r64.smin < 0) moved.range = 0;
  }
  moved.value.sync();
  return moved;
}

}  // namespace spile::verifier
