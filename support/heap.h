// Heap: memory for a process that does one thing and ends.
//
// Small blocks are cut off chunks, each behind eight bytes that hold its size class; what is released waits in the list
// of its class for the next request of that class. Chunks and large blocks are spans of one reservation: the first free
// one that is large enough, and those that are released join their neighbours. The largest blocks are left to malloc,
// which maps each by itself, so that their memory goes when they go; and so is what finds no room, for which it counts
// that malloc joins small blocks too.
// The reservation asks for huge pages, as a page fault for each small one took up to a fifth of the time of a
// compilation.
//
// For one thread, and where nobody else frees what it gave. It lives as long as the process.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace spile {

// The sizes that small blocks have: every 16 bytes up to 1 KiB, then eight to each doubling, up to 8 KiB.
struct SizeClass {
  static constexpr size_t kStep = 16, kFine = 64, kPerDoubling = 8, kDoublings = 3;
  static constexpr size_t kCount = kFine + kPerDoubling * kDoublings;

  static constexpr size_t of(size_t size) {
    if (size <= kStep * kFine) return (size - 1) / kStep;
    const auto shift = static_cast<size_t>(std::bit_width(size - 1)) - 4;
    return kFine + (shift - 7) * kPerDoubling + ((size - 1) >> shift) - kPerDoubling;
  }
  // The largest size of the class.
  static constexpr size_t bytes(size_t number) {
    if (number < kFine) return (number + 1) * kStep;
    const size_t coarse = number - kFine;
    return (coarse % kPerDoubling + kPerDoubling + 1) << (coarse / kPerDoubling + 7);
  }
};
static_assert(SizeClass::of(1024) == 63 && SizeClass::of(1025) == 64 && SizeClass::bytes(64) == 1152 &&
              SizeClass::of(1152) == 64);
static_assert(SizeClass::of(2048) == 71 && SizeClass::of(2049) == 72 && SizeClass::bytes(71) == 2048 &&
              SizeClass::bytes(72) == 2304);

class Heap {
 public:
  constexpr Heap() = default;
  Heap(const Heap &) = delete;
  Heap &operator=(const Heap &) = delete;

  // Reserves the address space. Before, and where the system refuses it, allocate() gives nothing.
  void start();

  // Aligned to 16 bytes; null when there is no room, and for what is larger than kLargest.
  static constexpr size_t kLargest = size_t{4} << 20;
  void *allocate(size_t size) {
    if (size > kLargestSmall) [[unlikely]]
      return allocate_large(size);
    const size_t number = SizeClass::of(size + kHeader);
    if (Waiting *block = waiting_[number]; block != nullptr) {
      waiting_[number] = block->next;
      return block;
    }
    return cut(number);
  }

  bool owns(const void *block) const { return reinterpret_cast<uintptr_t>(block) - begin_ < kReserved; }
  // Takes a block that allocate() gave.
  void release(void *block) {
    const uint64_t number = *header(block);
    if (number >= SizeClass::kCount) [[unlikely]]
      return release_span(static_cast<char *>(block) - kHeader, number);
    auto *waiting = static_cast<Waiting *>(block);
    waiting->next = waiting_[number];
    waiting_[number] = waiting;
  }

 private:
  struct Waiting {
    Waiting *next;
  };
  // A free span, in the order of addresses. It begins where a header would be.
  struct Span {
    size_t size;
    Span *next;
  };
  static constexpr size_t kReserved = size_t{32} << 20;
  static constexpr size_t kHeader = sizeof(uint64_t);
  static constexpr size_t kLargestSmall = SizeClass::bytes(SizeClass::kCount - 1) - kHeader;

  static uint64_t *header(void *block) { return static_cast<uint64_t *>(block) - 1; }
  void *cut(size_t number);
  void *allocate_large(size_t size);
  char *take_span(size_t size);
  void release_span(char *begin, size_t size);

  uintptr_t begin_ = UINTPTR_MAX - kReserved;      // of the reservation; before that, where no program has memory
  char *next_ = nullptr, *end_ = nullptr;          // what is left of the chunk
  char *top_ = nullptr, *reserved_end_ = nullptr;  // what was never given, or given back
  Span *spans_ = nullptr;
  Waiting *waiting_[SizeClass::kCount] = {};
};

}  // namespace spile
