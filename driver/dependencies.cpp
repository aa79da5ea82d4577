#include "driver/dependencies.h"

#include <algorithm>

#include "frontend/btf/sources.h"

namespace spile::driver {

void add_dependency_options(OptionTable &options) {
  options.add_options()("M", "write only a rule for make that names the headers, to stdout or where -o or -MF says")(
      "MM", "the same, without headers of the system")("MD", "compile, and write that rule beside the output")(
      "MMD", "the same, without headers of the system")("MF", po::value<std::string>()->value_name("FILE"),
                                                        "where to write the rule; default: the output with .d")(
      "MT", po::value<std::vector<std::string>>()->value_name("TARGET"), "the target of the rule; can be repeated")(
      "MQ", po::value<std::string>()->value_name("TARGET"), "the same, quoted for make")(
      "MP", "a rule without prerequisites for each header")(
      "MG", "with -M or -MM: a header that is not found is one that another rule makes");
}

DependencyOptions dependency_options(const po::variables_map &values) {
  DependencyOptions options;
  options.is_all = values.contains("M") || values.contains("MM");
  options.is_wanted = options.is_all || values.contains("MD") || values.contains("MMD");
  options.system_headers = !values.contains("MM") && !values.contains("MMD");
  options.phony_headers = values.contains("MP");
  options.missing_are_made = values.contains("MG");
  if (values.contains("MF")) options.file = values["MF"].as<std::string>();
  if (values.contains("MT"))
    for (const std::string &target : values["MT"].as<std::vector<std::string>>()) {
      if (!options.targets.empty()) options.targets += ' ';
      options.targets += target;
    }
  return options;
}

// GNU make wants the backslashes before a space doubled, and takes all others as they are.
std::string make_name(std::string_view path) {
  std::string name;
  size_t backslashes = 0;
  for (const char c : path) {
    if (c == ' ') name.append(backslashes + 1, '\\');
    if (c == '#') name += '\\';
    if (c == '$') name += '$';
    name += c;
    backslashes = c == '\\' ? backslashes + 1 : 0;
  }
  return name;
}

std::string dependency_rule(const DependencyOptions &options, std::string_view output,
                            std::span<const std::unique_ptr<Compilation>> inputs) {
  std::vector<std::string> sources, headers;
  const auto add = [](std::vector<std::string> &names, const std::string &path) {
    std::string name = make_name(path);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  for (const auto &input : inputs) {
    if (input->path() != "-") add(sources, input->path());
    for (const SourceManager::File *header : input->headers())
      if (options.system_headers || !header->is_system) add(headers, header->path);
    if (input->imports_btf() && !input->options().btf.empty() && input->options().btf != btf::Source::kHost)
      add(headers, input->options().btf);
  }
  // The width that clang keeps to.
  constexpr size_t kMaxColumns = 75;
  std::string rule = options.targets.empty() ? make_name(output) : options.targets;
  rule += ':';
  size_t columns = rule.size();
  for (const auto *names : {&sources, &headers}) {
    for (const std::string &name : *names) {
      if (columns + name.size() + 3 > kMaxColumns) {
        rule += " \\\n ";
        columns = 2;
      }
      rule += ' ';
      rule += name;
      columns += name.size() + 1;
    }
  }
  rule += '\n';
  if (options.phony_headers)
    for (const std::string &name : headers) rule += name + ":\n";
  return rule;
}

}  // namespace spile::driver
