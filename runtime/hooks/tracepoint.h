// Tracepoint: what stands behind SEC("tracepoint/syscalls/sys_enter_openat"), with the layout of its record.
//
// A program gets the record from the kernel's ring buffer as its context. Bytes 0..7 (the common fields) are hidden
// from it; then, of system calls:
//   syscalls/sys_enter_X    int __syscall_nr @8, the arguments of X from 16 on, 8 bytes each
//   syscalls/sys_exit_X     int __syscall_nr @8, long ret @16
//   raw_syscalls/sys_enter  long id @8, unsigned long args[6] @16
//   raw_syscalls/sys_exit   long id @8, long ret @16
// Of others (sched/sched_switch), which only recordings and tests have here, the layout comes from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang-spec/tables/syscalls.h"
#include "support/result.h"

namespace spile::hooks {

// The common fields at the beginning of every record, which programs do not see (`struct trace_entry ent`).
inline constexpr uint32_t kHiddenBytes = 8;

// The longest record: the kernel's (PERF_MAX_TRACE_SIZE), beyond which it lets no program read. A longer one is an
// error where it comes from.
inline constexpr size_t kRecordRoom = 8192;

// Room for the record of an event, all zero. A verified program may read that far, and the engines do not ask how long
// the record is.
std::unique_ptr<std::byte[]> tracepoint_context();

struct TracepointField {
  std::string_view type, name;
  uint32_t offset = 0, size = 0;
};

// The layout of a record that is no system call's: of a recording, or as a probe has it.
struct RecordFormat {
  struct Field {
    std::string type, name;
    uint32_t offset = 0, size = 0;
  };
  std::string name;  // "sched/sched_switch"
  std::vector<Field> fields;
  uint32_t size = 0;
};

// What the name of a field begins with whose bytes lie behind the record: 16 bits of offset, 16 bits of length. The
// offset of the newer kind counts from the field's end.
inline constexpr std::string_view kDataLoc = "__data_loc_", kRelLoc = "__rel_loc_";
struct LocatedField {
  std::string_view name;  // without what it begins with
  bool is_relative = false;
};
std::optional<LocatedField> located_field(std::string_view name);
// Where the offset of such a field at [offset] counts from.
constexpr uint32_t origin_of(LocatedField field, uint32_t offset) {
  return field.is_relative ? offset + static_cast<uint32_t>(sizeof(uint32_t)) : 0;
}

struct Tracepoint {
  // Hit and Sample: of a function, and of what a program does (code_events.h), where they are written down.
  enum class Kind : uint8_t { SyscallEnter, SyscallExit, AnySyscallEnter, AnySyscallExit, Recorded, Hit, Sample };
  Kind kind = Kind::SyscallEnter;
  const tables::Syscall *syscall = nullptr;    // null for the raw kinds and those with a format
  uint32_t context_size = 0;                   // bytes of the record; the kernel attaches no program that reads more
  std::shared_ptr<const RecordFormat> format;  // Recorded, Hit, Sample

  static Tracepoint of(RecordFormat format, Kind kind = Kind::Recorded);
  std::string name() const;  // "syscalls/sys_enter_openat"
  std::vector<TracepointField> fields() const;
  bool is_enter() const { return kind == Kind::SyscallEnter || kind == Kind::AnySyscallEnter; }
  bool is_of_code() const { return kind == Kind::Hit || kind == Kind::Sample; }
};

// "sched/sched_switch" of "tracepoint/sched/sched_switch", "?tp/sched/sched_switch" and itself.
std::string_view tracepoint_name(std::string_view section);

// [section]: "tracepoint/syscalls/sys_enter_openat", the same with "tp/", or without either. Environment error, with
// the nearest names as a hint, when there is none of this name or it cannot be observed from outside the kernel.
Result<Tracepoint> find_tracepoint(std::string_view section);

}  // namespace spile::hooks
