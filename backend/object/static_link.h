// Static linking: several objects → one, as `bpftool gen object` does it, with the rules of libbpf's linker.
//
// A strong definition wins over weak ones and over externs, two strong ones are an error; an extern map, variable or
// function must be declared as it is defined; a hidden symbol is seen by the other objects and becomes local. Sections
// of one name are joined, BTF is merged and deduplicated.
#pragma once

#include <span>
#include <string>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::object {

// [objects] in the order of the command line, each with its path; [path] is that of the result. Fails when the objects
// do not fit together, with what libbpf says of it.
Result<Object> link_objects(std::span<const Object *const> objects, const std::string &path);

}  // namespace spile::object
