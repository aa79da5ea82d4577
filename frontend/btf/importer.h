// Importer: BTF ids → C types, when a program names them.
//
// A record comes as a mere tag; its members, and what they hold by value, are read when somebody asks for them
// (types::complete). What pointers point to stays a tag until then, so that `struct task_struct` does not bring half of
// the kernel along. Offsets, sizes and bitfields are BTF's own; alignment is what bpftool's vmlinux.h would give the
// record, so that a program means the same with either.
// A damaged BTF (a record that holds itself, members past the end) gives the error type and a diagnostic.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "frontend/btf/image.h"
#include "frontend/types/types.h"
#include "support/diagnostics.h"

namespace spile::btf {

class Importer final : public types::PendingFields {
 public:
  Importer(const Image &image, types::Context &context, Arena &arena, Diagnostics &diagnostics)
      : image_(image), context_(context), arena_(arena), diagnostics_(diagnostics) {}

  const Image &image() const { return image_; }
  // From here on, what is imported stands at [included_at].
  void begin(Range included_at, bool preserve_access_index) {
    included_at_ = included_at;
    preserve_access_index_ |= preserve_access_index;
  }
  Range included_at() const { return included_at_; }
  const types::Type *type(uint32_t id);
  // [record], which the program declared without members, is the one that the BTF defines as [id].
  void adopt(types::Record &record, uint32_t id);
  void define(types::Record &record) override;

 private:
  const types::Type *make(uint32_t id, const TypeView &view);
  const types::Type *make_int(uint32_t id, const TypeView &view);
  const types::Type *make_record(uint32_t id, const TypeView &view);
  const types::Type *make_forward(uint32_t id, const TypeView &view);
  const types::Type *make_enum(uint32_t id, const TypeView &view);
  const types::Type *make_array(const TypeView &view);
  const types::Type *make_function(const TypeView &view);
  bool read_member(const TypeView &view, uint32_t index, types::Field &field);
  bool read_bitfield(const TypeView &view, uint32_t index, types::Field &field);
  void set_alignment(types::Record &record);
  const types::Type *fault(uint32_t id, std::string_view what);

  const Image &image_;
  types::Context &context_;
  Arena &arena_;
  Diagnostics &diagnostics_;
  Range included_at_;
  bool preserve_access_index_ = false;
  bool has_fault_ = false;                                   // one is enough: a damaged file has many
  uint32_t depth_ = 0;                                       // of type() and define() in each other
  std::unordered_map<uint32_t, const types::Type *> types_;  // null: being made
  std::unordered_map<const types::Record *, uint32_t> ids_;
};

}  // namespace spile::btf
