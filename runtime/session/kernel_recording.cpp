#include "runtime/session/kernel_recording.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "runtime/hooks/code_events.h"
#include "runtime/kernel/helper_calls.h"
#include "runtime/kernel/tracefs.h"
#include "runtime/session/attach.h"
#include "runtime/session/kernel_side.h"
#include "runtime/session/map_set.h"

namespace spile::session {

namespace {

// Longer than a program runs: a run comes when it has ended, and is of when it began.
constexpr uint64_t kLongestRunNs = 100'000'000;

// "char comm[16]", "__data_loc char[] filename", "unsigned long args[6]" as the fields of recordings are written.
hooks::RecordFormat::Field field_of(const kernel::Tracefs::Field &field) {
  const std::string &text = field.declaration;
  const size_t space = text.rfind(' ');
  std::string type = text.substr(0, std::min(space, text.size()));
  std::string name = space == std::string::npos ? text : text.substr(space + 1);
  for (const auto &[mark, prefix] : {std::pair{std::string_view("__data_loc "), hooks::kDataLoc},
                                     std::pair{std::string_view("__rel_loc "), hooks::kRelLoc}})
    if (type.starts_with(mark)) return {"u32", std::string(prefix) + name, field.offset, field.size};
  if (const size_t bracket = name.find('['); bracket != std::string::npos && type == "char") {
    type = fmt::format("char[{}]", field.size);
    name.resize(bracket);
  }
  return {std::move(type), std::move(name), field.offset, field.size};
}

// Which of its places a hit is at is told by where in its page the instruction lies.
constexpr uint64_t kPage = 4096;

uint64_t instruction_of(std::span<const std::byte> registers) {
  static const uint32_t offset = [] {
    const hooks::Tracepoint hit = hooks::hit_event("uprobe/x:x");
    const std::vector<hooks::TracepointField> fields = hit.fields();
    return std::ranges::find(fields, hooks::register_of("ip"), &hooks::TracepointField::name)->offset;
  }();
  uint64_t value = 0;
  if (registers.size() >= offset + sizeof value) std::memcpy(&value, registers.data() + offset, sizeof value);
  return value;
}

Result<TappedHook> code_hook(const tables::ProgramType &type, std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  if (type.hook == tables::HookKind::Sample) return TappedHook{hooks::sample_event(section), {}};
  const auto name = hooks::parse_user_probe(section);
  if (!name) return std::unexpected(name.error());
  auto probe = hooks::find_user_probe(section);
  if (!probe) return std::unexpected(probe.error());
  std::map<uint64_t, const hooks::UserPlace *> by_page;
  for (const hooks::UserPlace &place : probe->places) {
    const auto [other, is_new] = by_page.try_emplace(place.file_offset % kPage, &place);
    if (!is_new && (place.name != other->second->name || place.arguments != other->second->arguments)) by_page.clear();
    if (by_page.empty()) break;
  }
  if (name->is_pattern || by_page.empty() || section.starts_with("uprobe.session")) {
    auto error = unsupported_error(
        "SEC(\"{}\"): which of its functions is hit cannot be told in a recording in the kernel", section);
    error.error().hint = "name one function; without --on=kernel, with -c CMD or -p PID, several can be recorded";
    return error;
  }
  return TappedHook{hooks::hit_event(hooks::hit_name(*name, probe->places[0].name)), std::move(probe->places)};
}

}  // namespace

Result<Tapped> tapped_programs(const object::Object &object, std::span<const KernelSide::Program> programs) {
  if (!tables::is_gpl_compatible(object.license)) {
    auto error = unsupported_error(
        "{}: its licence is not compatible with the GPL, which the helpers that record for it ask for", object.path);
    error.error().hint = "add `char LICENSE[] SEC(\"license\") = \"GPL\";`";
    return error;
  }
  Tapped tapped;
  std::map<std::string, uint32_t> numbers;  // programs of one tracepoint have one
  std::optional<kernel::Tracefs> tracefs;
  bool wants_stack = false;
  kernel::for_each_helper_call(object, [&](object::SectionId, size_t, uint32_t helper) {
    wants_stack |= helper == BPF_FUNC_get_stackid || helper == BPF_FUNC_get_stack;
  });
  for (const KernelSide::Program &program : programs) {
    const bool is_code =
        program.type->hook == tables::HookKind::UserProbe || program.type->hook == tables::HookKind::Sample;
    if (!is_code && program.type->hook != tables::HookKind::Tracepoint) {
      auto error =
          unsupported_error("SEC(\"{}\"): what such a program sees in the kernel cannot be recorded", program.section);
      error.error().hint = hint_for_recording(*program.type, program.section);
      return error;
    }
    const std::string name(hooks::tracepoint_name(program.section));
    const auto number = static_cast<uint32_t>(numbers.size());
    TappedHook hook;
    hooks::Tracepoint &tracepoint = hook.written;
    kernel::TappedProgram listening;
    listening.name = program.name;
    listening.hook = numbers.try_emplace(name, number).first->second;
    listening.is_tail_called = MapSet::is_tail_called(object, program.name);
    if (listening.is_tail_called) {
      // Its events are those of who calls it.
    } else if (is_code) {
      auto found = code_hook(*program.type, program.section);
      if (!found) return std::unexpected(found.error());
      hook = std::move(*found);
      listening.context = program.type->hook == tables::HookKind::Sample ? kernel::TappedProgram::Context::Sample
                                                                         : kernel::TappedProgram::Context::Registers;
      listening.wants_stack = wants_stack;
    } else if (name.starts_with("syscalls/") || name.starts_with("raw_syscalls/")) {
      auto known = hooks::find_tracepoint(name);
      if (!known) return std::unexpected(known.error());
      tracepoint = std::move(*known);
    } else {
      if (!tracefs) {
        auto opened = kernel::Tracefs::open();
        if (!opened) return std::unexpected(opened.error());
        tracefs = std::move(*opened);
      }
      const auto fields = tracefs->layout(name);
      if (!fields) return std::unexpected(fields.error());
      hooks::RecordFormat format{name, {}, hooks::kHiddenBytes};
      for (const kernel::Tracefs::Field &field : *fields) {
        format.fields.push_back(field_of(field));
        format.size = std::max(format.size, field.offset + field.size);
        if (const auto located = hooks::located_field(format.fields.back().name))
          listening.located.push_back({field.offset, hooks::origin_of(*located, field.offset)});
      }
      tracepoint = hooks::Tracepoint::of(std::move(format));
    }
    listening.record_size = tracepoint.context_size;
    tapped.programs.push_back(std::move(listening));
    tapped.hooks.push_back(std::move(hook));
  }
  return tapped;
}

void KernelRecording::take(std::span<const std::byte> from_ring) {
  Waiting waiting{{from_ring.begin(), from_ring.end()}, {}};
  waiting.run = kernel::EventTap::read(waiting.bytes);
  if (waiting.run.program >= tapped_.size()) return;
  const std::pair key(waiting.run.time_ns, waiting.run.cpu);
  waiting_.emplace(key, std::move(waiting));
}

void KernelRecording::settle() {
  const uint64_t newest_ns = waiting_.empty() ? 0 : waiting_.rbegin()->first.first;
  if (newest_ns > kLongestRunNs) record_before(newest_ns - kLongestRunNs);
}

void KernelRecording::finish() {
  record_before(UINT64_MAX);
  recorder_->finish();
}

void KernelRecording::record_before(uint64_t time_ns) {
  const auto end = waiting_.lower_bound({time_ns, 0});
  for (auto waiting = waiting_.begin(); waiting != end; ++waiting) {
    const kernel::EventTap::Run &run = waiting->second.run;
    std::vector<std::byte> record(run.record.begin(), run.record.end());
    vm::Event event;
    event.time_ns = run.time_ns;
    event.cpu = run.cpu;
    event.pid = run.pid;
    event.tid = run.tid;
    event.uid = run.uid;
    event.gid = run.gid;
    std::memcpy(event.comm.data(), run.comm, event.comm.size());
    event.comm.back() = '\0';
    event.ctx = record;
    event.function = run.function;
    event.user_stack = run.stack;
    const TappedHook &hook = tapped_[run.program];
    if (!hook.places.empty()) {
      const auto place = std::ranges::find_if(hook.places, [&](const hooks::UserPlace &known) {
        return known.file_offset % kPage == instruction_of(record) % kPage;
      });
      // Behind a return the instruction is the caller's.
      const hooks::UserPlace &at = place != hook.places.end() ? *place : hook.places[0];
      event.cookie = at.cookie;
      event.place = at.name;
      event.arguments = at.arguments;
    }
    recorder_->begin(hook.written, event, run.program);
    for (const kernel::EventTap::Run::Piece &piece : run.pieces) recorder_->keep(piece.address, piece.bytes);
  }
  waiting_.erase(waiting_.begin(), end);
}

}  // namespace spile::session
