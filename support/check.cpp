#include "support/check.h"

#include <cstdio>
#include <cstdlib>

namespace spile {

void check_failed(const char *condition, const char *sentence, const char *file, int line) {
  std::fprintf(stderr, "spile: internal error: %s (%s) at %s:%d\nspile: this is a bug of Spile, not of your program\n",
               sentence, condition, file, line);
  std::fflush(stderr);
  std::_Exit(kExitBug);
}

}  // namespace spile
