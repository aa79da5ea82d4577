// read_isolated(): a recording that is read in a process of its own, by a library that does not survive every damaged
// file.
//
//   child: library ──► events ──► pipe, in the form of event_file.h ──► here: a Recording like any other
//
// The child reads ahead while programs run here, on another processor where there is one. A fault in it, or no end, is
// an input error here that names the file, behind the events that came before.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/hooks/recording.h"

namespace spile::hooks {

// Runs [open] in the child; its error, and that of a first event that cannot be read, is this one's. [path] and
// [library]: what errors call the file and who reads it.
Result<std::unique_ptr<Recording>> read_isolated(const std::string &path, const std::string &library,
                                                 const std::function<Result<std::unique_ptr<Recording>>()> &open);

}  // namespace spile::hooks
