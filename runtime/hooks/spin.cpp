#include "runtime/hooks/spin.h"

#include <sched.h>

namespace spile::hooks {

Spin::Spin() {
  cpu_set_t allowed;
  const bool known = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0;  // fails beyond 1024 processors
  if (known && CPU_COUNT(&allowed) == 1) rest_ = UINT32_MAX;
}

}  // namespace spile::hooks
