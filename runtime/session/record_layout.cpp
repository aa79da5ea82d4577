#include "runtime/session/record_layout.h"

#include <algorithm>

namespace spile::session {

namespace {

// "char[16]" where a field holds text, "int" where an integer; all else are bytes that nobody asks about.
std::string type_text(const object::Btf &btf, object::BtfId id) {
  const object::BtfType type = btf.type(btf.resolve(id));
  if (type.kind == object::BtfKind::Ptr) return "void *";
  if (type.kind != object::BtfKind::Array) return std::string(type.name);
  const object::BtfType element = btf.type(btf.resolve(type.type));
  const bool is_char = element.kind == object::BtfKind::Int && element.size == 1 && element.name.contains("char");
  return fmt::format("{}[{}]", is_char ? "char" : element.name, type.length);
}

}  // namespace

hooks::RecordFormat record_layout(const object::Object &object, std::string_view program, std::string_view tracepoint,
                                  const object::Btf *kernel) {
  hooks::RecordFormat format{std::string(tracepoint), {}, hooks::kHiddenBytes};
  const object::Btf *btf = &object.btf;
  const object::BtfId function = btf->find(program, object::BtfKind::Func);
  const auto params = function ? btf->params(btf->type(function).type) : std::vector<object::BtfParam>{};
  if (params.empty()) return format;
  const object::BtfType pointer = btf->type(btf->resolve(params[0].type));
  if (pointer.kind != object::BtfKind::Ptr) return format;
  object::BtfId record = btf->resolve(pointer.type);
  if (kernel != nullptr)
    if (const object::BtfId theirs = kernel->find(btf->type(record).name, object::BtfKind::Struct)) {
      btf = kernel;
      record = theirs;
    }
  if (btf->type(record).kind != object::BtfKind::Struct) return format;
  format.size = std::max(format.size, btf->type(record).size);
  for (const object::BtfMember &member : btf->members(record)) {
    const auto size = static_cast<uint32_t>(btf->size_of(member.type));
    if (member.bit_offset / 8 < hooks::kHiddenBytes || size == 0 || member.bitfield_size != 0) continue;
    format.fields.push_back({type_text(*btf, member.type), std::string(member.name), member.bit_offset / 8, size});
  }
  return format;
}

}  // namespace spile::session
