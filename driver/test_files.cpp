#include "driver/test_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

#include "lang-spec/tables/constants.h"
#include "support/source.h"

namespace spile::driver {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEvents = ".evt";

// "opensnoop" of opensnoop.bpf.c, opensnoop.c, opensnoop.bpf.o
std::string stem_of(const fs::path &probe) {
  std::string name = probe.stem().string();
  if (name.ends_with(".bpf")) name.resize(name.size() - 4);
  return name;
}

bool has_marks(const fs::path &path) {
  SourceManager sources;
  const auto file = sources.load(path.string());
  if (!file) return false;
  const std::string_view text = (*file)->text;
  for (size_t at = text.find("//@"); at != std::string_view::npos; at = text.find("//@", at + 1)) {
    const size_t before = at == 0 ? std::string_view::npos : text.find_last_not_of(" \t", at - 1);
    if (before == std::string_view::npos || text[before] == '\n') return true;
  }
  return false;
}

TestFile tests_of(const fs::path &probe) {
  TestFile tests{probe.string(), {}};
  if (has_events_in_comments(tests.probe) && has_marks(probe)) tests.events.push_back(tests.probe);
  const std::string stem = stem_of(probe);
  std::error_code error;
  std::vector<std::string> beside;
  for (const auto &entry : fs::directory_iterator(probe.has_parent_path() ? probe.parent_path() : ".", error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kEvents) && (name == stem + ".evt" || name.starts_with(stem + ".")))
      beside.push_back((probe.parent_path() / name).string());
  }
  std::ranges::sort(beside);
  tests.events.insert(tests.events.end(), beside.begin(), beside.end());
  return tests;
}

// opensnoop.failing.evt ──► opensnoop.bpf.c
Result<TestFile> test_of_events(const fs::path &events) {
  for (std::string stem = events.stem().string(); !stem.empty(); stem.resize(std::min(stem.rfind('.'), stem.size()))) {
    for (const std::string_view ending : {".bpf.c", ".c", ".bpf.o", ".o"}) {
      const fs::path probe = events.parent_path() / (stem + std::string(ending));
      std::error_code error;
      if (fs::exists(probe, error)) return TestFile{probe.string(), {events.string()}};
    }
    if (!stem.contains('.')) break;
  }
  auto error = input_error("{}: there is no probe beside it that these events could be for", events.string());
  error.error().hint = fmt::format("a probe `{0}.bpf.c` has its events in `{0}.evt` or `{0}.NAME.evt`", "x");
  return error;
}

}  // namespace

bool has_events_in_comments(const std::string &path) { return path.ends_with(".c"); }

hooks::Constants constants_of(const object::Btf &btf) {
  auto names = std::make_shared<std::map<std::string, int64_t, std::less<>>>();
  for (uint32_t id = 1; id < btf.type_count(); id++) {
    const object::BtfKind kind = btf.type(object::BtfId(id)).kind;
    if (kind != object::BtfKind::Enum && kind != object::BtfKind::Enum64) continue;
    for (const object::BtfEnumerator &one : btf.enumerators(object::BtfId(id))) names->emplace(one.name, one.value);
  }
  return [names](std::string_view name) -> std::optional<int64_t> {
    if (const auto own = names->find(name); own != names->end()) return own->second;
    return tables::find_constant(name);
  };
}

Result<std::vector<TestFile>> find_tests(const std::string &path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return os_error(error ? error.value() : ENOENT, path);
  std::vector<TestFile> found;
  if (fs::is_directory(status)) {
    std::vector<fs::path> probes;
    for (const auto &entry : fs::recursive_directory_iterator(path, error))
      if (entry.path().extension() == ".c") probes.push_back(entry.path());
    if (error) return os_error(error.value(), path);
    std::ranges::sort(probes);
    for (const fs::path &probe : probes)
      if (TestFile tests = tests_of(probe); !tests.events.empty()) found.push_back(std::move(tests));
  } else if (path.ends_with(kEvents)) {
    auto test = test_of_events(path);
    if (!test) return std::unexpected(test.error());
    found.push_back(std::move(*test));
  } else if (TestFile tests = tests_of(path); !tests.events.empty()) {
    found.push_back(std::move(tests));
  }
  if (!found.empty()) return found;
  auto none = input_error("{}: there are no events to test it with", path);
  none.error().hint = "events stand in `//@` comments of the probe, or in a `.evt` file beside it";
  return none;
}

}  // namespace spile::driver
