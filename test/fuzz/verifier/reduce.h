// Reduce: makes a program that shows something as small as it will go.
#pragma once

#include <functional>

#include "backend/object/object.h"

namespace spile::fuzz {

// Takes instructions away, then makes immediates smaller, as long as [shows] holds; it holds for [program].
object::Program reduce(object::Program program, const std::function<bool(const object::Program &)> &shows);

}  // namespace spile::fuzz
