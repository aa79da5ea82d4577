// The object that made programs belong to: maps to look into, and BTF for what needs it (static functions, callbacks,
// spin locks in values, functions of the kernel).
#pragma once

#include "test/unit/verifier/fixture.h"

namespace spile::fuzz {

// The maps, by index: those of the unit tests, and these.
using namespace verifier::testing;  // NOLINT(google-build-using-namespace): kHash, kArray, ...
enum MadeMap : int32_t { kLocked = kRingbuf + 1, kPrograms };
inline constexpr uint32_t kLockedValue = 16;  // { struct bpf_spin_lock lock; int rest[3]; }

// A function in its BTF, by the id of its type.
enum class MadeFunction : uint32_t {
  Main = 10,
  Callee,           // static int callee(void *frame, __u64 number)
  LoopCallback,     // static long turn(__u32 index, void *context)
  ElementCallback,  // static long element(struct bpf_map *map, void *key, void *value, void *context)
  IteratorNew,
  IteratorNext,
  IteratorDestroy,
};

object::Object made_object();

}  // namespace spile::fuzz
