// Parsing of one command's options with Boost.Program_options: help text, hints for the options of neighbours, errors
// as usage errors.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "driver/commands.h"

namespace spile::driver {

namespace po = boost::program_options;

// `-U NAME` is passed on as a definition of this mark and NAME: definitions and undefinitions take effect in their
// order, and Boost keeps an order only within one option.
inline constexpr std::string_view kUndefineMark = "-U";

struct CommandLine {
  std::string usage;  // "spile check [options] FILE..."
  std::string about;  // a sentence or two
  po::options_description options{"options"};
  po::options_description hidden;  // accepted, not shown
  po::positional_options_description positional;
  std::string footer;  // examples; may be empty

  // Adds --help, --color, -q, -v.
  void add_common();
  // The values, or the exit code when there is nothing left to do (--help was printed, or the usage was wrong).
  std::optional<po::variables_map> parse(Arguments arguments, Console &console, int &exit_code) const;
};

}  // namespace spile::driver
