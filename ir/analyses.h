// What passes ask about the graph of a function: made when one asks, kept for the next as long as it is true.
//
// In: a function that passes change. Out: its graph and dominators as they are now. They stay what they were while a
// pass changes the function, until somebody asks again. Owned by the pipeline, one for each function.
#pragma once

#include <optional>

#include "ir/analysis_dominators.h"

namespace spile::ir {

class Analyses {
 public:
  explicit Analyses(const Function &function) : function_(function) {}

  const Cfg &cfg() {
    if (!cfg_ || !cfg_->is_of(function_)) {
      cfg_.emplace(function_);
      dominators_.reset();
    }
    return *cfg_;
  }
  const Dominators &dominators() {
    const Cfg &now = cfg();
    if (!dominators_) dominators_.emplace(now);
    return *dominators_;
  }

 private:
  const Function &function_;
  std::optional<Cfg> cfg_;
  std::optional<Dominators> dominators_;
};

}  // namespace spile::ir
