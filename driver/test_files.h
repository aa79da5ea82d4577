// Which tests there are: the events inside probes, and the `.evt` files beside them.
//
//     opensnoop.bpf.c              //@ events
//     opensnoop.evt, opensnoop.failing.evt
#pragma once

#include <string>
#include <vector>

#include "backend/object/btf.h"
#include "runtime/hooks/scenario.h"
#include "support/result.h"

namespace spile::driver {

struct TestFile {
  std::string probe;                // a source, or an object
  std::vector<std::string> events;  // files that hold events of it: itself, those beside it
};

// [path]: a probe, a file of events, or a folder, whose probes are all that have events. Input error when there are
// none, or no probe for the events.
Result<std::vector<TestFile>> find_tests(const std::string &path);

// The names that a probe's events may use: those of its own enums, those that ship.
hooks::Constants constants_of(const object::Btf &btf);

// Whether the events of a file stand in comments.
bool has_events_in_comments(const std::string &path);

}  // namespace spile::driver
