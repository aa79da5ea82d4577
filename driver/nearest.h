// The name that is most like another one, of those that it is shown: for hints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lang-spec/tables/tables.h"

namespace spile::driver {

class Nearest {
 public:
  // What is [bound] letters or more from [wanted] is not meant.
  explicit Nearest(std::string_view wanted, size_t bound = SIZE_MAX) : wanted_(wanted), distance_(bound) {}
  // Whether [name] is nearer than all before.
  bool take(std::string_view name) {
    const size_t apart = name.size() > wanted_.size() ? name.size() - wanted_.size() : wanted_.size() - name.size();
    if (apart >= distance_) return false;
    const size_t distance = tables::edit_distance(name, wanted_);
    if (distance >= distance_) return false;
    distance_ = distance;
    name_ = name;
    return true;
  }
  size_t distance() const { return distance_; }
  const std::string &name() const { return name_; }  // empty: none

 private:
  std::string_view wanted_;
  std::string name_;
  size_t distance_;
};

}  // namespace spile::driver
