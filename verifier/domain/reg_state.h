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
  FlowKeys,    // struct bpf_flow_keys of a flow dissector
  Socket,      // struct bpf_sock, seen through its fields
  SockCommon,  // its common part
  TcpSock,     // struct bpf_tcp_sock
  XdpSock,     // struct bpf_xdp_sock
  TpBuffer,    // the buffer of a writable raw tracepoint
  Mem,         // [mem_size] bytes
  Buffer,      // as many bytes as the largest access turns out to need: what an iterator gives
  BtfObject,   // an object of the kernel, of the BTF type [target]
  Dynptr,      // a dynptr itself, given to a callback or a global function
  Iterator,    // in a stack slot only: an open-coded iterator
  Arena,       // into the program's arena
  Func,        // a subprogram, for callbacks
  Poisoned,    // the result of an instruction that was already reported: anything may be done with it, silently
};

inline constexpr uint32_t kNoInsn = 0xffff'ffff;

// What else is known of a pointer.
enum RegFlags : uint16_t {
  kReadOnly = 1,
  kRingbufRecord = 2,    // Mem: from bpf_ringbuf_reserve()
  kTrusted = 4,          // BtfObject: certainly alive
  kRcu = 8,              // alive until the RCU section ends
  kUntrusted = 16,       // may be anything: only read, and each read may fail
  kPerCpu = 32,          // a per-CPU object: only through bpf_per_cpu_ptr()
  kOwned = 64,           // allocated by the program (bpf_obj_new)
  kNonOwning = 128,      // kOwned: in a list or a tree; lives until the lock is released
  kDynptrSlice = 256,    // Mem: what a dynptr points to
  kKernelBtf = 512,      // [target] is of the kernel's BTF, not the object's
  kPacketDynptr = 1024,  // Dynptr: of a packet, lost when the packet changes
  kHoldsLock = 2048,     // MapValue: with a spin lock inside: its id tells one value from another
  kSumOfNumber = 4096,   // number += pointer that holds a reference, which Linux 6.18 forgets
};

struct RegState {
  RegType type = RegType::NotInit;
  bool or_null = false;     // pointer: may be NULL
  bool precise = false;     // scalar: its value decided something; pruning must compare it
  bool plus_const = false;  // scalar with an id: it is the others of its id plus [off]
  bool plus_in_32 = false;  // and the sum was made by a 32-bit addition: cut to its lower half
  uint8_t frame = 0;        // Stack: which frame's
  int32_t off = 0;
  uint32_t id = 0;        // scalar: linked registers share it. or_null: refined together. Packet: variable part's id
  uint32_t target = 0;    // MapPtr, MapValue, MapKey: index of the map; Func: index of the subprogram
  int32_t range = 0;      // Packet: bytes proven; kAtEnd, kBeyondEnd
  uint32_t ref_id = 0;    // the reference that this pointer holds, or was made from
  uint32_t mem_size = 0;  // Mem: bytes
  uint32_t map_uid = 0;   // MapPtr, MapValue of an inner map: which lookup gave it
  uint16_t flags = 0;     // RegFlags
  uint32_t origin = kNoInsn;  // the instruction that made the value: only for messages, never compared
  Scalar value;

  static constexpr int32_t kAtEnd = -1, kBeyondEnd = -2;
  static constexpr int32_t kActive = 1, kDrained = 2;  // Iterator

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
  bool has(uint16_t flag) const { return (flags & flag) != 0; }
  // A socket as the network helpers know it: what is behind it is described by ctx.def.
  bool is_socket() const {
    return type == RegType::Socket || type == RegType::SockCommon || type == RegType::TcpSock ||
           type == RegType::XdpSock;
  }
  // base + this is where a pointer whose variable part is constant points.
  int64_t constant_offset() const { return static_cast<int64_t>(value.const_value()) + off; }
  bool is_null() const { return is_scalar() && value.is_zero(); }
  bool has_map() const { return type == RegType::MapPtr || type == RegType::MapValue || type == RegType::MapKey; }
  // A pointer that is certainly not NULL, for comparisons with 0 (reg_not_null). The kernel does not count all kinds.
  bool is_never_null() const {
    if (or_null) return false;
    // An unbounded offset could wrap around to 0.
    constexpr int64_t kLimit = 1 << 29;
    if (value.r64.smin <= -kLimit || value.r64.smax >= kLimit) return false;
    return type == RegType::MapValue || type == RegType::MapKey || type == RegType::MapPtr || is_socket() ||
           (type == RegType::BtfObject && (has(kTrusted | kOwned) || ref_id != 0)) || type == RegType::Mem;
  }
  void forget_id() { id = 0, plus_const = plus_in_32 = false, off = 0; }
};

// "map_value_or_null", "fp", "scalar": the kernel's names.
std::string type_name(const RegState &r);
// The whole register in the kernel's notation, for --states: "map_value(map=kills,ks=8,vs=24)".
std::string to_string(const RegState &r, uint32_t frame, const object::Object *object);

}  // namespace spile::verifier
