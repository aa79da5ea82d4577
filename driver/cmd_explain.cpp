// spile explain NAME: what a diagnostic means: its part of lang-spec/reference/verifier.md or of a page beside it in
// messages/: the cause, what to do, an example that is told it, and what that becomes. Of a helper: its rows of
// helpers.def and helper_docs.def.
#include <algorithm>
#include <cctype>

#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/manual.h"
#include "lang-spec/tables/diagnostics.h"
#include "lang-spec/tables/helper_docs.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"

namespace spile::driver {

namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// What stands under the heading of this name, up to the next one.
std::string_view section_of(std::string_view name) {
  const std::string heading = fmt::format("\n### {}\n", name);
  for (const std::string_view page : kMessagesManual) {
    const size_t at = page.find(heading);
    if (at == std::string_view::npos) continue;
    const size_t begin = page.find_first_not_of('\n', at + heading.size());
    return page.substr(begin, std::min(page.find("\n##", begin), page.size()) - begin);
  }
  return {};
}

// What stands above an example, by the marks behind its fence.
std::string heading_of(std::string_view fence) {
  const size_t options = fence.find("options=");
  const std::string with =
      options == std::string_view::npos ? "" : fmt::format(", with `{}`", fence.substr(options + 8));
  const char *said = fence.find("error=") != std::string_view::npos     ? "Rejected"
                     : fence.find("warning=") != std::string_view::npos ? "Warned of"
                                                                        : "Accepted";
  return fmt::format("{}{}:\n\n", said, with);
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
      if (in_code) out += heading_of(line);
      continue;
    }
    out += fmt::format("{}{}\n", in_code && !line.empty() ? "    " : "", line);
  }
  return out;
}

// By the name that programs call it by, or without its "bpf_".
const tables::Helper *helper_named(std::string_view name) {
  if (name.starts_with("bpf_")) name.remove_prefix(4);
  return tables::find_helper(name);
}

// The types of programs that may call it, those of all having no need of a list.
std::string callers_of(const tables::Helper &helper) {
  if (helper.flags & tables::kUserSide) return "Handlers call it: `begin`, `end` and `interval`.";
  std::string with, without;
  std::vector<uint32_t> told;
  for (const tables::ProgramType &type : tables::kProgramTypes) {
    if ((type.flags & tables::kUserSideProgram) != 0 || std::ranges::find(told, type.number) != told.end()) continue;
    told.push_back(type.number);
    std::string &list = tables::is_available(helper, type.number) ? with : without;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", lowered(type.name));
  }
  if (without.empty()) return "Programs of all types may call it.";
  return with.size() <= without.size() ? fmt::format("Programs of these types may call it: {}.", with)
                                       : fmt::format("Programs of all types may call it but these: {}.", without);
}

std::string about(const tables::Helper &helper) {
  std::string out = tables::c_name(helper);
  if ((helper.flags & tables::kUserSide) == 0)
    out += fmt::format(" (helper {}, since Linux {}.{})", helper.number, helper.since >> 8, helper.since & 0xff);
  out += fmt::format(": {}\n\n    {}\n\n{}", tables::doc_of(helper), helper.prototype, callers_of(helper));
  if (helper.flags & tables::kGplOnly) out += " Their licence must be one that the kernel takes for the GPL's.";
  if (helper.flags & tables::kSleeps) out += " It may sleep, so only sleepable programs can.";
  if (helper.flags & tables::kChangesPacket) out += " Pointers into the packet are no good behind it.";
  if (helper.flags & tables::kAcquires) out += " What it gives must be given back.";
  if (!helper.runs)
    out += "\nOnly a kernel can answer it: elsewhere it fails with EOPNOTSUPP, which the run's end counts.";
  return out + "\n";
}

// The hint for a name that there is not: those that it is a part of, or else the nearest if it may be meant.
std::string names_like(const std::string &name) {
  const std::string wanted = lowered(name);
  std::string holding;
  for (const tables::DiagnosticRow &row : tables::kDiagnosticRows)
    if (lowered(row.name).find(wanted) != std::string::npos)
      holding += fmt::format("{}`{}`", holding.empty() ? "" : ", ", row.name);
  if (!holding.empty()) return "there is " + holding;
  tables::Nearest nearest(wanted);
  std::string_view meant;
  for (const tables::DiagnosticRow &row : tables::kDiagnosticRows)
    if (nearest.take(lowered(row.name))) meant = row.name;
  return meant.empty() ? "`spile tables diagnostics` lists them, and `spile tables helpers` helpers"
                       : fmt::format("did you mean `{}`?", meant);
}

}  // namespace

int command_explain(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile explain NAME";
  line.about =
      "Says what a diagnostic means: NAME is what stands in brackets at the end of a message. There is the cause, what "
      "to do, and\nfor most a program that is told it, and what it becomes. `spile tables diagnostics` lists all "
      "names.\nOr of a helper: what it does, its prototype, who may call it.";
  line.add_common();
  line.hidden.add_options()("name", po::value<std::string>());
  line.positional.add("name", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("name")) return console.usage("`spile explain` needs the name of a diagnostic or of a helper");
  const auto &name = (*values)["name"].as<std::string>();
  const auto same = [&](const tables::DiagnosticRow &row) { return lowered(row.name) == lowered(name); };
  if (const auto row = std::ranges::find_if(tables::kDiagnosticRows, same); row != std::end(tables::kDiagnosticRows)) {
    const std::string_view section = section_of(row->name);
    console.print(fmt::format("{} ({}): {}\n", row->name, lowered(row->severity), row->text));
    if (!section.empty()) console.print(fmt::format("\n{}", rendered(section)));
    return kExitOk;
  }
  if (const tables::Helper *const helper = helper_named(name)) {
    console.print(about(*helper));
    return kExitOk;
  }
  return console.fail({Error::Kind::Usage, fmt::format("there is no diagnostic `{}`", name), names_like(name), 0});
}

}  // namespace spile::driver
