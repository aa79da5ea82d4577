// Expands the tables that more than one module needs: helpers, map types, program types, contexts.
//
// A table is a `.def` file of macro rows; whoever needs another view of it includes the file with its own macro (the
// columns are described at the top of each). The checks at the end make a wrong row a compile error: order,
// uniqueness, the kernel's numbers and offsets. Diagnostics and instructions are expanded by support/ and
// backend/isa/.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace spile::tables {

// ---------------------------------------------------------------- helpers

enum class ReturnKind : uint8_t {
  Integer,
  Void,
  MapValue,
  Socket,
  SockCommon,
  TcpSock,
  BtfId,          // a kernel object
  RingbufRecord,  // as many bytes as the call asks for
  DynptrMemory,
  PerCpuMemory,  // this CPU's copy of the kernel variable in argument 1
  Kptr,          // what was in the slot of argument 1
};
struct Return {
  ReturnKind kind = ReturnKind::Integer;
  bool or_null = false, trusted = false;
  std::string_view type{};  // BtfId: the struct's name
};

// enum bpf_arg_type of the kernel, without ARG_ and PTR_TO_; its flags are the fields of Arg.
enum class ArgKind : uint8_t {
  None,
  Anything,     // any initialised register
  Number,       // no pointer
  ConstMapPtr,  // a map's address
  MapKey,       // key_size readable bytes of the map given before
  MapValue,     // value_size readable bytes
  Mem,          // memory, its size in the next argument
  FixedMem,     // memory of [size] bytes
  ConstSize,    // size of the memory before: 1 or more
  ConstSizeOrZero,
  AllocSize,      // a constant: the size of the result
  Ctx,            // the program's context
  Callback,       // a subprogram
  Stack,          // a stack address: a callback's context
  ConstString,    // a string in a read-only map
  SpinLock,       // a bpf_spin_lock in a map's value
  Timer,          // a bpf_timer in a map's value
  Socket,         // a bpf_sock
  SockCommon,     // any kind of bpf_sock
  BtfSockCommon,  // a sock_common, or what begins with one
  BtfId,          // a kernel object of the struct [type]
  PerCpuObject,   // a per-CPU variable of the kernel
  KptrSlot,       // the address of a __kptr in a map's value
  KptrValue,      // what goes into it
  RingbufRecord,  // what bpf_ringbuf_reserve() gave
  RingbufDynptr,  // what bpf_ringbuf_reserve_dynptr() gave
  Dynptr,         // an initialised dynptr
};
struct Arg {
  ArgKind kind = ArgKind::None;
  bool or_null = false;
  bool releases = false;  // the reference is given back
  bool writes = false;    // memory: the helper writes it
  bool uninit = false;    // and it need not be initialised
  uint16_t size = 0;      // FixedMem: bytes
  std::string_view type{};
};

enum HelperFlags : uint16_t {
  kGplOnly = 1,
  kSleeps = 2,
  kChangesPacket = 4,
  kUserSide = 8,
  kReturnsLength = 64,   // the result is at most the size argument, or a negative errno
  kReturnsCpu = 128,     // the result is a CPU number
  kAcquires = 256,       // the result is a reference that must be given back
  kFastcall = 512,       // changes no register but the result
  kPacketAccess = 1024,  // its memory may lie in the packet
};

// Kernel versions compare as numbers.
constexpr uint16_t linux_version(unsigned major, unsigned minor) { return static_cast<uint16_t>(major << 8 | minor); }

// A set of program types: a bit for each number of enum bpf_prog_type, the last for handlers of the user's side.
using ProgramSet = uint64_t;
inline constexpr unsigned kUserSideBit = 63;

struct Helper {
  uint32_t number;
  std::string_view name;  // without "bpf_"; Spile's own have their whole name
  Return result;
  std::array<Arg, 5> args;
  uint16_t flags;
  ProgramSet programs;
  uint16_t since;  // linux_version()
  std::string_view prototype;
  bool runs;  // the engines have it
};

namespace detail::helper_rows {
// The names in the columns of helpers.def.
namespace results {
inline constexpr Return Integer{}, Void{ReturnKind::Void}, MapValue{ReturnKind::MapValue},
    MapValueOrNull{ReturnKind::MapValue, true}, SocketOrNull{ReturnKind::Socket, true},
    SockCommonOrNull{ReturnKind::SockCommon, true}, TcpSockOrNull{ReturnKind::TcpSock, true},
    RingbufRecordOrNull{ReturnKind::RingbufRecord, true}, DynptrMemoryOrNull{ReturnKind::DynptrMemory, true},
    PerCpuMemory{ReturnKind::PerCpuMemory}, PerCpuMemoryOrNull{ReturnKind::PerCpuMemory, true},
    KptrOrNull{ReturnKind::Kptr, true};
constexpr Return BtfId(std::string_view type) { return {ReturnKind::BtfId, false, false, type}; }
constexpr Return BtfIdOrNull(std::string_view type) { return {ReturnKind::BtfId, true, false, type}; }
constexpr Return TrustedBtfId(std::string_view type) { return {ReturnKind::BtfId, false, true, type}; }
}  // namespace results

constexpr Arg OrNull(Arg arg) {
  arg.or_null = true;
  return arg;
}
constexpr Arg Releases(Arg arg) {
  arg.releases = true;
  return arg;
}
constexpr Arg Written(Arg arg) {
  arg.writes = true;
  return arg;
}
constexpr Arg Uninit(Arg arg) {
  arg.writes = arg.uninit = true;
  return arg;
}
inline constexpr Arg None{}, Anything{ArgKind::Anything}, Number{ArgKind::Number}, ConstMapPtr{ArgKind::ConstMapPtr},
    MapKey{ArgKind::MapKey}, MapValue{ArgKind::MapValue}, ReadOnlyMem{ArgKind::Mem}, ConstSize{ArgKind::ConstSize},
    ConstSizeOrZero{ArgKind::ConstSizeOrZero}, AllocSize{ArgKind::AllocSize}, Ctx{ArgKind::Ctx},
    Callback{ArgKind::Callback}, Stack{ArgKind::Stack}, ConstString{ArgKind::ConstString}, SpinLock{ArgKind::SpinLock},
    Timer{ArgKind::Timer}, Socket{ArgKind::Socket}, SockCommon{ArgKind::SockCommon},
    BtfSockCommon{ArgKind::BtfSockCommon}, PerCpuObject{ArgKind::PerCpuObject}, KptrSlot{ArgKind::KptrSlot},
    KptrValue = OrNull({ArgKind::KptrValue}), RingbufRecord{ArgKind::RingbufRecord},
    RingbufDynptr{ArgKind::RingbufDynptr}, Dynptr{ArgKind::Dynptr}, UninitDynptr = Uninit(Dynptr),
    UninitMem = Uninit(ReadOnlyMem), WritableMem = Written(ReadOnlyMem), UninitMapValue = Uninit(MapValue),
    ReadOnlyMemOrNull = OrNull(ReadOnlyMem), WritableMemOrNull = OrNull(WritableMem), MapValueOrNull = OrNull(MapValue),
    CtxOrNull = OrNull(Ctx), StackOrNull = OrNull(Stack), SocketOrNull = OrNull(Socket),
    BtfSockCommonOrNull = OrNull(BtfSockCommon);
constexpr Arg BtfId(std::string_view type) { return {.kind = ArgKind::BtfId, .type = type}; }
constexpr Arg BtfIdOrNull(std::string_view type) { return OrNull(BtfId(type)); }
constexpr Arg FixedMem(uint16_t size) { return {.kind = ArgKind::FixedMem, .size = size}; }
constexpr Arg WritableFixedMem(uint16_t size) { return Written(FixedMem(size)); }
constexpr Arg UninitFixedMem(uint16_t size) { return Uninit(FixedMem(size)); }

#define SPILE_SET(Type, number) inline constexpr ProgramSet Type = ProgramSet{1} << (number);
SPILE_SET(SOCKET_FILTER, 1)
SPILE_SET(KPROBE, 2)
SPILE_SET(SCHED_CLS, 3)
SPILE_SET(SCHED_ACT, 4)
SPILE_SET(TRACEPOINT, 5)
SPILE_SET(XDP, 6)
SPILE_SET(PERF_EVENT, 7)
SPILE_SET(CGROUP_SKB, 8)
SPILE_SET(CGROUP_SOCK, 9)
SPILE_SET(LWT_IN, 10)
SPILE_SET(LWT_OUT, 11)
SPILE_SET(LWT_XMIT, 12)
SPILE_SET(SOCK_OPS, 13)
SPILE_SET(SK_SKB, 14)
SPILE_SET(CGROUP_DEVICE, 15)
SPILE_SET(SK_MSG, 16)
SPILE_SET(RAW_TRACEPOINT, 17)
SPILE_SET(CGROUP_SOCK_ADDR, 18)
SPILE_SET(LWT_SEG6LOCAL, 19)
SPILE_SET(LIRC_MODE2, 20)
SPILE_SET(SK_REUSEPORT, 21)
SPILE_SET(FLOW_DISSECTOR, 22)
SPILE_SET(CGROUP_SYSCTL, 23)
SPILE_SET(RAW_TRACEPOINT_WRITABLE, 24)
SPILE_SET(CGROUP_SOCKOPT, 25)
SPILE_SET(TRACING, 26)
SPILE_SET(STRUCT_OPS, 27)
SPILE_SET(EXT, 28)
SPILE_SET(LSM, 29)
SPILE_SET(SK_LOOKUP, 30)
SPILE_SET(SYSCALL, 31)
SPILE_SET(NETFILTER, 32)
SPILE_SET(UserSide, kUserSideBit)
#undef SPILE_SET
inline constexpr ProgramSet Trampoline = TRACING | LSM, Tc = SCHED_CLS | SCHED_ACT,
                            Lwt = LWT_IN | LWT_OUT | LWT_XMIT | LWT_SEG6LOCAL;
// bpf_tracing_func_proto(); and handlers of the user's side, which look at the same memory.
inline constexpr ProgramSet Tracing =
    KPROBE | TRACEPOINT | PERF_EVENT | RAW_TRACEPOINT | RAW_TRACEPOINT_WRITABLE | SYSCALL | Trampoline | UserSide;
// bpf_sk_base_func_proto()
inline constexpr ProgramSet Sockets = SOCKET_FILTER | Tc | XDP | CGROUP_SKB | Lwt | SOCK_OPS | SK_SKB | SK_MSG |
                                      CGROUP_SOCK_ADDR | FLOW_DISSECTOR | SK_LOOKUP | SYSCALL;
// bpf_base_func_proto(), which all but lirc_mode2 fall back on.
inline constexpr ProgramSet Everywhere = (((ProgramSet{1} << 33) - 2) & ~LIRC_MODE2 & ~EXT) | UserSide;

inline constexpr auto make_helpers() {
  constexpr auto linux = [](unsigned major, unsigned minor) { return linux_version(major, minor); };
  return std::to_array<Helper>({
#define SPILE_HELPER(number, name, Result, a1, a2, a3, a4, a5, flags, Programs, since, prototype) \
  {number, #name, results::Result, {a1, a2, a3, a4, a5}, flags, (Programs) | EXT, since, prototype, true},
#define SPILE_KERNEL_HELPER(number, name, Result, a1, a2, a3, a4, a5, flags, Programs, since, prototype) \
  {number, #name, results::Result, {a1, a2, a3, a4, a5}, flags, (Programs) | EXT, since, prototype, false},
#include "lang-spec/tables/helpers.def"
  });
}

struct Variant {
  uint32_t number;
  ProgramSet programs;
  std::array<Arg, 5> args;
};
inline constexpr auto make_variants() {
  return std::to_array<Variant>({
#define SPILE_HELPER_VARIANT(number, name, Programs, a1, a2, a3, a4, a5) {number, Programs, {a1, a2, a3, a4, a5}},
#include "lang-spec/tables/helper_variants.def"
  });
}
}  // namespace detail::helper_rows

inline constexpr auto kHelpers = detail::helper_rows::make_helpers();
inline constexpr auto kHelperVariants = detail::helper_rows::make_variants();

// By number; null for a number that is not in the table.
const Helper *find_helper(uint32_t number);
const Helper *find_helper(std::string_view name);
// What C calls it: with "bpf_", which Spile's own do not have.
std::string c_name(const Helper &helper);
// What the helper takes in programs of type [program] (enum bpf_prog_type).
const std::array<Arg, 5> &arguments_of(const Helper &helper, uint32_t program);
// Whether programs of this type may call it.
bool is_available(const Helper &helper, uint32_t program);

// ---------------------------------------------------------------- map types

enum class SizeRule : uint8_t { Any, U32, U32OrU64, Words, Prefix, CgroupKey, None };
enum class EntriesRule : uint8_t { Positive, Zero, One, Cpus, Pages };
enum MapFlags : uint8_t { kMapForSleepable = 1, kMapWalked = 2, kMapOfMaps = 4, kMapOfPrograms = 8 };

struct MapType {
  uint32_t number;
  std::string_view name;    // "HASH", as in BPF_MAP_TYPE_HASH
  std::string_view spoken;  // "hash"
  SizeRule key, value;
  EntriesRule entries;
  uint8_t flags;
};

inline constexpr auto kMapTypes = std::to_array<MapType>({
#define SPILE_MAP(number, NAME, spoken, Key, Value, Entries, flags) \
  {number, #NAME, spoken, SizeRule::Key, SizeRule::Value, EntriesRule::Entries, flags},
#include "lang-spec/tables/maps.def"
});
const MapType *find_map_type(uint32_t number);
// Whether the kernel makes a map with keys or values of [size] bytes.
bool fits(SizeRule rule, uint32_t size);
// The rule in words: "4 bytes", "any size".
std::string_view spoken(SizeRule rule);
std::string_view spoken(EntriesRule rule);

// ---------------------------------------------------------------- contexts

enum class CtxKind : uint8_t {
#define SPILE_CTX(Name, type, size) Name,
#define SPILE_CTX_FIELD(Name, field, offset, size, unit, access, Result)
#include "lang-spec/tables/ctx.def"
};
struct Ctx {
  CtxKind kind;
  std::string_view name;  // "SkBuff"
  std::string_view type;  // the struct's name
  uint32_t size;
};
inline constexpr auto kContexts = std::to_array<Ctx>({
#define SPILE_CTX(Name, type, size) {CtxKind::Name, #Name, type, size},
#define SPILE_CTX_FIELD(Name, field, offset, size, unit, access, Result)
#include "lang-spec/tables/ctx.def"
});

enum CtxAccess : uint8_t { kNever = 0, kRead = 1, kWrite = 2, kNarrow = 4, kNarrowWrite = 8, kWide = 16 };
// What a load of a field gives.
enum class CtxResult : uint8_t {
  Scalar,
  Packet,
  PacketEnd,
  PacketMeta,
  Socket,
  SocketOrNull,
  SockCommonOrNull,
  FlowKeys,
  TpBuffer,
  BtfArgument,   // what BTF says of the argument
  NfHookState,   // struct nf_hook_state
  SkBuffObject,  // struct sk_buff
};
struct CtxField {
  CtxKind ctx;
  std::string_view name;
  uint32_t offset, size;
  uint32_t unit;  // bytes of a whole access
  uint8_t access;
  CtxResult result;
};
inline constexpr auto kCtxFields = std::to_array<CtxField>({
#define SPILE_CTX(Name, type, size)
#define SPILE_CTX_FIELD(Name, field, offset, size, unit, access, Result) \
  {CtxKind::Name, #field, offset, size, unit, access, CtxResult::Result},
#include "lang-spec/tables/ctx.def"
});
// The field that holds byte [offset] of a context; null where there is none.
const CtxField *find_ctx_field(CtxKind ctx, uint32_t offset);
// Whether [size] bytes at [offset] of the context, which [field] holds, may be read or written.
bool allows(const CtxField &field, uint32_t offset, uint32_t size, bool write);

// ---------------------------------------------------------------- program types

enum class SectionMatch : uint8_t { Exact, Slash, Optional };
enum class HookKind : uint8_t { None, Tracepoint, UserProbe, Sample, Packet, Once, Begin, End, Interval };
enum ProgramFlags : uint8_t {
  kUserSideProgram = 1,
  kSleepable = 2,
  kAttachBtf = 4,
  kXdpFrags = 8,
  kAttachTypeOptional = 16,
};

// enum bpf_attach_type, same numbers.
enum class AttachType : uint8_t {
#define SPILE_ATTACH(number, NAME) NAME = number,
#include "lang-spec/tables/attach.def"
  None = 0xff,
};
// "BPF_XDP"; empty for None.
std::string_view name_of(AttachType attach);

struct ReturnRange {
  bool any = true;
  int64_t low = 0, high = 0;
};
inline constexpr uint32_t kUserSideProgramType = 0x7000;

struct ProgramType {
  std::string_view name;  // "TRACEPOINT", as in BPF_PROG_TYPE_TRACEPOINT
  uint32_t number;
  std::string_view section;
  SectionMatch match;
  AttachType attach;  // the kernel's expected_attach_type
  CtxKind ctx;
  ReturnRange returns;
  HookKind hook;
  uint8_t flags;
};
namespace detail {
inline constexpr ReturnRange Any{};
constexpr ReturnRange range(int64_t low, int64_t high) { return {false, low, high}; }
inline constexpr auto make_program_types() {
  return std::to_array<ProgramType>({
#define SPILE_PROGRAM(Type, number, section, Match, Attach, Context, Return, Hook, flags) \
  {#Type, number, section, SectionMatch::Match, AttachType::Attach, CtxKind::Context, Return, HookKind::Hook, flags},
#include "lang-spec/tables/programs.def"
  });
}
}  // namespace detail
inline constexpr auto kProgramTypes = detail::make_program_types();

// The row that a SEC() name chooses; a leading '?' (libbpf: do not load by default) is skipped. Null when unknown.
const ProgramType *find_program_type(std::string_view section);
// The rows' section names nearest to [section] by edit distance, best first: for "did you mean".
std::array<std::string_view, 3> nearest_sections(std::string_view section);
// Whether a program with this licence may call kGplOnly helpers (include/linux/license.h).
bool is_gpl_compatible(std::string_view license);

// ---------------------------------------------------------------- checks

template <class T>
constexpr bool strictly_rising_numbers(const T &rows) {
  for (size_t i = 1; i < rows.size(); i++)
    if (rows[i - 1].number >= rows[i].number) return false;
  return true;
}
constexpr size_t count_kernel_helpers() {
  size_t index = 0;
  while (index < kHelpers.size() && (kHelpers[index].flags & kUserSide) == 0) index++;
  return index;
}
static_assert(strictly_rising_numbers(kHelpers), "helpers.def: rows must stand in the order of their numbers");
static_assert(strictly_rising_numbers(kMapTypes), "maps.def: rows must stand in the order of their numbers");
static_assert(kHelpers[210].number == 211 && kHelpers[210].name == "cgrp_storage_delete" &&
                  count_kernel_helpers() == 211,
              "helpers.def: a row for each helper of the kernel, then Spile's own");
// The kernel's headers of this machine may be older than the tables; what both have must agree.
static_assert(kMapTypes.back().number == kMapTypes.size(), "maps.def: a row for each map type");
static_assert(kMapTypes[BPF_MAP_TYPE_BLOOM_FILTER - 1].name == "BLOOM_FILTER" &&
                  kMapTypes[BPF_MAP_TYPE_SOCKHASH - 1].name == "SOCKHASH",
              "maps.def: rows must stand in the order of enum bpf_map_type");
static_assert(static_cast<uint32_t>(AttachType::XDP) == BPF_XDP &&
                  static_cast<uint32_t>(AttachType::LSM_CGROUP) == BPF_LSM_CGROUP,
              "attach.def: rows must stand in the order of enum bpf_attach_type");
constexpr bool fields_in_order() {
  for (size_t i = 1; i < kCtxFields.size(); i++)
    if (kCtxFields[i - 1].ctx == kCtxFields[i].ctx &&
        kCtxFields[i - 1].offset + kCtxFields[i - 1].size > kCtxFields[i].offset)
      return false;
  return true;
}
static_assert(fields_in_order(), "ctx.def: fields must stand in the order of their offsets and not overlap");
static_assert(offsetof(__sk_buff, cb) == 48 && offsetof(__sk_buff, data) == 76 && offsetof(__sk_buff, gso_size) == 176);

}  // namespace spile::tables
