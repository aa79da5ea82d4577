// SyntheticEvent: an event of a scenario as programs see it: the record of a tracepoint or the registers of a hit, the
// task's names, and memory that holds the strings which its pointers are given.
//
//     comm="cat" filename="/etc/passwd"  ──►  ctx: filename = 0x7f0000000000   memory there: "/etc/passwd\0"
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/hooks/scenario.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

// Memory in pieces; what lies between them cannot be read.
class SyntheticMemory final : public vm::TaskMemory {
 public:
  bool read(uint64_t address, std::span<std::byte> to) override;
  void put(uint64_t address, std::span<const std::byte> bytes);
  // The address that [bytes] have got.
  uint64_t add(std::span<const std::byte> bytes);

 private:
  struct Piece {
    uint64_t address;
    std::vector<std::byte> bytes;
  };
  std::vector<Piece> pieces_;
  uint64_t next_ = 0x7f00'0000'0000;  // where a process has its libraries
};

// Whether [field] says who caused an event, wherever it happened: pid, tid, uid, gid, cpu, comm. Then it is set. Input
// error for a name that is too long.
Result<bool> set_task_field(const std::string &name, const EventValue &value, vm::Event &event);

class SyntheticRecord {
 public:
  // Input error for a field that the hook does not have, and for a record above kRecordRoom.
  static Result<SyntheticRecord> make(const Tracepoint &tracepoint, const EventStep &step);

  // Fills [event]; what it points to lives as long as the record.
  void show(vm::Event &event);
  // Bytes of the record, behind which there is room.
  size_t size() const { return size_; }
  // What the step says bpf_get_attach_cookie() gives.
  std::optional<uint64_t> cookie() const { return cookie_; }
  // The name of the field at [offset] that the step leaves open, and which is 0 because of that; empty: it is set.
  std::string_view unset_field(uint64_t offset, uint64_t size) const;

 private:
  std::unique_ptr<std::byte[]> ctx_;  // a tracepoint_context()
  size_t size_ = 0;
  std::vector<TracepointField> unset_;
  SyntheticMemory memory_;
  vm::Event task_;

  // Of hits and samples.
  class CodeFields;
  std::optional<uint64_t> cookie_;
  std::vector<uint64_t> stack_;
  std::string arguments_;  // Usdt
};

}  // namespace spile::hooks
