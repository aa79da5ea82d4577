// Lowering: the typed tree → IR.
//
// In:  a unit that sema has accepted (no errors). Out: a Module in which every local variable is a slot with loads and
// stores (ir's mem2reg makes values of them), every integer operation has its width, and every address is a PtrAdd.
// Only what can be reached is emitted: definitions with external linkage, `used` ones, and what they mention.
// Reports the few faults that show only here, for example a call through an unknown pointer.
//
// A function whose tree need not be kept is lowered as soon as it has been read (Lowering::early); the result is the
// same.
#pragma once

#include <memory>

#include "frontend/sema/sema.h"
#include "ir/ir.h"

namespace spile {
class Diagnostics;
class SourceManager;
}  // namespace spile

namespace spile::lower {

class ModuleLowerer;

class Lowering {
 public:
  Lowering(const SourceManager &sources, Diagnostics &diags);
  Lowering(const Lowering &) = delete;
  Lowering &operator=(const Lowering &) = delete;
  ~Lowering();
  // False when the tree of [function] is needed later: what it means is not known yet. Its faults are reported when it
  // turns out to be needed.
  bool early(const sema::Symbol &function);
  ir::Module finish(const sema::Unit &unit);

 private:
  std::unique_ptr<ModuleLowerer> module_;
};
ir::Module lower(const sema::Unit &unit, const SourceManager &sources, Diagnostics &diags);

// memcpy and its kin are written out inline up to this size (diagnostic MemorySizeTooLarge).
inline constexpr uint64_t kMaxInlineBytes = 8192;
// A string that initializes a local array is stored as constants up to this size, copied from .rodata above.
inline constexpr uint64_t kMaxStoredString = 128;

}  // namespace spile::lower
