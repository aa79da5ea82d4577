// Code: an image of compiled code (JitImage) in this process's memory. Its pages are never writable and executable at
// once, and when it goes they go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "runtime/vm/jit_abi.h"
#include "support/result.h"

namespace spile::vm {

class Code {
 public:
  // [objects]: what its relocations name.
  static Result<Code> place(const JitImage &image, std::span<const JitObject> objects);
  Code(Code &&other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_), functions_(std::move(other.functions_)) {}
  Code(const Code &) = delete;
  Code &operator=(const Code &) = delete;
  Code &operator=(Code &&) = delete;
  ~Code();

  std::span<const JitFunction> functions() const { return functions_; }  // by subprogram
  const std::byte *at(uint32_t offset) const { return memory_ + offset; }
  template <class Entry>
  Entry entry(size_t subprogram) const {
    return reinterpret_cast<Entry>(memory_ + functions_[subprogram].offset);
  }

 private:
  Code(std::byte *memory, const JitImage &image)
      : memory_(memory), size_(image.size), functions_(image.functions, image.functions + image.function_count) {}

  std::byte *memory_;
  uint64_t size_;
  std::vector<JitFunction> functions_;
};

}  // namespace spile::vm
