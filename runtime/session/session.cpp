#include "runtime/session/session.h"

#include <linux/bpf.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <utility>

#include "backend/isa/insn.h"
#include "runtime/hooks/child.h"
#include "runtime/hooks/code_events.h"
#include "runtime/hooks/packets.h"
#include "runtime/hooks/words.h"
#include "runtime/session/packet_run.h"
#include "runtime/session/print_maps.h"
#include "runtime/session/record_layout.h"
#include "runtime/session/records.h"
#include "runtime/session/session_state.h"
#include "runtime/vm/jit_host.h"
#include "runtime/vm/tiered.h"
#include "support/check.h"

namespace spile::session {

namespace {

// As much as bpf(BPF_PROG_TEST_RUN) gives a program of type syscall at most.
constexpr size_t kOnceContext = 65536;

uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

int64_t wall_ahead_ns() {
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  return static_cast<int64_t>(wall.tv_sec) * 1'000'000'000 + wall.tv_nsec - static_cast<int64_t>(monotonic_ns());
}

uint64_t tai_ahead_ns() {
  timespec tai{};
  ::clock_gettime(CLOCK_TAI, &tai);
  return static_cast<uint64_t>(tai.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(tai.tv_nsec) - monotonic_ns();
}

// How long the machine has slept since it started: CLOCK_BOOTTIME counts it, CLOCK_MONOTONIC does not.
uint64_t suspended_ns() {
  timespec boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  const uint64_t boot_ns = static_cast<uint64_t>(boot.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(boot.tv_nsec);
  const uint64_t awake_ns = monotonic_ns();
  return boot_ns > awake_ns ? boot_ns - awake_ns : 0;
}

}  // namespace

// An event for a handler of the user's side: this process, now, no context. Nothing of this process when time is
// virtual.
vm::Event Session::State::own_event() const {
  vm::Event event;
  event.time_ns = env.now_ns();
  event.pid = event.tid = options.virtual_time ? 1 : static_cast<uint32_t>(::getpid());
  if (!options.virtual_time) {
    event.uid = ::getuid();
    event.gid = ::getgid();
  }
  std::strncpy(event.comm.data(), "spile", event.comm.size() - 1);
  return event;
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

Result<void> Session::State::attach(const Accepted &accepted) {
  if (auto runs = check_runs_here(accepted); !runs) return runs;
  LayoutOf layout;
  if (options.virtual_time)
    layout = [&](std::string_view tracepoint) {
      return record_layout(*object, accepted.program->name, tracepoint, options.kernel_types);
    };
  const std::string &section = accepted.program->section;
  auto hook = resolve_hook(*accepted.type, section, layout);
  if (hook && hook->kind == Hook::Packet && options.record != nullptr)
    hook = unsupported_error("SEC(\"{}\"): packets cannot be recorded", section);
  if (!hook && options.record != nullptr)
    if (std::string hint = hint_for_recording(*accepted.type, section); !hint.empty()) hook.error().hint = hint;
  if (!hook) return std::unexpected(hook.error());
  if (hook->tracepoint.context_size > hooks::kRecordRoom)
    return unsupported_error("SEC(\"{}\"): the record that ctx points to has {} bytes, and none has more than {}",
                             accepted.program->section, hook->tracepoint.context_size, hooks::kRecordRoom);
  if (hook->kind == Hook::UserProbe && !options.virtual_time && hook->user_probe.kind == hooks::UserProbe::Kind::Usdt)
    if (auto added = usdt_specs.add(*object, maps, hook->user_probe); !added) return added;
  auto loaded = engine->load(*accepted.program, maps.pointers());
  if (!loaded) return std::unexpected(loaded.error());
  maps.put_program(*object, accepted.program->name, loaded->get());
  if (MapSet::is_tail_called(*object, accepted.program->name)) {
    tail_called.push_back(std::move(*loaded));
  } else {
    attached.push_back(
        {*hook, std::move(*loaded), accepted.program->name, accepted.program->section, {}, accepted.type->number});
  }
  constexpr int32_t kGetSmpProcessorId = 8, kGetStackid = 27, kGetStack = 67;
  for (const isa::Insn &insn : accepted.program->insns) {
    if (insn.opcode != isa::opcode(isa::JMP, isa::CALL, isa::K) || insn.src != isa::kHelperCall) continue;
    asks_for_cpu |= insn.imm == kGetSmpProcessorId;
    asks_for_stack |= insn.imm == kGetStackid || insn.imm == kGetStack;
  }
  if (!(accepted.type->flags & tables::kUserSideProgram)) return {};
  for (const isa::Insn &insn : accepted.program->insns) {
    const bool names_map = insn.is_lddw() && insn.src == isa::kPseudoMapIdx;
    if (names_map && static_cast<size_t>(insn.imm) < handled.size()) handled[static_cast<size_t>(insn.imm)] = true;
  }
  return {};
}

static Result<std::unique_ptr<vm::Engine>> make_engine(const Options &options, vm::HelperResolver resolve) {
  switch (options.engine) {
    case EngineKind::Interpreter:
      return vm::make_interpreter(resolve);
    case EngineKind::Jit:
      return vm::make_jit(options.jit, resolve);
    case EngineKind::Tiered:
      return vm::make_tiered(options.jit, resolve);
  }
  SPILE_UNREACHABLE("an engine that is no EngineKind");
}

std::optional<uint32_t> first_kernel_access(const verifier::Verdict &verdict) {
  const auto first = std::ranges::find(verdict.regions, verifier::Region::KernelObject);
  if (first == verdict.regions.end()) return std::nullopt;
  return static_cast<uint32_t>(first - verdict.regions.begin());
}

Result<void> check_runs_here(const Accepted &accepted) {
  if (!accepted.kernel_access) return {};
  const object::Program::Line *line = accepted.program->line_of(*accepted.kernel_access);
  auto error =
      unsupported_error("{}`{}` reads a member of an object of the kernel, and there is none here",
                        line == nullptr ? "" : fmt::format("{}:{}: ", line->file, line->line), accepted.program->name);
  error.error().hint =
      "--on=kernel runs it where the objects are; bpf_core_read() fails here, and lets the program go on";
  return error;
}

const object::Btf *types_of(const object::Object &object, std::span<const Accepted> programs) {
  for (const Accepted &accepted : programs)
    if (const object::Btf *types = accepted.program->object->relocated_to) return types;
  return object.btf.empty() ? nullptr : &object.btf;
}

Result<std::unique_ptr<Session>> Session::open(const object::Object &object, std::span<const Accepted> programs,
                                               Options options) {
  auto state = std::make_unique<State>();
  state->object = &object;
  state->options = std::move(options);
  const auto &kernel = state->options.kernel;
  auto maps = kernel ? MapSet::of_kernel(object, kernel->object())
                     : MapSet::create(object, state->options.pin, state->options.status);
  if (!maps) return std::unexpected(maps.error());
  state->maps = std::move(*maps);
  state->maps.watch_timers(state->timers);
  state->env.timers = &state->timers;
  state->env.network = state->options.network.get();
  state->env.types = types_of(object, programs);
  state->has_record_maps =
      std::ranges::any_of(object.maps, [](const object::Map &map) { return has_records(map.type); });
  state->handled.resize(object.maps.size());
  state->displays = displays_of(object);
  if (auto found = state->find_output(); !found) return std::unexpected(found.error());
  const vm::HelperResolver resolve =
      state->options.virtual_time ? helpers::faulty_helper_function : vm::helper_function;
  state->supervision.watch = state->options.watch;
  Result<std::unique_ptr<vm::Engine>> engine = state->options.watch
                                                   ? vm::make_checked_interpreter(state->supervision, resolve)
                                                   : make_engine(state->options, resolve);
  if (!engine) return std::unexpected(engine.error());
  state->engine = std::move(*engine);
  for (const Accepted &accepted : programs)
    if (auto attached = state->attach(accepted); !attached) return std::unexpected(attached.error());

  State &s = *state;
  if (s.options.format == nullptr) s.options.format = make_output_format("text", {});
  s.env.print = [&s](std::string_view text) { s.write(s.options.format->printed(text)); };
  if (s.output_ring != nullptr) s.output_ring->when_full([&s] { s.print_output(); });
  if (s.options.virtual_time) {
    s.virtual_ns = s.options.virtual_time->clock_ns;
    s.env.now_ns = {[](void *ns) { return *static_cast<const uint64_t *>(ns); }, &s.virtual_ns};
    s.env.random_state = s.options.virtual_time->seed;
    if (s.options.record != nullptr) s.recorder.emplace(*s.options.record, s.virtual_ns);
    return std::unique_ptr<Session>(new Session(std::move(state)));
  }
  s.env.signals_tasks = s.options.command || s.options.pid;
  s.wall_ahead_ns = wall_ahead_ns();
  s.env.tai_ahead_ns = tai_ahead_ns();
  s.env.now_ns = {[](void *) { return monotonic_ns(); }};
  if (s.options.record != nullptr) {
    // Programs see the time of their event, as they will when it is replayed.
    s.env.now_ns = {[](void *state) {
                      const vm::Event *const event = static_cast<const State *>(state)->env.event;
                      return event != nullptr ? event->time_ns : monotonic_ns();
                    },
                    &s};
    s.recorder.emplace(*s.options.record, monotonic_ns());
  }
  s.env.suspended_ns = suspended_ns();
  s.env.random_state = monotonic_ns() | 1;

  if (s.options.kernel) {
    if (auto fits = s.check_handlers(); !fits) return std::unexpected(fits.error());
    return std::unique_ptr<Session>(new Session(std::move(state)));
  }
  const bool has_process = s.options.command || s.options.pid;
  if (s.has(Hook::Tracepoint) && !has_process)
    return std::unexpected(
        Error{Error::Kind::Usage, "this probe listens to system calls, but there is no command to trace",
              "give one with -c, for example -c \"ls /\"; or see those of all processes: --on=kernel, as root", 0});
  if ((s.has(Hook::UserProbe) || s.has(Hook::Sample)) && !has_process)
    return std::unexpected(
        Error{Error::Kind::Usage, "this probe is about what programs do, but there is no command to trace",
              "give one with -c, for example -c \"ls /\"; or see all processes: --on=kernel, as root", 0});
  if (s.has(Hook::Packet) && !s.options.packets)
    return std::unexpected(Error{Error::Kind::Usage, "this probe filters packets, but there are none",
                                 "give a capture with -i FILE.pcap; or see those of an interface, --dev NAME, or of a "
                                 "control group, --cgroup FOLDER, as root",
                                 0});
  if (s.options.packets && !s.has(Hook::Packet))
    return std::unexpected(
        Error{Error::Kind::Usage,
              fmt::format("no program of the probe takes packets, so {} is of no use", s.options.packets->path()),
              {},
              0});
  std::map<std::string_view, std::string_view> files;  // the options that name them
  for (const auto &[name, file] :
       {std::pair{"--pass", &s.options.pass}, std::pair{"--drop", &s.options.drop},
        std::pair{"--verdicts", &s.options.verdicts}, std::pair{"--redirected", &s.options.redirected}}) {
    if (file->empty()) continue;
    if (!s.options.packets) return usage_error("{} needs packets: -i FILE.pcap", name);
    const auto [known, is_new] = files.emplace(*file, name);
    if (!is_new && *file != "/dev/null") return usage_error("{} and {} both write to `{}`", known->second, name, *file);
  }
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

uint64_t Session::State::fire(const Attached &program, const vm::Event &event) {
  // exit() ends the run. What a command still does until it is gone is no event any more.
  if (outcome.exit_status && program.hook.kind != Hook::End) return 0;
  env.begin(&event, program.type);
  uint64_t r0 = 0;
  {
    const Stopwatch watch(options.stats, program);
    r0 = program.loaded->run(event.ctx.data(), event.ctx.size(), env);
  }
  env.event = nullptr;
  outcome.events++;
  maps.settle();
  if (has_record_maps) print_waiting_records();
  return r0;
}

Result<void> Session::State::find_output() {
  auto formats = OutputRing::of(*object);
  if (!formats) return std::unexpected(formats.error());
  output = std::move(*formats);
  for (size_t i = 0; i < object->maps.size(); i++) {
    if (object->maps[i].name != OutputRing::kMap || object->maps[i].type != BPF_MAP_TYPE_RINGBUF) continue;
    output_ring = static_cast<maps::RingMap *>(maps.pointers()[i]);
    handled[i] = true;
  }
  return {};
}

void Session::State::print_output() {
  if (output_ring == nullptr) return;
  std::string text;
  const bool runs = !outcome.exit_status;
  output_ring->consume([&](std::span<const std::byte> record) {
    // What a program prints behind its exit() is not shown; what end handlers print is.
    if (!runs || !outcome.exit_status) text += text_of(record);
    return true;
  });
  if (!text.empty()) env.print(text);
}

// What printf() sent; exit() is noted.
std::string Session::State::text_of(std::span<const std::byte> output_record) {
  OutputRing::Printed printed = output.read(output_record, wall_ahead_ns);
  if (printed.exit_status && !outcome.exit_status) outcome.exit_status = printed.exit_status;
  return std::move(printed.text);
}

void Session::State::print_waiting_records() {
  print_output();
  std::string text;
  for (size_t i = 0; i < object->maps.size(); i++)
    if (!handled[i])
      take_records(object->maps[i], *maps.pointers()[i], [&](std::span<const std::byte> record) {
        text += options.format->record(*object, object->maps[i], record);
      });
  write(text);
}

void Session::State::write(std::string_view text) {
  if (!text.empty() && options.print && !options.print(text)) reader_gone = true;
}

void Session::State::fire_all(Hook::Kind kind) {
  const vm::Event event = own_event();
  for (const Attached &program : attached)
    if (program.hook.kind == kind) fire(program, event);
}

// Programs that are run by nothing but a call: once, on a context of zeros.
void Session::State::run_once() {
  std::vector<std::byte> ctx(kOnceContext);
  vm::Event event = own_event();
  event.ctx = ctx;
  for (const Attached &program : attached) {
    if (program.hook.kind != Hook::Once || outcome.exit_status) continue;
    const auto result = static_cast<int32_t>(fire(program, event));
    if (options.status) options.status(fmt::format("{} returned {}", program.name, result));
  }
}

Clock::time_point Session::State::next_due() const {
  Clock::time_point next = deadline;
  for (const Attached &program : attached)
    if (program.hook.kind == Hook::Interval) next = std::min(next, program.due);
  // Timers of programs count in CLOCK_MONOTONIC, as this clock does.
  if (const auto due = timers.next_due())
    next = std::min(next, Clock::time_point(std::chrono::nanoseconds(std::min<uint64_t>(*due, INT64_MAX))));
  return next;
}

// A handler that is late runs once, not once for each period missed.
Clock::time_point Session::State::run_due_intervals() {
  if (timers.run_due(env.now_ns(), env) != 0 && has_record_maps) print_waiting_records();
  const Clock::time_point time = now();
  for (Attached &program : attached) {
    if (program.hook.kind != Hook::Interval || program.due > time) continue;
    fire(program, own_event());
    const auto period = std::chrono::duration_cast<Clock::duration>(program.hook.period);
    program.due += period * ((time - program.due) / period + 1);
  }
  return next_due();
}

std::string Session::State::maps_as(OutputFormat &format) {
  std::string text;
  for (size_t i = 0; i < object->maps.size(); i++) {
    const object::Map &map = object->maps[i];
    const bool is_shown = !displays[i].is_scratch && (!handled[i] || displays[i].is_result());
    if (is_shown && !map.is_global_data && map.type != BPF_MAP_TYPE_STRUCT_OPS)
      text += format.map(*object, map, displays[i], *maps.pointers()[i]);
  }
  maps.settle();
  return text;
}

void Session::State::print_maps() { write(maps_as(*options.format)); }

// Who asked in the meantime for the maps. The flags are read for each event: an exchange would cost more than it.
void Session::State::answer(Control &control) {
  if (control.print_maps.load(std::memory_order_relaxed) && control.print_maps.exchange(false)) print_maps();
  if (options.metrics == nullptr || !options.metrics->wants()) return;
  const auto format = make_output_format("openmetrics", nullptr);
  const std::string metrics = maps_as(*format);
  options.metrics->take(metrics + format->end());
}

// A command that is started, or a process that is attached to.
Result<void> Session::State::start_child(hooks::ChildTracer &tracer) {
  if (options.pid) return tracer.attach(static_cast<pid_t>(*options.pid));
  auto argv = hooks::split_words(*options.command);
  if (!argv) return std::unexpected(argv.error());
  auto started = tracer.start(*argv);
  if (!started) outcome.child_status = hooks::exit_status_of(started.error());
  return started;
}

Result<void> Session::State::run_child(Control &control) {
  std::vector<hooks::Tracepoint> wanted;
  std::vector<const Attached *> listeners;  // by index in [wanted]
  for (const Attached &program : attached) {
    if (program.hook.kind != Hook::Tracepoint) continue;
    wanted.push_back(program.hook.tracepoint);
    listeners.push_back(&program);
  }
  hooks::ChildOptions child{asks_for_cpu, asks_for_stack, {}, {}, {}};
  std::vector<maps::Map *> of_tasks;
  for (size_t i = 0; i < object->maps.size(); i++)
    if (object->maps[i].type == BPF_MAP_TYPE_TASK_STORAGE) of_tasks.push_back(maps.pointers()[i]);
  // What a task keeps goes with it.
  if (!of_tasks.empty())
    child.on_gone = [&](uint32_t tid) {
      const uint64_t key = tid;
      for (maps::Map *map : of_tasks) map->erase(reinterpret_cast<const std::byte *>(&key));
    };
  for (const Attached &program : attached) {
    if (program.hook.kind != Hook::UserProbe) continue;
    child.probes.push_back(program.hook.user_probe);
    listeners.push_back(&program);
  }
  for (const Attached &program : attached) {
    if (program.hook.kind != Hook::Sample) continue;
    child.sample_periods.push_back(program.hook.period);
    listeners.push_back(&program);
  }
  std::atomic<bool> stop = false;
  std::map<std::pair<size_t, std::string_view>, hooks::Tracepoint> hits;  // by listener and place: how they are written
  const auto written = [&](size_t hook, const vm::Event &event) -> const hooks::Tracepoint & {
    const Hook &of = listeners[hook]->hook;
    if (of.kind != Hook::UserProbe) return of.tracepoint;
    const auto known = hits.find({hook, event.place});
    if (known != hits.end()) return known->second;
    auto made = hooks::hit_event(hooks::hit_name(of.probe_name, event.place));
    return hits.emplace(std::pair(hook, event.place), std::move(made)).first->second;
  };
  hooks::ChildTracer tracer(
      std::move(wanted),
      [&](size_t hook, const vm::Event &event) {
        if (recorder) {
          vm::Event recorded = event;
          recorder->begin(written(hook, event), recorded, hook);
          fire(*listeners[hook], recorded);
        } else {
          fire(*listeners[hook], event);
        }
        if (ended(control)) stop = true;
      },
      std::move(child));
  if (auto started = start_child(tracer); !started) return started;
  if (options.pid && has(Hook::Tracepoint) && options.status)
    options.status(
        fmt::format("each system call of process {} stops it twice, not only those that are asked for", *options.pid));
  for (;;) {
    // A glance at the signals' flags and the timers now and then, however quiet the child is.
    constexpr auto kGlance = std::chrono::milliseconds(50);
    const auto end = tracer.run(stop, std::min(next_due(), Clock::now() + kGlance));
    if (end == hooks::ChildTracer::Ended::Exited) break;
    run_due_intervals();
    answer(control);
    if (ended(control) || Clock::now() >= deadline) {
      tracer.finish();
      break;
    }
  }
  if (recorder) recorder->finish();
  if (options.status)
    for (const std::string &notice : tracer.notices()) options.status(notice);
  if (options.command) outcome.child_status = tracer.exit_status();
  return {};
}

Result<void> Session::State::run_packets(Control &control) {
  std::atomic<bool> stop = false;
  // Several filters: the packet passes when all pass it, cut to the shortest.
  const auto filter = [&](const vm::Event &event) {
    uint64_t keep = UINT32_MAX;
    verdicts.clear();
    sent.clear();
    for (Attached &program : attached) {
      if (program.hook.kind != Hook::Packet) continue;
      const Stopwatch watch(options.stats, program);
      const Disposal disposal = run_on_packet(*program.loaded, program.type, event, env);
      keep = std::min<uint64_t>(keep, disposal.kept);
      if (!options.verdicts.empty()) verdicts.push_back(verdict_of(program.name, program.type, disposal, env));
      if (!options.redirected.empty()) add_sent(program.type, disposal, env, *event.packet, sent);
    }
    outcome.events++;
    if (timers.next_due()) timers.run_due(env.now_ns(), env);
    if (has_record_maps) print_waiting_records();
    answer(control);
    if (ended(control)) stop = true;
    return hooks::Filtered{keep, verdicts, sent};
  };
  const auto done = hooks::filter_packets({std::move(*options.packets), options.pass, options.drop, options.verdicts,
                                           options.redirected, hooks::Layer::Link},
                                          filter, stop);
  if (!done) return std::unexpected(done.error());
  const hooks::PacketCounts &counts = done->counts;
  if (options.status)
    options.status(fmt::format("{} packets: {} passed, {} truncated, {}{} dropped{}", counts.seen, counts.passed,
                               counts.truncated, counts.changed == 0 ? "" : fmt::format("{} changed, ", counts.changed),
                               counts.dropped,
                               options.redirected.empty() ? "" : fmt::format("; {} redirected", counts.redirected)));
  if (options.status && counts.left_out != 0)
    options.status(
        fmt::format("{} frames of 802.11 hold no packet that could be shown: of management or control, encrypted, "
                    "or in parts",
                    counts.left_out));
  // What came before the damage has been filtered and counted.
  if (done->trouble) return std::unexpected(*done->trouble);
  return {};
}

// Only time passes: until a signal, or -T. Without intervals and without -T there is nothing to wait for.
void Session::State::run_timers(Control &control) {
  while (!ended(control) && Clock::now() < deadline) {
    if (!has(Hook::Interval) && next_due() == Clock::time_point::max()) return;
    const Clock::time_point next = run_due_intervals();
    answer(control);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now()).count();
    // A signal ends the sleep; the bound is for one that arrives just before it.
    ::poll(nullptr, 0, static_cast<int>(std::clamp<int64_t>(left + 1, 0, 50)));
  }
}

void Session::State::begin() {
  const Clock::time_point time = now();
  if (options.duration) deadline = time + std::chrono::duration_cast<Clock::duration>(*options.duration);
  fire_all(Hook::Begin);
  run_once();
  for (Attached &program : attached)
    if (program.hook.kind == Hook::Interval)
      program.due = time + std::chrono::duration_cast<Clock::duration>(program.hook.period);
}

void Session::State::end() {
  fire_all(Hook::End);
  print_maps();
  write(options.format->end());
  report_failures();
  if (options.stats) gather_stats();
}

Result<Outcome> Session::run(Control &control) {
  State &s = *state_;
  s.begin();
  Result<void> result;
  if (s.outcome.exit_status)
    ;  // a begin handler had enough
  else if (s.options.kernel)
    result = s.run_in_kernel(control);
  else if (s.options.command || s.options.pid)
    result = s.run_child(control);
  else if (s.options.packets)
    result = s.run_packets(control);
  else if (s.options.events)
    result = s.run_events(*this, control);
  else if (s.options.recording)
    result = s.run_recording(*this, control);
  else
    s.run_timers(control);

  // What was gathered is shown even when the source of events ended in an error.
  if (result || s.outcome.events != 0) s.end();
  if (!result) return std::unexpected(result.error());
  return s.outcome;
}

}  // namespace spile::session
