// A session one step at a time: what `spile test` and a replay drive. Time is Session::pass().
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "backend/object/print_value.h"
#include "runtime/hooks/code_events.h"
#include "runtime/hooks/packets.h"
#include "runtime/session/packet_run.h"
#include "runtime/session/session_state.h"
#include "runtime/session/trial.h"

namespace spile::session {

namespace {

constexpr int kEthernet = 1;  // DLT_EN10MB
constexpr std::string_view kPacketField = "packet";

std::string_view without_mark(std::string_view section) {
  return section.starts_with('?') ? section.substr(1) : section;
}

// The events that programs of this object may wait for, for a hint.
std::string hooks_of(std::span<const Attached> attached) {
  constexpr size_t kMost = 5;  // a pattern has hundreds
  std::string names;
  size_t count = 0;
  for (const Attached &program : attached)
    if (program.hook.kind == Hook::Tracepoint || program.hook.kind == Hook::UserProbe ||
        program.hook.kind == Hook::Sample || program.hook.kind == Hook::Packet) {
      if (++count > kMost) continue;
      names += fmt::format("{}`{}`", names.empty() ? "its programs wait for " : ", ", without_mark(program.section));
    }
  if (count > kMost) names += fmt::format(" and {} others", count - kMost);
  return names;
}

// Where a number of `struct __sk_buff` lies that an event may give.
std::optional<CtxValue> packet_field(std::string_view name, uint64_t value) {
  for (const tables::CtxField &field : tables::kCtxFields)
    if (field.ctx == tables::CtxKind::SkBuff && field.name == name && field.access != tables::kNever &&
        field.result == tables::CtxResult::Scalar && field.size <= sizeof value)
      return CtxValue{field.offset, field.size, value};
  return std::nullopt;
}

}  // namespace

void Session::begin() { state_->begin(); }

void Session::pass(uint64_t ns) {
  State &s = *state_;
  const uint64_t until = s.virtual_ns + ns;
  for (;;) {
    const auto next = s.next_due().time_since_epoch();
    const auto due = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(next).count());
    if (s.outcome.exit_status || due > until) break;
    s.virtual_ns = std::max(s.virtual_ns, due);
    s.run_due_intervals();
  }
  s.virtual_ns = until;
}

Result<void> Session::State::make_packet(const hooks::EventStep &step, const std::string &folder, vm::Event &event) {
  hooks::LonePacket packet{{}, kEthernet};
  std::vector<CtxValue> values;
  bool has_packet = false;
  for (const auto &[name, value] : step.fields) {
    if (name == kPacketField) {
      has_packet = true;
      if (!value.capture.empty()) {
        auto read = hooks::read_captured_packet(std::filesystem::path(folder) / value.capture, value.packet);
        if (!read) return std::unexpected(read.error());
        packet = std::move(*read);
      } else if (value.bytes) {
        packet.bytes = *value.bytes;
      }
      continue;
    }
    const auto of_task = hooks::set_task_field(name, value, event);
    if (!of_task) return std::unexpected(of_task.error());
    const auto field = *of_task ? std::nullopt : packet_field(name, value.number);
    if (field)
      values.push_back(*field);
    else if (!*of_task)
      return input_error("a packet's event has no field `{}`", name);
  }
  if (!has_packet) return input_error("`{}` needs packet=hex:… or packet=@FILE#N", step.hook);
  if (packet.bytes.size() > hooks::PacketBuffer::kMaxPacket)
    return input_error("a packet of {} bytes; the longest has {}", packet.bytes.size(),
                       hooks::PacketBuffer::kMaxPacket);
  auto buffer = hooks::PacketBuffer::allocate();
  if (!buffer) return std::unexpected(buffer.error());
  packet_context.emplace(packet.link_type, hooks::Layer::Link, std::move(*buffer));
  hooks::CapturedPacket captured;
  captured.bytes = packet.bytes;
  captured.wire_length = static_cast<uint32_t>(packet.bytes.size());
  packet_context->show(captured, event);
  event.time_ns = virtual_ns;
  put_values(values, event.ctx);
  return {};
}

std::vector<const Attached *> Session::State::listeners_of(const hooks::EventStep &step) const {
  std::vector<const Attached *> listeners;
  const WrittenHook written(step.hook);
  for (const Attached &program : attached) {
    if (program.hook.kind == Hook::Packet && without_mark(program.section).starts_with(step.hook))
      listeners.push_back(&program);
    if (written.is_for(program.hook)) listeners.push_back(&program);
  }
  return listeners;
}

hooks::Tracepoint Session::State::written_as(const Attached &program, std::string_view hook) {
  return program.hook.kind == Hook::UserProbe ? hooks::hit_event(hook) : program.hook.tracepoint;
}

Result<void> Session::State::show_arguments(const Attached &program, vm::Event &event, std::optional<uint64_t> number) {
  if (program.hook.kind != Hook::UserProbe || program.hook.probe_name.kind != hooks::UserProbe::Kind::Usdt) return {};
  const auto shown = usdt_specs.show(*object, maps, event.arguments, number);
  if (!shown) return std::unexpected(shown.error());
  event.cookie = *shown;
  return {};
}

Result<std::vector<Session::Returned>> Session::fire(const hooks::EventStep &step, const std::string &folder) {
  State &s = *state_;
  const std::vector<const Attached *> listeners = s.listeners_of(step);
  if (listeners.empty() && !step.hook.empty()) {
    auto error = input_error("no program of the probe waits for `{}`", step.hook);
    error.error().hint = hooks_of(s.attached);
    return error;
  }
  const bool is_packet = !listeners.empty() && listeners[0]->hook.kind == Hook::Packet;
  s.synthetic.reset();
  s.note_unsent();
  hooks::Tracepoint hook;
  if (!listeners.empty() && !is_packet) {
    hook = s.written_as(*listeners[0], step.hook);
    auto record = hooks::SyntheticRecord::make(hook, step);
    if (!record) return std::unexpected(record.error());
    s.synthetic = std::move(*record);
  }
  std::vector<Returned> returned;
  for (uint64_t i = 0; i < step.repeat && !s.outcome.exit_status; i++) {
    pass(step.delay_ns);
    returned.clear();
    vm::Event event;
    event.time_ns = s.virtual_ns;
    if (is_packet) {
      if (auto made = s.make_packet(step, folder, event); !made) return std::unexpected(made.error());
      s.last_kept = UINT32_MAX;
    } else if (s.synthetic) {
      s.synthetic->show(event);
      if (auto shown = s.show_arguments(*listeners[0], event, s.synthetic->cookie()); !shown)
        return std::unexpected(shown.error());
    }
    for (size_t of = 0; of < listeners.size(); of++) {
      const Attached *program = listeners[of];
      if (!is_packet) {
        if (s.recorder && s.synthetic) {
          const auto room = std::exchange(event.ctx, event.ctx.first(s.synthetic->size()));
          s.recorder->begin(hook, event, of);
          event.ctx = room;
        }
        returned.push_back({program->name, static_cast<int32_t>(s.fire(*program, event))});
        continue;
      }
      const Disposal disposal = run_on_packet(*program->loaded, program->type, event, s.env);
      s.outcome.events++;
      if (s.has_record_maps) s.print_waiting_records();
      returned.push_back({program->name, static_cast<int32_t>(disposal.result)});
      s.last_packet.assign(event.packet->data.begin(), event.packet->data.end());
      s.last_kept = std::min({s.last_kept, disposal.kept, static_cast<uint32_t>(s.last_packet.size())});
    }
    if (s.recorder) s.recorder->finish();
  }
  return returned;
}

// A recording may hold more than this probe asks for.
Result<void> Session::State::run_events(Session &session, Control &control) {
  bool is_any_wanted = false;
  while (!ended(control)) {
    const auto step = options.events->next();
    if (!step) return std::unexpected(step.error());
    if (*step == nullptr) break;
    const auto *event = std::get_if<hooks::EventStep>(&(*step)->what);
    if (!event->hook.empty() && listeners_of(*event).empty()) {
      session.pass(event->delay_ns * event->repeat);
      continue;
    }
    is_any_wanted = true;
    if (auto fired = session.fire(*event, {}); !fired) {
      fired.error().message = fmt::format("line {} of the events: {}", (*step)->line, fired.error().message);
      return std::unexpected(fired.error());
    }
    answer(control);
  }
  if (is_any_wanted || ended(control)) return {};
  return nothing_wanted();
}

std::unexpected<Error> Session::State::nothing_wanted() const {
  auto error = input_error("no program of the probe waits for any of the events");
  error.error().hint = hooks_of(attached);
  return error;
}

void Session::inject(const helpers::Fault &fault) { state_->env.faults.push_back(fault); }

Outcome Session::end() {
  state_->end();
  return state_->outcome;
}

std::optional<int> Session::exit_status() const { return state_->outcome.exit_status; }

std::optional<std::vector<ShownElement>> Session::elements(std::string_view map) const {
  const State &s = *state_;
  for (size_t i = 0; i < s.object->maps.size(); i++)
    if (s.object->maps[i].name == map && !s.object->maps[i].is_global_data)
      return show_elements(*s.object, s.object->maps[i], s.displays[i], *s.maps.pointers()[i], Zeros::Show);
  return std::nullopt;
}

std::optional<std::string> Session::global(std::string_view name) const {
  const State &s = *state_;
  const object::Btf &btf = s.object->btf;
  for (size_t i = 0; i < s.object->maps.size(); i++) {
    const object::Map &map = s.object->maps[i];
    if (!map.is_global_data) continue;
    const object::BtfId section = btf.find((*s.object)[map.section].name, object::BtfKind::DataSec);
    if (!section) continue;
    for (const object::BtfVarSecInfo &info : btf.variables(section)) {
      const object::BtfType variable = btf.type(info.var);
      if (variable.name != name || uint64_t{info.offset} + info.size > map.value_size) continue;
      const std::byte *values = s.maps.pointers()[i]->direct_values();
      return object::format_value(btf, variable.type, {values + info.offset, info.size});
    }
  }
  return std::nullopt;
}

std::span<const std::byte> Session::packet() const { return state_->last_packet; }
uint32_t Session::kept() const { return state_->last_kept; }
std::vector<uint32_t> Session::signals() const {
  std::vector<uint32_t> numbers;
  for (const vm::Env::Signal &signal : state_->env.unsent) numbers.push_back(signal.number);
  return numbers;
}

std::string_view Session::unset_field(uint64_t address, uint64_t size) const {
  const State &s = *state_;
  if (!s.synthetic || s.env.event == nullptr) return {};
  const uint64_t offset = address - reinterpret_cast<uint64_t>(s.env.event->ctx.data());
  return offset < s.env.event->ctx.size() ? s.synthetic->unset_field(offset, size) : std::string_view{};
}

}  // namespace spile::session
