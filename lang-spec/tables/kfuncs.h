// kfuncs.def as a table: flags of the kernel's functions that programs may call.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spile::tables {

enum KfuncFlags : uint32_t {
  kAcquire = 1,
  kRelease = 2,
  kReturnsNull = 4,
  kTrustedArgs = 8,
  kMaySleep = 16,
  kDestructive = 32,
  kRcuArgs = 64,
  kIteratorNew = 128,
  kIteratorNext = 256,
  kIteratorDestroy = 512,
  kRcuProtected = 1024,
  kOnlyLsm = 1 << 11,
  kOnlyIterator = 1 << 12,     // programs of iterators (SEC("iter/..."))
  kFromTaskContext = 1 << 13,  // those of security modules, of iterators, and what may sleep
  kWhileLocked = 1 << 14,      // may be called while a lock is held
  kPerCpuObject = 1 << 15,
  kUntrustedResult = 1 << 16,
  kWritableResult = 1 << 17,  // memory that the program may write
};
// Groups of program types that share a set of kfuncs (enum btf_kfunc_hook).
enum KfuncHooks : uint16_t {
  kCommon = 1,
  kXdp = 2,
  kTc = 4,
  kStructOps = 8,
  kTracing = 16,
  kSyscall = 32,
  kCgroup = 64,
  kSkSkb = 128,
  kSocketFilter = 256,
  kLwt = 512,
  kNetfilter = 1024,
  kKprobe = 2048,
};

// What a function relies on, of an argument of a program that nobody verified.
enum class KfuncArg : uint8_t {
  None,  // there are no more
  Any,
  Map,
  Arena,
  Context,
  Dynptr,
  NewDynptr,
  Sized,  // memory, as much as the next one says
  Iterator,
};

struct Kfunc {
  std::string_view name;
  uint32_t flags;
  uint16_t hooks;
  std::array<KfuncArg, 5> args;
};

// Null for a name that is not in the table.
const Kfunc *find_kfunc(std::string_view name);
// Its place in the table, which is the order of names.
uint32_t index_of(const Kfunc &kfunc);
// Null for a place that is none.
const Kfunc *kfunc_at(uint32_t index);
// Whether programs of this type (enum bpf_prog_type) may call it.
bool is_available(const Kfunc &kfunc, uint32_t program);

}  // namespace spile::tables
