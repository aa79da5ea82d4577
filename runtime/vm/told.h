// Told: what perf and GDB are told of compiled code, for `--perf-map`: its functions and source lines.
//
//   /tmp/perf-PID.map    `ADDRESS SIZE NAME`, in hexadecimal: what `perf report` looks names up in
//   jit-PID.dump         names, bytes and lines, for `perf inject --jit` (jit_dump.h)
//   GDB's list           as soon as code is loaded, while it lives (gdb_code.h)
#pragma once

#include <cstdio>
#include <memory>

#include "runtime/vm/gdb_code.h"
#include "runtime/vm/jit_dump.h"
#include "runtime/vm/listing.h"

namespace spile::vm {

class Told {
 public:
  // Environment error when a file cannot be written.
  Result<void> open();
  // GDB knows of the code while the result lives.
  Result<std::unique_ptr<GdbCode>> add(const object::Program &program, const Resolved &resolved, const Code &code);

 private:
  struct Close {
    void operator()(FILE *file) const { fclose(file); }
  };
  std::unique_ptr<FILE, Close> map_;
  JitDump dump_;
};

}  // namespace spile::vm
