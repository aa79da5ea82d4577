// Parsing of one command's options with Boost.Program_options: help text, hints for the options of neighbours, errors
// as usage errors.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driver/commands.h"

namespace spile::driver {

namespace po = boost::program_options;

// `-U NAME` is passed on as a definition of this mark and NAME: definitions and undefinitions take effect in their
// order, and Boost keeps an order only within one option.
inline constexpr std::string_view kUndefineMark = "-U";

// The options of a command, written as for Boost, which is told only of those that a command line needs: it compares
// each word with every option it knows, which took a twentieth of the time that a small program takes to compile.
class OptionTable {
 public:
  OptionTable &add_options() { return *this; }
  // [names]: "long" or "long,s". They and [help] must live as long as the table.
  OptionTable &operator()(const char *names, const char *help) { return (*this)(names, nullptr, help); }
  OptionTable &operator()(const char *names, const po::value_semantic *value) { return (*this)(names, value, ""); }
  OptionTable &operator()(const char *names, const po::value_semantic *value, const char *help) {
    rows_.push_back({names, std::unique_ptr<const po::value_semantic>(value), help});
    return *this;
  }
  bool has(std::string_view long_name) const;
  // Whether [word] of a command line, which begins with a dash, is one of the options; with its value, perhaps.
  bool knows(std::string_view word) const;
  // The long name that the unknown [word] may mean; empty when none is near.
  std::string nearest(std::string_view word) const;
  // Tells Boost of all of them, or of those that [words] may name. The table has them no more.
  void move_all(po::options_description &to);
  void move_named(std::span<const std::string> words, po::options_description &to);

 private:
  struct Row {
    const char *names;
    std::unique_ptr<const po::value_semantic> value;  // null: the option takes none
    const char *help;

    std::string_view long_name() const;
    bool is_named_by(std::string_view word) const;
  };
  static void move(Row &row, po::options_description &to);

  std::vector<Row> rows_;
};

struct CommandLine {
  std::string usage;  // "spile check [options] FILE..."
  std::string about;  // a sentence or two
  OptionTable options;
  OptionTable hidden;  // accepted, not shown
  po::positional_options_description positional;
  std::string footer;  // examples; may be empty

  std::vector<po::option> given;  // what parse() found, in its order: long names and values

  // Adds --help, --color, --diagnostics, -q, -v.
  void add_common();
  // The values, or the exit code when there is nothing left to do (--help was printed, or the usage was wrong).
  // Once for each command line.
  std::optional<po::variables_map> parse(Arguments arguments, Console &console, int &exit_code);
};

}  // namespace spile::driver
