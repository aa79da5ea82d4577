// spile tables NAME: a table of the language as Markdown; the manual's tables are made with it.
#include "driver/arguments.h"
#include "driver/commands.h"
#include "lang-spec/tables/diagnostics.h"
#include "lang-spec/tables/helper_docs.h"
#include "lang-spec/tables/tables.h"
#include "support/diagnostics.h"

namespace spile::driver {

namespace {

std::string helpers() {
  std::string out = "| number | prototype | what it does | notes |\n|---|---|---|---|\n";
  for (const tables::Helper &helper : tables::kHelpers) {
    std::string notes;
    if (helper.flags & tables::kGplOnly) notes = "GPL only";
    if (!helper.runs) notes += notes.empty() ? "only in a kernel" : ", only in a kernel";
    if (helper.flags & tables::kUserSide) notes = "only in `begin`, `end` and `interval` handlers";
    out += fmt::format("| {} | `{}` | {} | {} |\n", helper.number, helper.prototype, tables::doc_of(helper), notes);
  }
  return out;
}

std::string map_types() {
  std::string out = "| type | name | key | value | max_entries |\n|---|---|---|---|---|\n";
  for (const tables::MapType &map : tables::kMapTypes)
    out += fmt::format("| `BPF_MAP_TYPE_{}` | {} | {} | {} | {} |\n", map.name, map.spoken, spoken(map.key),
                       spoken(map.value), spoken(map.entries));
  return out;
}

std::string returns_of(const tables::ProgramType &row) {
  if (row.returns.any) return "any";
  return row.returns.low == row.returns.high ? fmt::format("{}", row.returns.low)
                                             : fmt::format("{} to {}", row.returns.low, row.returns.high);
}

std::string programs() {
  std::string out = "| SEC() | program type | attach type | context | result | |\n|---|---|---|---|---|---|\n";
  for (const tables::ProgramType &row : tables::kProgramTypes) {
    const tables::Ctx &ctx = tables::kContexts[static_cast<size_t>(row.ctx)];
    const std::string_view rest = row.match == tables::SectionMatch::Slash      ? "/…"
                                  : row.match == tables::SectionMatch::Optional ? "[/…]"
                                                                                : "";
    const bool is_own = (row.flags & tables::kUserSideProgram) != 0;
    const std::string type = is_own ? "Spile's own" : fmt::format("`BPF_PROG_TYPE_{}`", row.name);
    const std::string attach = row.attach == tables::AttachType::None ? "" : fmt::format("`{}`", name_of(row.attach));
    out += fmt::format("| `{}{}` | {} | {} | `{}` | {} | {} |\n", row.section, rest, type, attach, ctx.type,
                       returns_of(row), row.flags & tables::kSleepable ? "may sleep" : "");
  }
  return out;
}

std::string contexts() {
  std::string out = "| context | field | offset | size | access |\n|---|---|---|---|---|\n";
  for (const tables::CtxField &field : tables::kCtxFields) {
    const tables::Ctx &ctx = tables::kContexts[static_cast<size_t>(field.ctx)];
    const std::string_view access = field.access & tables::kWrite  ? "read, write"
                                    : field.access & tables::kRead ? "read"
                                                                   : "none";
    out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", ctx.type, field.name, field.offset, field.size, access);
  }
  return out;
}

std::string diagnostics() {
  std::string out = "| name | severity | message |\n|---|---|---|\n";
  for (const tables::DiagnosticRow &row : tables::kDiagnosticRows)
    out += fmt::format("| {} | {} | {} |\n", row.name, row.severity, row.text);
  return out;
}

struct Table {
  std::string_view name;
  std::string (*text)();
};
constexpr Table kTables[] = {{"helpers", helpers},
                             {"maps", map_types},
                             {"programs", programs},
                             {"contexts", contexts},
                             {"diagnostics", diagnostics}};

}  // namespace

int command_tables(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile tables NAME";
  line.about = "Prints a table of the language as Markdown. NAME: helpers, maps, programs, contexts, diagnostics.";
  line.add_common();
  line.options.add_options()("format", po::value<std::string>()->value_name("FORMAT"), "md (the default)");
  line.hidden.add_options()("name", po::value<std::string>());
  line.positional.add("name", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (values->contains("format") && (*values)["format"].as<std::string>() != "md")
    return console.usage("--format takes md");
  const std::string name = values->contains("name") ? (*values)["name"].as<std::string>() : "";
  for (const Table &table : kTables)
    if (table.name == name) {
      console.print(table.text());
      return kExitOk;
    }
  return console.usage("`spile tables` takes helpers, maps, programs, contexts or diagnostics, not `{}`", name);
}

}  // namespace spile::driver
