// run_scenario(): shows the events of a scenario to a probe, and compares what came of them with what was expected.
//
// In: an object, its accepted programs, a scenario. Out: what differs, each with its line, and how the scenario would
// read if it expected what was seen. Called by `spile test`.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "runtime/hooks/scenario.h"
#include "runtime/session/session.h"

namespace spile::session {

struct Finding {
  uint32_t line = 0;                        // in the scenario's text
  std::vector<std::string> expected, seen;  // lines
  std::string message;                      // in place of both
  uint32_t event_line = 0;                  // of the event before it; 0: none
  std::string event;
};

// Lines [line, line + count) of the text, written anew.
struct Rewrite {
  uint32_t line = 0, count = 1;
  std::vector<std::string> lines;
};

struct ScenarioResult {
  std::vector<Finding> findings;
  std::vector<Rewrite> rewrites;    // rising
  std::set<std::string> unset;      // "LINE: `field`": read by a program, and no event gave it
  std::vector<std::string> losses;  // as a run says them when it ends: "bpf_probe_read_user_str returned -14 ..."
  uint64_t events = 0;
};

struct ScenarioOptions {
  std::string path;                                 // of its text, for errors
  std::string folder;                               // where the captures that it names lie, with its slash; or empty
  std::shared_ptr<const helpers::Network> network;  // that `!net` adds to; null: none
  bool use_jit = false;
  bool use_interpreter = false;  // else a slow one that tells of fields that were read and not given
  vm::Watch watch;               // told of each instruction as well
};

// Error: it cannot be run at all.
Result<ScenarioResult> run_scenario(const object::Object &object, std::span<const Accepted> programs,
                                    const hooks::Scenario &scenario, const ScenarioOptions &options);

}  // namespace spile::session
