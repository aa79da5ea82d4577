// Told: what perf and GDB are told of compiled code, for `--perf-map`: its functions and source lines.
//
//   /tmp/perf-PID.map    `ADDRESS SIZE NAME`, in hexadecimal: what `perf report` looks names up in
//   jit-PID.dump         names, bytes and lines, for `perf inject --jit` (jit_dump.h)
//   GDB's list           as soon as code is loaded, while it lives (gdb_code.h)
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>

#include "runtime/vm/gdb_code.h"
#include "runtime/vm/jit_dump.h"
#include "runtime/vm/listing.h"

namespace spile::vm {

// One for a process, whose files have its number in their names; for all of its engines, and several threads.
class Told {
 public:
  // The first time: makes the files. Environment error when one cannot be written.
  Result<void> open();
  // GDB knows of the code while the result lives.
  Result<std::unique_ptr<GdbCode>> add(const object::Program &program, const Resolved &resolved, const Code &code);

 private:
  struct Close {
    void operator()(FILE *file) const { fclose(file); }
  };
  std::mutex mutex_;
  std::unique_ptr<FILE, Close> map_;  // null: not open
  JitDump dump_;
};

}  // namespace spile::vm
