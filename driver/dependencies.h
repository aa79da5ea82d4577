// Rules for make, and for ninja, which reads the same: what an output was made from. `-M -MM -MD -MMD -MF -MT -MQ -MP
// -MG`, with clang's meaning and clang's text.
//
// The headers that ship are part of the compiler, and no files: no rule names them. A BTF file that `--btf` names is
// a prerequisite like a header.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driver/arguments.h"
#include "driver/compile.h"

namespace spile::driver {

struct DependencyOptions {
  bool is_wanted = false;         // any of -M -MM -MD -MMD
  bool is_all = false;            // -M, -MM: the rule is all that is made
  bool system_headers = true;     // -M, -MD: those of the system too
  bool phony_headers = false;     // -MP: an empty rule for each header, so that one that is deleted stops no make
  bool missing_are_made = false;  // -MG, with -M or -MM: headers that are not there are made by another rule
  std::string file;               // -MF
  std::string targets;            // -MT and -MQ, separated by spaces; empty: the output
};

void add_dependency_options(OptionTable &options);
DependencyOptions dependency_options(const po::variables_map &values);

// A name as make reads it: `-MQ NAME` is `-MT make_name(NAME)`.
std::string make_name(std::string_view path);

// [inputs] have been compiled, or preprocessed, to [output].
std::string dependency_rule(const DependencyOptions &options, std::string_view output,
                            std::span<const std::unique_ptr<Compilation>> inputs);

}  // namespace spile::driver
