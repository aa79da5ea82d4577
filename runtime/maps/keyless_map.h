// KeylessMap: what maps without elements by key have in common: rings, queues, filters, event buffers, arenas. A
// program cannot look one up; the calls by key fail with the errors that the kernel's type has for them.
#pragma once

#include "runtime/maps/map.h"

namespace spile::maps {

class KeylessMap : public Map {
 public:
  std::byte *lookup(const std::byte *) final { return nullptr; }
  int64_t update(const std::byte *, const std::byte *, uint64_t) final { return errors_.update; }
  int64_t erase(const std::byte *) final { return errors_.erase; }
  int64_t next_key(const std::byte *, std::byte *) final { return errors_.next_key; }
  // Most cannot tell what is in them.
  uint64_t for_each(const Visit &) override { return 0; }
  size_t size() const override { return 0; }

 protected:
  struct Errors {
    int64_t update, erase, next_key;  // negative errno
  };
  KeylessMap(const Definition &definition, Errors errors) : Map(definition), errors_(errors) {}

 private:
  const Errors errors_;
};

}  // namespace spile::maps
