// RegState: what a register, or a spilled register on the stack, holds: a number, or a pointer into something.
//
// A pointer is base + off + value: [off] the fixed part, [value] the variable part. Types follow the kernel's
// enum bpf_reg_type.
#pragma once

#include <cstdint>
#include <string>

#include "backend/object/object.h"
#include "verifier/domain/scalar.h"

namespace spile::verifier {

enum class RegType : uint8_t {
  NotInit,
  Scalar,
  Ctx,
  MapPtr,    // a map itself
  MapValue,  // into a value of a map
  MapKey,    // into a key of a map, given to a callback
  Stack,
  Packet,
  PacketMeta,
  PacketEnd,
  Func,      // a subprogram, for callbacks
  Poisoned,  // the result of an instruction that was already reported: anything may be done with it, silently
};

inline constexpr uint32_t kNoInsn = 0xffff'ffff;

struct RegState {
  RegType type = RegType::NotInit;
  bool or_null = false;     // pointer: may be NULL
  bool precise = false;     // scalar: its value decided something; pruning must compare it
  bool plus_const = false;  // scalar with an id: it is the others of its id plus [off]
  uint8_t frame = 0;        // Stack: which frame's
  int32_t off = 0;
  uint32_t id = 0;      // scalar: linked registers share it. or_null: refined together. Packet: variable part's id
  uint32_t target = 0;  // MapPtr, MapValue, MapKey: index of the map; Func: index of the subprogram
  int32_t range = 0;    // Packet: bytes proven; kAtEnd, kBeyondEnd
  uint32_t origin = kNoInsn;  // the instruction that made the value: only for messages, never compared
  Scalar value;

  static constexpr int32_t kAtEnd = -1, kBeyondEnd = -2;

  static RegState scalar(const Scalar &s, uint32_t origin = kNoInsn) {
    RegState r;
    r.type = RegType::Scalar;
    r.value = s;
    r.origin = origin;
    return r;
  }
  static RegState unknown(uint32_t origin = kNoInsn) { return scalar(Scalar::unknown(), origin); }
  static RegState pointer(RegType type, uint32_t origin = kNoInsn) {
    RegState r;
    r.type = type;
    r.value = Scalar::constant(0);
    r.origin = origin;
    return r;
  }

  bool is_scalar() const { return type == RegType::Scalar; }
  bool is_pointer() const { return type > RegType::Scalar && type != RegType::Poisoned; }
  bool is_packet() const { return type == RegType::Packet || type == RegType::PacketMeta; }
  bool is_null() const { return is_scalar() && value.is_zero(); }
  bool has_map() const { return type == RegType::MapPtr || type == RegType::MapValue || type == RegType::MapKey; }
  // A pointer that is certainly not NULL, for comparisons with 0 (reg_not_null). The kernel does not count all kinds.
  bool is_never_null() const {
    if (or_null) return false;
    // An unbounded offset could wrap around to 0.
    constexpr int64_t kLimit = 1 << 29;
    if (value.r64.smin <= -kLimit || value.r64.smax >= kLimit) return false;
    return type == RegType::MapValue || type == RegType::MapKey || type == RegType::MapPtr;
  }
  void forget_id() { id = 0, plus_const = false, off = 0; }
};

// "map_value_or_null", "fp", "scalar": the kernel's names.
std::string type_name(const RegState &r);
// The whole register in the kernel's notation, for --states: "map_value(map=kills,ks=8,vs=24)".
std::string to_string(const RegState &r, uint32_t frame, const object::Object *object);

}  // namespace spile::verifier
