// perf's map of code that no file holds, /tmp/perf-PID.map: `ADDRESS SIZE NAME`, in hexadecimal.
#pragma once

#include <cstdio>
#include <memory>

#include "backend/object/object.h"
#include "runtime/vm/code.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

class PerfMap {
 public:
  Result<void> open();
  // Names subprograms as the kernel names its own.
  void add(const object::Program &program, const Resolved &resolved, const Code &code);

 private:
  struct Close {
    void operator()(FILE *file) const { fclose(file); }
  };
  std::unique_ptr<FILE, Close> file_;
};

}  // namespace spile::vm
