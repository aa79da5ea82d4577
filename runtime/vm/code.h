// Code: an image of compiled code (JitImage) in this process's memory. Its pages are never writable and executable at
// once, and when it goes they go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "runtime/vm/jit_program.h"
#include "support/result.h"

namespace spile::vm {

class Code {
 public:
  // [input]: what it was made of. Environment error when there is no memory for it, input error when it is none of this
  // program: nothing of it has been placed then.
  static Result<Code> place(const JitImage &image, const JitInput &input);
  Code(Code &&other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        size_(other.size_),
        functions_(std::move(other.functions_)),
        lines_(std::move(other.lines_)) {}
  Code(const Code &) = delete;
  Code &operator=(const Code &) = delete;
  Code &operator=(Code &&) = delete;
  ~Code();

  std::span<const JitFunction> functions() const { return functions_; }  // by subprogram
  std::span<const JitLine> lines() const { return lines_; }
  const std::byte *at(uint32_t offset) const { return memory_ + offset; }
  template <class Entry>
  Entry entry(size_t subprogram) const {
    return reinterpret_cast<Entry>(memory_ + functions_[subprogram].offset);
  }

 private:
  Code(std::byte *memory, const JitImage &image)
      : memory_(memory),
        size_(image.size),
        functions_(image.functions, image.functions + image.function_count),
        lines_(image.lines, image.lines + image.line_count) {}

  std::byte *memory_;
  uint64_t size_;
  std::vector<JitFunction> functions_;
  std::vector<JitLine> lines_;
};

}  // namespace spile::vm
