// FailureCounts: how often helpers failed in the kernel, which by itself tells nobody: a map that was full, a ring
// buffer that had no room, memory that could not be read.
//
//   call bpf_ringbuf_output  ──►  call ...; if (r0 < 0) counts[helper][-r0]++
//
// In: an object, whose programs get that code before they are loaded. Out: the counts, when the run ends.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "backend/object/insert_code.h"
#include "support/file.h"
#include "support/result.h"

namespace spile::kernel {

class FailureCounts {
 public:
  static Result<FailureCounts> make();

  // What to put behind the calls of [object]'s programs; nothing when they call none that can fail.
  std::vector<object::Insertion> insertions(const object::Object &object) const;

  // [error]: negative errno. Counts from the beginning on.
  using Visit = std::function<void(uint32_t helper, int64_t error, uint64_t count)>;
  void for_each(const Visit &visit) const;

 private:
  explicit FailureCounts(Fd map) : map_(std::move(map)) {}
  std::vector<isa::Insn> counting(size_t row) const;

  Fd map_;
};

}  // namespace spile::kernel
