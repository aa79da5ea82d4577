#include "support/result.h"

#include <cstring>

namespace spile {

std::unexpected<Error> os_error(int os_error, std::string what) {
  what += ": ";
  what += std::strerror(os_error);
  return std::unexpected(Error{Error::Kind::Environment, std::move(what), {}, os_error});
}

}  // namespace spile
