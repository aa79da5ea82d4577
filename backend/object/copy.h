// Another object of the same contents, for who wants to change it: the driver relocates one for another kernel.
#pragma once

#include "backend/object/object.h"

namespace spile::object {

Result<Object> copy(const Object &object);

}  // namespace spile::object
