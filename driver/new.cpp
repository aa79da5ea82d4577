// operator new and delete of the program: malloc, and from use_heap() on our own heap (support/heap.h). What each gave
// goes back to it. The sanitizers' builds keep theirs, which find faults.
#include "driver/new.h"

#include <malloc.h>

#include <cstdlib>
#include <new>

#include "support/heap.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SPILE_KEEPS_NEW
#endif
#endif

namespace spile::driver {

#ifdef SPILE_KEEPS_NEW

void use_heap() {}

#else

static constinit Heap heap;

void use_heap() {
  heap.start();
  ::mallopt(M_MMAP_THRESHOLD, Heap::kLargest);  // a fixed one: what is larger is unmapped when it is released
}

static void release(void *block) {
  if (heap.owns(block))
    heap.release(block);
  else
    std::free(block);
}

#endif

}  // namespace spile::driver

#ifndef SPILE_KEEPS_NEW

void *operator new(size_t size) {
  if (void *block = spile::driver::heap.allocate(size)) return block;
  if (void *block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void *block) noexcept { spile::driver::release(block); }
void operator delete(void *block, size_t /*size*/) noexcept { spile::driver::release(block); }

#endif
