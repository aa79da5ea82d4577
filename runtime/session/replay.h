// Replay: the records of a recording as a program has them.
//
// A kernel lays out its records by its own version: where the fields of a recording lie elsewhere than those of the
// program, or are of another size, they are put where the program looks for them, by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/hooks/tracepoint.h"

namespace spile::session {

class RecordAdapter {
 public:
  RecordAdapter(const hooks::Tracepoint &recorded, const hooks::Tracepoint &wanted);

  // Whether a record of so many bytes has room when it is laid out for the program.
  bool fits(size_t size) const { return size <= hooks::kRecordRoom - texts_move_; }
  // The record, which fits(), as the program has it: a field that it lacks, because nobody recorded it or because it is
  // cut off, is 0. It lies in a tracepoint_context().
  std::span<std::byte> show(std::span<const std::byte> record);
  // Fields that the program knows and the recording does not have: they are 0.
  const std::vector<std::string> &missing() const { return missing_; }

 private:
  struct Move {
    uint32_t from, from_size, to, to_size;
    bool is_signed, is_place;
    uint32_t from_origin, to_origin;  // of a place
  };

  std::vector<Move> moves_;
  bool is_same_ = true;      // nothing moves
  uint32_t fixed_ = 0;       // bytes of a record before its texts
  size_t wanted_ = 0;        // bytes of the program's, without texts
  uint32_t texts_move_ = 0;  // how far these go, to leave room for the program's fields
  std::vector<std::string> missing_;
  std::unique_ptr<std::byte[]> shown_;
  size_t filled_ = 0;  // bytes of shown_ that are not zero
};

}  // namespace spile::session
