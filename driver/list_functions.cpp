#include "driver/list_functions.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "backend/object/executable.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"
#include "runtime/hooks/user_probe.h"

namespace spile::driver {

namespace {

constexpr auto kKinds = std::to_array<std::string_view>({"uprobe", "uretprobe", "usdt"});

std::string_view kind_of(std::string_view pattern) { return pattern.substr(0, pattern.find_first_of(":/")); }

// Of `uprobe.multi`, `usdt.s` too.
bool is_kind(std::string_view kind, std::string_view wanted) {
  return kind.substr(0, kind.find('.')) == wanted && tables::find_program_type(kind) != nullptr;
}

using Named = std::pair<std::string, std::string>;  // what stands behind FILE: in SEC(); the arguments

Result<std::vector<Named>> names_of(const object::Executable &executable, bool is_usdt) {
  std::vector<Named> names;
  if (!is_usdt) {
    for (const object::Executable::Function &function : executable.functions())
      if (function.is_default && !function.is_indirect) names.emplace_back(function.name, "");
    return names;
  }
  const auto probes = executable.usdt_probes();
  if (!probes) return std::unexpected(probes.error());
  for (const object::Executable::Usdt &probe : *probes)
    names.emplace_back(fmt::format("{}:{}", probe.provider, probe.name), probe.arguments);
  return names;
}

}  // namespace

bool is_about_binary(std::string_view pattern) {
  const std::string_view kind = kind_of(pattern);
  return kind.size() < pattern.size() &&
         std::ranges::any_of(kKinds, [&](std::string_view wanted) { return is_kind(kind, wanted); });
}

Result<std::string> list_binary(std::string_view pattern, bool verbose) {
  const std::string_view kind = kind_of(pattern);
  const std::string_view rest = pattern.substr(kind.size() + 1);
  const size_t colon = std::min(rest.find(':'), rest.size());
  const std::string file(rest.substr(0, colon));
  const std::string wanted(colon + 1 < rest.size() ? rest.substr(colon + 1) : "*");
  const auto path = hooks::find_binary(file);
  if (!path) return std::unexpected(path.error());
  const auto executable = object::Executable::open(*path);
  if (!executable) return std::unexpected(executable.error());
  const bool is_usdt = is_kind(kind, "usdt");
  const auto names = names_of(*executable, is_usdt);
  if (!names) return std::unexpected(names.error());

  std::set<std::string> lines;
  for (const auto &[name, arguments] : *names) {
    if (::fnmatch(wanted.c_str(), name.c_str(), 0) != 0) continue;
    std::string line = fmt::format("{}/{}:{}\n", kind, file, name);
    if (verbose) line += is_usdt ? fmt::format("    {}\n", arguments) : "    struct pt_regs *ctx\n";
    lines.insert(std::move(line));
  }
  std::string text;
  for (const std::string &line : lines) text += line;
  if (!text.empty()) return text;
  std::string hint = is_usdt ? "it declares no USDT probes" : "the file has no names of functions: it is stripped";
  if (!names->empty()) {
    tables::Nearest nearest(wanted);
    for (const auto &[name, arguments] : *names) nearest.take(name);
    hint = nearest.name().empty() ? fmt::format("`spile list '{}/{}:*'` lists all", kind, file)
                                  : fmt::format("the nearest is `{}/{}:{}`", kind, file, nearest.name());
  }
  return std::unexpected(
      Error{Error::Kind::Environment, fmt::format("nothing of `{}` matches `{}`", *path, wanted), std::move(hint), 0});
}

}  // namespace spile::driver
