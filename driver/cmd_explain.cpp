// spile explain NAME: what a diagnostic means. For the verifier's, its part of lang-spec/reference/verifier.md: the
// cause, a program that is rejected, and what it becomes.
#include <algorithm>
#include <cctype>

#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/manual.h"
#include "lang-spec/tables/diagnostics.h"

namespace spile::driver {

namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// What stands under the heading of this name, up to the next one.
std::string_view section_of(std::string_view name) {
  const std::string_view manual = kVerifierManual;
  const size_t heading = manual.find(fmt::format("\n### {}\n", name));
  if (heading == std::string_view::npos) return {};
  const size_t begin = manual.find_first_not_of('\n', manual.find('\n', heading + 1));
  size_t end = manual.find("\n##", begin);
  end = std::min(end, manual.size());
  return manual.substr(begin, end - begin);
}

// As it is read on a terminal: examples are indented, and say whether they pass.
std::string rendered(std::string_view section) {
  std::string out;
  bool in_code = false;
  while (!section.empty()) {
    const size_t end = std::min(section.find('\n'), section.size());
    const std::string_view line = section.substr(0, end);
    section.remove_prefix(std::min(end + 1, section.size()));
    if (line.starts_with("```")) {
      in_code = !in_code;
      if (in_code) out += line.find("error=") != std::string_view::npos ? "Rejected:\n\n" : "Accepted:\n\n";
      continue;
    }
    out += fmt::format("{}{}\n", in_code && !line.empty() ? "    " : "", line);
  }
  return out;
}

}  // namespace

int command_explain(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile explain NAME";
  line.about =
      "Says what a diagnostic means: NAME is what stands in brackets at the end of a message. For the verifier's there "
      "is "
      "the\ncause, a program that is rejected and what it becomes. `spile tables diagnostics` lists all names.";
  line.add_common();
  line.hidden.add_options()("name", po::value<std::string>());
  line.positional.add("name", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("name")) return console.usage("`spile explain` needs the name of a diagnostic");
  const auto &name = (*values)["name"].as<std::string>();
  const auto same = [&](const tables::DiagnosticRow &row) { return lowered(row.name) == lowered(name); };
  if (const auto row = std::ranges::find_if(tables::kDiagnosticRows, same); row != std::end(tables::kDiagnosticRows)) {
    const std::string_view section = section_of(row->name);
    console.print(fmt::format("{} ({}): {}\n", row->name, lowered(row->severity), row->text));
    if (!section.empty()) console.print(fmt::format("\n{}", rendered(section)));
    return kExitOk;
  }
  std::string near;
  for (const tables::DiagnosticRow &row : tables::kDiagnosticRows)
    if (lowered(row.name).find(lowered(name)) != std::string::npos)
      near += fmt::format("{}`{}`", near.empty() ? "" : ", ", row.name);
  return console.fail({Error::Kind::Usage, fmt::format("there is no diagnostic `{}`", name),
                       near.empty() ? "`spile tables diagnostics` lists them" : "there is " + near, 0});
}

}  // namespace spile::driver
