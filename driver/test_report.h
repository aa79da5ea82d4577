// What `spile test` says of each test: lines for a person, and JUnit's XML for a build server.
#pragma once

#include <string>
#include <vector>

#include "runtime/session/scenario_run.h"

namespace spile::driver {

struct TestOutcome {
  std::string file;  // where its events stand
  uint32_t line = 0;
  std::string name;     // may be empty
  std::string trouble;  // it could not be run; empty otherwise
  session::ScenarioResult result;
  double seconds = 0;

  bool passed() const { return trouble.empty() && result.findings.empty(); }
  // "probe.bpf.c:12: name"
  std::string title() const;
};

// Its line, and when it failed what was expected and what was seen, as a diff.
std::string report_text(const TestOutcome &outcome);
std::string report_junit(const std::vector<TestOutcome> &outcomes);

}  // namespace spile::driver
