#include "backend/object/copy.h"

namespace spile::object {

Result<Object> copy(const Object &object) {
  Object made{.path = object.path,
              .sections = object.sections,
              .symbols = object.symbols,
              .code_info = object.code_info,
              .btf = {},
              .relocated_to = object.relocated_to,
              .license = object.license,
              .kern_version = object.kern_version,
              .maps = object.maps,
              .map_fault = object.map_fault,
              .programs = object.programs};
  if (object.btf.empty()) return made;
  auto btf = Btf::parse(object.btf.raw());
  if (!btf) return std::unexpected(btf.error());
  made.btf = std::move(*btf);
  return made;
}

}  // namespace spile::object
