// Pages: zeroed memory for the elements of a map, taken from the kernel page by page as it is touched.
//
// A map of a million entries costs address space when it is made, and memory only for the elements that are used. The
// block never moves, so a pointer to a value stays valid as long as the map lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "support/result.h"

namespace spile::maps {

class Pages {
 public:
  static Result<Pages> allocate(uint64_t size);
  // A part of an open file: what is written there is the file's, whatever becomes of this process.
  static Result<Pages> of_file(int fd, uint64_t offset, uint64_t size);
  Pages() = default;  // none
  Pages(Pages &&other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages &operator=(Pages &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Pages();

  std::byte *data() const { return data_; }

 private:
  Pages(std::byte *data, uint64_t size) : data_(data), size_(size) {}
  std::byte *data_ = nullptr;
  uint64_t size_ = 0;
};

// Where a map has its blocks from: this process, unless a derived class knows better (map_file.h).
class PageSource {
 public:
  virtual ~PageSource() = default;
  // A map asks for the same blocks in the same order each time it is made.
  virtual Result<Pages> take(uint64_t size) { return Pages::allocate(size); }

  enum class Content : uint8_t {
    Zero,      // nothing was ever there
    Whole,     // what a map left, of which nobody else is changing anything
    Snapshot,  // what another process was changing while it was copied
  };
  virtual Content content() const { return Content::Zero; }
};

// Value and key storage is rounded up to 8 bytes, as in the kernel: values are aligned for 64-bit atomics.
constexpr uint64_t round_up_8(uint64_t size) { return (size + 7) & ~uint64_t{7}; }

}  // namespace spile::maps
