// How the elements of a map are shown: by the decl tag that spile.h puts on it, so that any tool can know.
//
//   spile:count spile:sum spile:min spile:max spile:table   the value, by its type
//   spile:scratch                                           the same, but not when a run ends
//   spile:avg                                               struct { u64 count; s64 sum }
//   spile:hist                                              struct { u64 slots[66] }: below 0, 0, 1, 2-3, 4-7, ...
//   spile:lhist:MIN:MAX:STEP                                slots: below MIN, each STEP, from MAX on
//
// Maps with such a tag have keys for people: the members of a struct follow each other, `opens["cat", 4711]`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/object/object.h"

namespace spile::session {

struct Display {
  enum Kind : uint8_t { Plain, Table, Number, Average, Log2, Linear } kind = Plain;
  int64_t min = 0, max = 0, step = 1;  // Linear
  bool counts = false;                 // a Number that only grows
  bool is_scratch = false;             // nothing that anybody wants to see

  // What is gathered to be shown at the end, whoever looks at it before.
  bool is_result() const { return kind != Plain && kind != Table; }
  bool is_histogram() const { return kind == Log2 || kind == Linear; }
};

// By index in Object::maps; Plain where there is no tag.
std::vector<Display> displays_of(const object::Object &object);

// A value of a map in words: "12 (60 in 5)" of an average; by its type otherwise.
std::string display_value(const object::Btf &btf, const Display &display, object::BtfId type,
                          std::span<const std::byte> bytes);
// A key: `"cat", 4711`.
std::string display_key(const object::Btf &btf, object::BtfId type, std::span<const std::byte> bytes);
// A histogram's lines, one for each interval from the first that has something to the last.
std::string display_histogram(const Display &display, std::span<const std::byte> bytes);

// The intervals of a histogram, all of them, rising; both ends belong to them, and where one is missing it has none.
struct Bucket {
  std::optional<int64_t> min, max;
  uint64_t count = 0;
};
std::vector<Bucket> buckets_of(const Display &display, std::span<const std::byte> bytes);

// What elements are ordered by: the value of a number, an average, the sum of a histogram.
int64_t display_rank(const Display &display, std::span<const std::byte> bytes);

}  // namespace spile::session
