#include "runtime/session/replay.h"

#include <algorithm>
#include <cstring>

#include "runtime/session/session_state.h"

namespace spile::session {

namespace {

bool is_signed(std::string_view type) {
  return type.starts_with("int") || type.starts_with("long") || type.starts_with("s") || type.starts_with("pid_t");
}

}  // namespace

RecordAdapter::RecordAdapter(const hooks::Tracepoint &recorded, const hooks::Tracepoint &wanted)
    : fixed_(recorded.context_size),
      wanted_(wanted.context_size),
      texts_move_(wanted.context_size - std::min(fixed_, wanted.context_size)),
      shown_(hooks::tracepoint_context()) {
  const auto have = recorded.fields();
  for (const hooks::TracepointField &want : wanted.fields()) {
    const auto wanted_place = hooks::located_field(want.name);
    const auto found = std::ranges::find_if(have, [&](const hooks::TracepointField &field) {
      // Either kind of place will do.
      const auto place = hooks::located_field(field.name);
      if (place || wanted_place) return place && wanted_place && place->name == wanted_place->name;
      // An array's name may say how long it is: args[6].
      return field.name.substr(0, field.name.find('[')) == want.name.substr(0, want.name.find('['));
    });
    if (found == have.end()) {
      // What lies there in the record is something else.
      is_same_ = false;
      missing_.emplace_back(want.name);
      continue;
    }
    const uint32_t from = wanted_place ? hooks::origin_of(*hooks::located_field(found->name), found->offset) : 0;
    const uint32_t to = wanted_place ? hooks::origin_of(*wanted_place, want.offset) : 0;
    is_same_ &= found->offset == want.offset && found->size == want.size && from == to;
    moves_.push_back({found->offset, found->size, want.offset, want.size, is_signed(found->type),
                      wanted_place.has_value(), from, to});
  }
}

std::span<std::byte> RecordAdapter::show(std::span<const std::byte> record) {
  std::byte *to = shown_.get();
  const size_t size = record.size();
  if (is_same_) {
    std::memcpy(to, record.data(), size);
    if (size < filled_) std::memset(to + size, 0, filled_ - size);
    filled_ = size;
    return {to, std::max(size, wanted_)};
  }
  std::memset(to, 0, filled_);
  if (fixed_ < size) std::memcpy(to + fixed_ + texts_move_, record.data() + fixed_, size - fixed_);
  for (const Move &move : moves_) {
    if (move.from + move.from_size > size) continue;
    uint64_t value = 0;
    if (move.from_size > sizeof value || move.to_size > sizeof value) {
      std::memcpy(to + move.to, record.data() + move.from, std::min(move.from_size, move.to_size));
      continue;
    }
    std::memcpy(&value, record.data() + move.from, move.from_size);
    if (move.is_signed && move.from_size < sizeof value && (value >> (8 * move.from_size - 1) & 1) != 0)
      value |= ~uint64_t{0} << (8 * move.from_size);
    if (move.is_place)
      value = (value & ~uint64_t{0xffff}) | ((value + move.from_origin + texts_move_ - move.to_origin) & 0xffff);
    std::memcpy(to + move.to, &value, move.to_size);
  }
  // A record that is cut off has fields that lie behind its end here.
  filled_ = std::max(size + texts_move_, wanted_);
  return {to, filled_};
}

// A recording may hold more than this probe asks for.
Result<void> Session::State::run_recording(Session &session, Control &control) {
  struct Listening {
    const Attached *program;
    RecordAdapter adapter;
    hooks::Tracepoint recorded_as;
  };
  std::vector<std::vector<Listening>> by_hook;  // as the recording counts them
  hooks::Recording &recording = *options.recording;
  const bool passes_time = has(Hook::Interval);
  bool is_any_wanted = false;
  vm::Event event;
  uint32_t hook = 0;
  while (!ended(control)) {
    const auto more = recording.next(hook, event);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    while (by_hook.size() < recording.hooks().size()) {
      const hooks::Tracepoint &recorded = recording.hooks()[by_hook.size()];
      const std::string name = recorded.name();
      const WrittenHook written(name);
      auto &listening = by_hook.emplace_back();
      for (const Attached &program : attached) {
        if (!written.is_for(program.hook)) continue;
        is_any_wanted = true;
        listening.push_back({&program, RecordAdapter(recorded, program.hook.tracepoint), written_as(program, name)});
        if (options.status)
          for (const std::string &field : listening.back().adapter.missing())
            options.status(fmt::format("the recording has no field `{}` of `{}`: it is 0", field, name));
      }
    }
    if (passes_time || timers.next_due())
      session.pass(event.time_ns - std::min(event.time_ns, virtual_ns));
    else
      virtual_ns = std::max(virtual_ns, event.time_ns);
    for (Listening &listening : by_hook[hook]) {
      if (!listening.adapter.fits(event.ctx.size()))
        return unsupported_error("a record of `{}` with {} bytes has no room where none has more than {}",
                                 recording.hooks()[hook].name(), event.ctx.size(), hooks::kRecordRoom);
      vm::Event shown = event;
      shown.ctx = listening.adapter.show(event.ctx);
      if (auto arguments = show_arguments(*listening.program, shown, shown.cookie); !arguments) return arguments;
      if (recorder)
        recorder->begin(listening.recorded_as, shown, static_cast<size_t>(&listening - by_hook[hook].data()));
      fire(*listening.program, shown);
    }
    if (recorder) recorder->finish();
    note_unsent();
    answer(control);
  }
  for (const std::string &notice : recording.notices()) {
    if (options.status) options.status(notice);
    if (options.record != nullptr) options.record->notice(notice);
  }
  if (is_any_wanted || ended(control)) return {};
  return nothing_wanted();
}

}  // namespace spile::session
