#include "support/heap.h"

#include <sys/mman.h>

#include <new>

namespace spile {

static constexpr size_t kHugePage = size_t{2} << 20;
static constexpr size_t kChunk = 64 << 10;
static constexpr size_t kSpanStep = 1024;  // sizes of spans are multiples of it

void Heap::start() {
  if (top_ != nullptr) return;
  void *at = ::mmap(nullptr, kReserved + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
  if (at == MAP_FAILED) return;
  begin_ = (reinterpret_cast<uintptr_t>(at) + kHugePage - 1) & ~(kHugePage - 1);
  top_ = static_cast<char *>(at) + (begin_ - reinterpret_cast<uintptr_t>(at));
  reserved_end_ = top_ + kReserved;
  ::madvise(top_, kReserved, MADV_HUGEPAGE);  // where there are none, small pages do
  top_ += SizeClass::kStep - kHeader;         // what follows a header is aligned
}

// A block of the class from the chunk, or from a new one.
void *Heap::cut(size_t number) {
  const size_t size = SizeClass::bytes(number);
  if (size > static_cast<size_t>(end_ - next_)) {
    char *chunk = take_span(kChunk);
    if (chunk == nullptr) return nullptr;
    next_ = chunk;
    end_ = chunk + kChunk;
  }
  void *block = next_ + kHeader;
  next_ += size;
  *header(block) = number;
  return block;
}

void *Heap::allocate_large(size_t size) {
  if (size > kLargest) return nullptr;
  const size_t needed = (size + kHeader + kSpanStep - 1) & ~(kSpanStep - 1);
  char *span = take_span(needed);
  if (span == nullptr) return nullptr;
  void *block = span + kHeader;
  *header(block) = needed;
  return block;
}

char *Heap::take_span(size_t size) {
  for (Span **link = &spans_; *link != nullptr; link = &(*link)->next) {
    Span *span = *link;
    if (span->size < size) continue;
    *link = span->next;
    char *begin = reinterpret_cast<char *>(span);
    if (span->size > size) *link = new (begin + size) Span{span->size - size, span->next};
    return begin;
  }
  if (size > static_cast<size_t>(reserved_end_ - top_)) return nullptr;
  char *begin = top_;
  top_ += size;
  return begin;
}

void Heap::release_span(char *begin, size_t size) {
  Span **link = &spans_;
  Span *before = nullptr;
  while (*link != nullptr && reinterpret_cast<char *>(*link) < begin) {
    before = *link;
    link = &before->next;
  }
  Span *span = new (begin) Span{size, *link};
  *link = span;
  const auto join_next = [](Span *at) {
    if (at->next == nullptr || reinterpret_cast<char *>(at) + at->size != reinterpret_cast<char *>(at->next)) return;
    at->size += at->next->size;
    at->next = at->next->next;
  };
  join_next(span);
  if (before != nullptr) join_next(before);
}

}  // namespace spile
