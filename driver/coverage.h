// Coverage: which lines of a probe ran, and which ways its branches went, over any number of runs.
//
// In: each instruction before it runs (vm::Watch), and at the end of a run its programs. Out: a tracefile for lcov and
// genhtml, annotated text, or one HTML page. Lines are those of the line info: of a program as it was compiled, so -O0
// has the most of them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "backend/object/object.h"
#include "runtime/vm/checked.h"

namespace spile::driver {

class Coverage {
 public:
  // To be told of each instruction of [program].
  void see(const object::Program &program, const vm::Moment &moment);
  // What was seen since the last time becomes lines. Programs that did not run have lines too.
  void add(std::span<const object::Program *const> programs);
  // What was found elsewhere, of other probes or the same.
  void merge(const Coverage &other);

  bool empty() const { return files_.empty(); }
  // "FILE: 12 of 14 lines, 3 of 6 ways of branches", one for each file.
  std::string summary() const;
  std::string lcov() const;
  std::string text() const;
  std::string html() const;

 private:
  struct Run {
    std::string program;
    std::vector<uint64_t> executed;
    std::map<uint32_t, std::array<uint64_t, 2>> ways;  // by branch: how often it fell through, jumped
    uint32_t last = UINT32_MAX;                        // the instruction before, when it is a branch
  };
  struct File {
    std::map<uint32_t, uint64_t> lines;
    std::map<std::pair<uint32_t, std::string>, uint64_t> functions;  // by line and name: calls
    // By line, program and instruction.
    std::map<std::tuple<uint32_t, std::string, uint32_t>, std::array<uint64_t, 2>> branches;
  };
  struct Totals {
    size_t lines = 0, lines_hit = 0, ways = 0, ways_hit = 0;
  };
  static Totals totals(const File &file);

  std::unordered_map<const object::Program *, Run> runs_;  // since the last add()
  std::map<std::string, File> files_;
};

}  // namespace spile::driver
