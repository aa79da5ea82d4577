// OutputRing: what printf() and exit() of spile.h send. The records carry numbers and arguments; the formats lie in the
// object's section `.spile.printf`, which loaders pass over:
//
//   ___spile_format_N   { u16 kinds[], 0; char text[]; T type_n[0] of each argument }      in .spile.printf, by BTF
//   record              { u32 N; u32 unused } arguments, each from a multiple of 8 on
//
// In: the object, a record. Out: text, or the exit status that ends the run. Called by the session.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/object/object.h"
#include "runtime/session/format_text.h"
#include "support/result.h"

namespace spile::session {

class OutputRing {
 public:
  static constexpr std::string_view kMap = "spile_output";

  // [object] outlives the ring. Input error for formats that are not laid out as spile.h does it, or two of one number.
  static Result<OutputRing> of(const object::Object &object);

  struct Printed {
    std::string text;
    std::optional<int> exit_status;
  };
  // What a record says. One that is no record of spile.h gives nothing.
  Printed read(std::span<const std::byte> record, int64_t wall_ahead_ns) const;

 private:
  struct Format {
    std::vector<uint16_t> kinds;
    std::vector<object::BtfId> types;  // of each argument; none: an older spile.h
    std::string text;
  };
  const object::Btf *btf_ = nullptr;
  std::unordered_map<uint32_t, Format> formats_;
};

}  // namespace spile::session
