// Sources: where the programs come from that the verifier is tried on.
//
// Most are made (test/unit/verifier/random_program.h), of four program types. With objects given, others are programs
// of these, with a few instructions changed.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"

namespace spile::fuzz {

struct Case {
  object::Program program;
  const tables::ProgramType *type = nullptr;
  size_t object = 0;  // of Sources::objects()
};

class Sources {
 public:
  // Objects that cannot be read, and programs that cannot be linked or need a kernel's types, are passed over.
  explicit Sources(std::span<const std::string> paths);

  // The same program for the same seed and objects.
  Case make(uint64_t seed) const;
  const std::vector<std::unique_ptr<object::Object>> &objects() const { return objects_; }

 private:
  Case mutated(uint64_t seed) const;

  std::vector<std::unique_ptr<object::Object>> objects_;  // [0]: the maps of made programs
  std::vector<Case> originals_;
};

}  // namespace spile::fuzz
