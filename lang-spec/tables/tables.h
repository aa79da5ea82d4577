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
#include <string_view>

namespace spile::tables {

// ---------------------------------------------------------------- helpers

enum class ReturnKind : uint8_t { Integer, Void, MapValueOrNull };

// enum bpf_arg_type of the kernel, without ARG_ and PTR_TO_.
enum class ArgKind : uint8_t {
  None,
  Anything,     // any initialised register
  ConstMapPtr,  // a map's address
  MapKey,       // key_size readable bytes of the map given before
  MapValue,     // value_size readable bytes
  ReadOnlyMem,  // readable memory, its size in the next argument
  ReadOnlyMemOrNull,
  UninitMem,  // writable memory that need not be initialised, its size in the next argument
  ConstSize,  // size of the memory before: 1 or more
  ConstSizeOrZero,
  Ctx,          // the program's context
  Callback,     // a subprogram
  StackOrNull,  // a stack address or 0: a callback's context
};

enum HelperFlags : uint16_t {
  kGplOnly = 1,
  kSleeps = 2,
  kChangesPacket = 4,
  kUserSide = 8,
  kTracingOnly = 16,    // only for tracing programs (bpf_tracing_func_proto), and on the user's side
  kPacketOnly = 32,     // only for programs whose context is a packet
  kReturnsLength = 64,  // the result is at most the size argument, or a negative errno
  kReturnsCpu = 128,    // the result is a CPU number
};

struct Helper {
  uint32_t number;
  std::string_view name;  // without "bpf_"; Spile's own have their whole name
  ReturnKind result;
  std::array<ArgKind, 5> args;
  uint16_t flags;
  std::string_view prototype;
};

inline constexpr auto kHelpers = std::to_array<Helper>({
#define SPILE_HELPER(number, name, Return, a1, a2, a3, a4, a5, flags, prototype)                            \
  {number, #name,    ReturnKind::Return, {ArgKind::a1, ArgKind::a2, ArgKind::a3, ArgKind::a4, ArgKind::a5}, \
   flags,  prototype},
#include "lang-spec/tables/helpers.def"
});

// By number; null for a number that is not in the table.
const Helper *find_helper(uint32_t number);
const Helper *find_helper(std::string_view name);

// ---------------------------------------------------------------- map types

enum class SizeRule : uint8_t { Any, U32, U32OrU64, Words, Prefix, CgroupKey, None };
enum class EntriesRule : uint8_t { Positive, Zero, One, Cpus, Pages };
enum MapFlags : uint8_t {
  kMapSupported = 1,
  kMapValuePointer = 2,
  kMapPerCpu = 4,
  kMapOfMaps = 8,
  kMapOfPrograms = 16,
  kMapStorage = 32,
  kMapNoPrealloc = 64,
};

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
#define SPILE_CTX_FIELD(Name, field, offset, size, access, Result)
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
#define SPILE_CTX_FIELD(Name, field, offset, size, access, Result)
#include "lang-spec/tables/ctx.def"
});

enum CtxAccess : uint8_t { kNever = 0, kRead = 1, kWrite = 2, kNarrow = 4 };
enum class CtxResult : uint8_t { Scalar, Packet, PacketEnd, PacketMeta };
struct CtxField {
  CtxKind ctx;
  std::string_view name;
  uint32_t offset, size;
  uint8_t access;
  CtxResult result;
};
inline constexpr auto kCtxFields = std::to_array<CtxField>({
#define SPILE_CTX(Name, type, size)
#define SPILE_CTX_FIELD(Name, field, offset, size, access, Result) \
  {CtxKind::Name, #field, offset, size, access, CtxResult::Result},
#include "lang-spec/tables/ctx.def"
});
// The field that holds byte [offset] of a context; null where there is none.
const CtxField *find_ctx_field(CtxKind ctx, uint32_t offset);

// ---------------------------------------------------------------- program types

enum class SectionMatch : uint8_t { Exact, Slash, Optional };
enum class HookKind : uint8_t { None, Tracepoint, Packet, Begin, End, Interval };
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
// Letters to insert, drop or replace until [a] is [b].
size_t edit_distance(std::string_view a, std::string_view b);

// ---------------------------------------------------------------- checks

template <class T>
constexpr bool strictly_rising_numbers(const T &rows) {
  for (size_t i = 1; i < rows.size(); i++)
    if (rows[i - 1].number >= rows[i].number) return false;
  return true;
}
static_assert(strictly_rising_numbers(kHelpers), "helpers.def: rows must stand in the order of their numbers");
static_assert(strictly_rising_numbers(kMapTypes), "maps.def: rows must stand in the order of their numbers");
#define SPILE_HELPER(number, name, Return, a1, a2, a3, a4, a5, flags, prototype) \
  static_assert(((flags) & kUserSide) != 0 || (number) < __BPF_FUNC_MAX_ID,      \
                "helpers.def: not a helper of the kernel: " #name);
#include "lang-spec/tables/helpers.def"
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
