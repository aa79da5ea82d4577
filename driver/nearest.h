// The name that is most like another one, of those that it is shown, where that may have been meant: for hints.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lang-spec/tables/spelling.h"

namespace spile::driver {

class Nearest {
 public:
  explicit Nearest(std::string_view wanted) : wanted_(wanted), distance_(tables::most_letters_apart(wanted) + 1) {}
  // Whether [name] is nearer than all before.
  bool take(std::string_view name) {
    const size_t apart = name.size() > wanted_.size() ? name.size() - wanted_.size() : wanted_.size() - name.size();
    if (apart >= distance_) return false;
    const size_t distance = tables::letters_apart(name, wanted_);
    if (distance >= distance_ || !tables::may_be_meant(wanted_, name, distance)) return false;
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
