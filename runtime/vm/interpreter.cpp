#include "runtime/vm/interpreter.h"

namespace spile::vm {

std::unique_ptr<Engine> make_interpreter(HelperResolver resolve) {
  if (auto pinned = make_pinned_interpreter(resolve)) return pinned;
  return make_portable_interpreter(resolve);
}

}  // namespace spile::vm
