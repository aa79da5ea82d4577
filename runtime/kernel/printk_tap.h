// PrintkTap: what bpf_printk() prints, which the kernel sends to everybody's trace_pipe, for this process too.
//
//   bpf_trace_printk() ──► raw tracepoint bpf_trace_printk ──► our program ──► ring buffer
//
// A raw tracepoint, because a program on a plain one does not run while another program runs.
#pragma once

#include <string_view>

#include "backend/object/object.h"
#include "runtime/kernel/task_set.h"
#include "support/file.h"
#include "support/result.h"

namespace spile::kernel {

class PrintkTap {
 public:
  // Whether a program of [object] calls bpf_trace_printk() or bpf_trace_vprintk().
  static bool is_needed(const object::Object &object);
  // [only]: null, or the tasks whose lines are taken.
  static Result<PrintkTap> open(const TaskSet *only);

  // A ring buffer of records, each a line that ends with a zero.
  int ring_fd() const { return ring_.get(); }
  static std::string_view line_of(std::span<const std::byte> record);

 private:
  PrintkTap(Fd ring, Fd program, Fd link)
      : ring_(std::move(ring)), program_(std::move(program)), link_(std::move(link)) {}
  Fd ring_, program_, link_;
};

}  // namespace spile::kernel
