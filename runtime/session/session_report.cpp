// What a session says when it has ended: what was lost, which helpers failed and why, how long programs ran.
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/session/session_state.h"

namespace spile::session {

namespace {

// An answer that programs ask for on purpose: NOEXIST met an element, a key was not there. Not worth a word at the end.
bool is_ordinary(const vm::Env::Failure &failure) {
  constexpr uint32_t kUpdate = 2, kDelete = 3;
  return (failure.helper == kUpdate && failure.error == -EEXIST) ||
         (failure.helper == kDelete && failure.error == -ENOENT);
}

// Types that refuse an element when they have as many as they may; others forget one, or have a fixed number.
bool can_be_full(uint32_t type) {
  constexpr uint32_t kTypes[] = {BPF_MAP_TYPE_HASH,  BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_QUEUE,
                                 BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_LPM_TRIE,    BPF_MAP_TYPE_HASH_OF_MAPS};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

}  // namespace

void Session::State::note_unsent() {
  if (!first_unsent && !env.unsent.empty()) first_unsent = env.unsent.front();
  unsent += env.unsent.size();
  env.unsent.clear();
}

void Session::State::report_failures() {
  if (recorder && recorder->left_out() != 0 && options.loss)
    options.loss(fmt::format("{} times memory was read that is not recorded: of one event, no more than {} MiB are",
                             recorder->left_out(), hooks::kMostMemory >> 20));
  if (outcome.lost_records != 0 && options.loss)
    options.loss(fmt::format("{} record{} lost: the reader was too slow", outcome.lost_records,
                             outcome.lost_records == 1 ? " was" : "s were"));
  note_unsent();
  if (unsent != 0 && options.status)
    options.status(fmt::format("{} signal{} not sent, for these events are over: the first was {}, to {}", unsent,
                               unsent == 1 ? " was" : "s were", first_unsent->number,
                               first_unsent->to_thread ? first_unsent->tid : first_unsent->pid));
  for (const vm::Env::Failure &failure : env.failures) {
    if (is_ordinary(failure)) continue;
    const std::string_view name = vm::function_name(failure.helper);
    outcome.failed_helpers += failure.count;
    if (options.loss)
      options.loss(fmt::format("{}{} returned {} ({}) {} time{}", name.starts_with("bpf_") ? "" : "bpf_", name,
                               failure.error, std::strerror(static_cast<int>(-failure.error)), failure.count,
                               failure.count == 1 ? "" : "s"));
  }
  if (std::ranges::any_of(env.failures, [](const vm::Env::Failure &failure) { return failure.error == -E2BIG; }))
    report_full_maps();
}

// What -E2BIG of an update means.
void Session::State::report_full_maps() {
  for (size_t i = 0; options.loss && i < object->maps.size(); i++) {
    const object::Map &map = object->maps[i];
    if (can_be_full(map.type) && maps.pointers()[i]->size() >= map.max_entries)
      options.loss(fmt::format("map `{}` is full: it has room for {} element{}", map.name, map.max_entries,
                               map.max_entries == 1 ? "" : "s"));
  }
}

void Session::State::gather_stats() {
  for (const Attached &program : attached)
    outcome.programs.push_back({program.name, program.section, program.times, program.ns});
  for (size_t i = 0; i < object->maps.size(); i++) {
    const object::Map &map = object->maps[i];
    if (can_be_full(map.type)) outcome.maps.push_back({map.name, maps.pointers()[i]->size(), map.max_entries});
  }
}

}  // namespace spile::session
