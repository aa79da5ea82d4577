// perf's record of code that no file holds, with its bytes and source lines: $JITDUMPDIR/jit-PID.dump, else in /tmp.
// `perf record -k mono` sees it opened, and `perf inject --jit` makes files of it that perf annotates. The format is
// tools/perf/util/jitdump.h of Linux.
#pragma once

#include <span>
#include <string>

#include "runtime/vm/listing.h"
#include "support/file.h"

namespace spile::vm {

class JitDump {
 public:
  JitDump() = default;
  ~JitDump();
  JitDump(const JitDump &) = delete;
  JitDump &operator=(const JitDump &) = delete;

  Result<void> open();
  Result<void> add(std::span<const ListedFunction> functions);

 private:
  std::string path_;
  Fd file_;
  void *marker_ = nullptr;  // a page of the file: what tells perf of it
  uint64_t functions_ = 0;
};

}  // namespace spile::vm
