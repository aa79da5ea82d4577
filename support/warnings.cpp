#include "support/warnings.h"

#include <algorithm>
#include <array>

namespace spile {

namespace {

struct WarningInfo {
  std::string_view diagnostic;
  WarningState initial;
  std::string_view names;
};
constexpr auto kWarnings = std::to_array<WarningInfo>({
#define SPILE_WARNING(Diagnostic, Default, names) {#Diagnostic, WarningState::Default, names},
#include "lang-spec/tables/diagnostics/warnings.def"
});

bool answers_to(const WarningInfo &info, std::string_view name) {
  for (std::string_view rest = info.names; !rest.empty();) {
    const size_t space = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, space) == name) return true;
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  return false;
}

std::ptrdiff_t index_of(std::string_view diagnostic) {
  const auto it = std::ranges::find(kWarnings, diagnostic, &WarningInfo::diagnostic);
  return it == kWarnings.end() ? -1 : it - kWarnings.begin();
}

}  // namespace

WarningOptions::WarningOptions() : states_(1) {
  for (const WarningInfo &info : kWarnings) states_[0].push_back({info.initial, false, false});
}

std::string_view WarningOptions::flag_of(std::string_view diagnostic) {
  const std::ptrdiff_t i = index_of(diagnostic);
  if (i < 0) return {};
  const std::string_view names = kWarnings[static_cast<size_t>(i)].names;
  return names.substr(0, names.find(' '));
}

bool WarningOptions::is_name(std::string_view name) {
  return std::ranges::any_of(kWarnings, [&](const WarningInfo &info) { return answers_to(info, name); });
}

void WarningOptions::apply(States &states, std::string_view name, WarningState state) {
  for (size_t i = 0; i < kWarnings.size(); i++) {
    if (name != "everything" && !answers_to(kWarnings[i], name)) continue;
    Row &row = states[i];
    // A group does not make less of what is an error by itself: -Wall is no wish for fewer errors.
    if (state == WarningState::Warning && row.state == WarningState::Error && !row.is_chosen &&
        kWarnings[i].names.substr(0, kWarnings[i].names.find(' ')) != name)
      continue;
    row.state = state;
    row.is_chosen = true;
  }
}

void WarningOptions::option(std::string_view text) {
  const bool is_off = text.starts_with("no-");
  std::string_view name = is_off ? text.substr(3) : text;
  if (name == "error") {
    warnings_as_errors = !is_off;
    return;
  }
  if (!name.starts_with("error=")) {
    // -Wformat=2, -Wimplicit-fallthrough=3: gcc's levels.
    name = name.substr(0, name.find('='));
    apply(states_[0], name, is_off ? WarningState::Ignored : WarningState::Warning);
    return;
  }
  name.remove_prefix(6);
  if (!is_off) {
    apply(states_[0], name, WarningState::Error);
    return;
  }
  for (size_t i = 0; i < kWarnings.size(); i++) {
    if (!answers_to(kWarnings[i], name)) continue;
    Row &row = states_[0][i];
    row.never_error = true;
    if (row.state == WarningState::Error) row.state = WarningState::Warning;
  }
}

void WarningOptions::change(Loc at) {
  const auto after = std::ranges::upper_bound(changes_, at, {}, &Change::at);
  changes_.insert(after, {at, current_});
}

void WarningOptions::push(Loc) { pushed_.push_back(current_); }

bool WarningOptions::pop(Loc at) {
  if (pushed_.empty()) return false;
  current_ = pushed_.back();
  pushed_.pop_back();
  change(at);
  return true;
}

void WarningOptions::set(std::string_view name, WarningState state, Loc at) {
  States next = states_[current_];
  for (size_t i = 0; i < kWarnings.size(); i++) {
    if (name != "everything" && !answers_to(kWarnings[i], name)) continue;
    next[i].state = state;
    next[i].is_chosen = true;
    next[i].never_error |= state == WarningState::Warning;
  }
  // The same pragma stands in every use of a macro: one set of states serves them all.
  const auto same = std::ranges::find_if(states_, [&](const States &known) {
    return std::ranges::equal(known, next, [](const Row &a, const Row &b) {
      return a.state == b.state && a.is_chosen == b.is_chosen && a.never_error == b.never_error;
    });
  });
  current_ = static_cast<uint32_t>(same - states_.begin());
  if (same == states_.end()) states_.push_back(std::move(next));
  change(at);
}

// The last change before the place in its own file or expansion; else what held where that was brought in.
const WarningOptions::States &WarningOptions::states_at(Loc at, const SourceManager &sources) const {
  for (; at.valid() && !changes_.empty(); at = sources.brought_in_at(at)) {
    const auto after = std::ranges::upper_bound(changes_, at, {}, &Change::at);
    if (after == changes_.begin()) continue;
    const Change &last = *std::prev(after);
    if (sources.same_entry(last.at, at)) return states_[last.states];
  }
  return states_[0];
}

WarningState WarningOptions::state(std::string_view diagnostic, WarningState declared, Loc at,
                                   const SourceManager &sources) const {
  const std::ptrdiff_t i = index_of(diagnostic);
  Row row{declared, false, false};
  if (i >= 0) row = states_at(at, sources)[static_cast<size_t>(i)];
  if (row.state == WarningState::Ignored) return row.state;
  // What a system header does is not the user's to change: neither in its text nor in the body of one of its macros.
  if (at.valid() && (sources.in_system_header(sources.expansion(at)) || sources.in_system_header(sources.spelling(at))))
    return WarningState::Ignored;
  if (row.state == WarningState::Error) return row.state;
  if (no_warnings) return WarningState::Ignored;
  return warnings_as_errors && !row.never_error ? WarningState::Error : WarningState::Warning;
}

}  // namespace spile
