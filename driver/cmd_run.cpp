// spile run FILE: compile (or read), verify, run: on a command's system calls, on a capture, or on timers alone.
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <span>

#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/events_from.h"
#include "driver/jit_options.h"
#include "driver/judge.h"
#include "driver/mend.h"
#include "driver/metrics_server.h"
#include "driver/network_option.h"
#include "driver/output_file.h"
#include "driver/script_options.h"
#include "driver/test_files.h"
#include "runtime/hooks/event_file.h"
#include "runtime/hooks/interval.h"
#include "runtime/hooks/launch.h"
#include "runtime/hooks/perf_script.h"
#include "runtime/kernel/kernel_object.h"
#include "runtime/session/session.h"
#include "support/check.h"
#include "support/numbers.h"
#include "support/whole_file.h"

namespace spile::driver {

namespace {

struct EngineName {
  std::string_view name;
  session::EngineKind kind;
  std::string_view meaning;
};
constexpr EngineName kEngines[] = {
    {"auto", session::EngineKind::Tiered, "interpreter, and LLVM when a program is hot"},
    {"interp", session::EngineKind::Interpreter, "interpreter"},
    {"jit", session::EngineKind::Jit, "LLVM JIT"},
};

// Signal handlers reach only what is static.
session::Control *g_control = nullptr;

void on_signal(int signal) {
  if (g_control == nullptr) return;
  if (signal == SIGUSR1) {
    g_control->print_maps = true;
    return;
  }
  // A second Ctrl-C does not wait for anything.
  if (g_control->stop.exchange(true) && signal == SIGINT) ::_exit(128 + SIGINT);
}

// INT, TERM and HUP end the trace in good order; USR1 prints the maps. Undone when it goes out of scope. What is
// ignored (HUP of nohup, INT of a script's background) stays so, for the command too.
class Signals {
 public:
  explicit Signals(session::Control &control) {
    g_control = &control;
    struct sigaction action{};
    action.sa_handler = on_signal;
    for (size_t i = 0; i < std::size(kSignals); i++) {
      ::sigaction(kSignals[i], nullptr, &old_[i]);
      if (old_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
    }
  }
  ~Signals() {
    for (size_t i = 0; i < std::size(kSignals); i++) ::sigaction(kSignals[i], &old_[i], nullptr);
    g_control = nullptr;
  }
  Signals(const Signals &) = delete;
  Signals &operator=(const Signals &) = delete;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
  struct sigaction old_[std::size(kSignals)]{};
};

// With -c the exit code belongs to the command; our own troubles are then 125, 126 and 127, as env(1) and timeout(1)
// do.
int own_failure(int code, const session::Options &options) {
  return options.command && code != kExitOk ? kExitChildFailed : code;
}

// -G NAME=VALUE, and of the words behind `--` --NAME=VALUE and those that are `$1`, `$2`, ...
Result<void> set_globals(object::Object &object, const po::variables_map &values, Arguments of_probe) {
  std::vector<std::string> assignments;
  if (values.contains("global")) assignments = values["global"].as<std::vector<std::string>>();
  size_t parameters = 0;
  for (const std::string &word : of_probe)
    assignments.push_back(word.starts_with("--") ? word.substr(2) : fmt::format("${}={}", ++parameters, word));
  for (const std::string &assignment : assignments)
    if (auto set = set_option(object, assignment); !set) return set;
  return {};
}

// Where the events of -i FILE come from: recorded ones, or the packets of what is not known to be a recording. The file
// is opened once, so it may be a pipe.
class EventsOfFile {
 public:
  Result<void> open(const std::string &path, const object::Btf &btf, session::Options &options) {
    auto bytes = hooks::ByteStream::open(path);
    if (!bytes) return std::unexpected(bytes.error());
    auto recording = hooks::open_recording(*bytes);
    if (!recording) return std::unexpected(recording.error());
    if (*recording != nullptr) {
      recording_ = std::move(*recording);
      options.recording = recording_.get();
      options.virtual_time = session::VirtualTime{.clock_ns = recording_->clock_ns()};
      return {};
    }
    constexpr size_t kBegin = 16;
    const auto begin = bytes->look_text(kBegin);
    if (!begin) return std::unexpected(begin.error());
    if (path.ends_with(".evt") || hooks::begins_as_events(*begin)) {
      auto text = bytes->rest(SourceManager::kMaxFileSize);
      if (!text) return std::unexpected(text.error());
      path_ = path;
      text_ = std::move(*text);
      constants_ = constants_of(btf);
      return take(hooks::read_event_lines(path_, text_, constants_), options);
    }
    if (auto script = hooks::read_perf_script(*bytes); !script || *script != nullptr)
      return take(std::move(script), options);
    options.packets = std::move(*bytes);
    return {};
  }

 private:
  Result<void> take(Result<std::unique_ptr<hooks::EventSteps>> steps, session::Options &options) {
    if (!steps) return std::unexpected(steps.error());
    steps_ = std::move(*steps);
    options.events = steps_.get();
    options.virtual_time = session::VirtualTime{steps_->clock_ns(), steps_->seed()};
    return {};
  }

  std::string path_, text_;
  hooks::Constants constants_;
  std::unique_ptr<hooks::EventSteps> steps_;
  std::unique_ptr<hooks::Recording> recording_;
};

// The functions of a recording in the kernel.
Result<object::Object> compile_tap(const std::string &source, Console &console) {
  CompileOptions options;
  options.text = source;
  Compilation compilation("recording.bpf.c", std::move(options), console, InputKind::Source);
  object::Object *object = compilation.object();
  SPILE_CHECK(object != nullptr, "what a recording adds to programs compiles");
  return std::move(*object);
}

// By the name of the file: `.evb` is the binary form.
std::unique_ptr<hooks::EventWriter> event_writer(const std::string &path, hooks::EventWriter::Write write) {
  if (path.ends_with(".evb")) return std::make_unique<hooks::EventFileWriter>(std::move(write));
  return std::make_unique<hooks::EventTextWriter>(std::move(write));
}

// The verdict of our verifier explains at the source line what the kernel's refuses; its own words come with -v, and
// where ours has nothing to say.
int explain_refusal(Compilation &source, const kernel::Refusal &refusal, const Error &error, JudgeOptions judging,
                    Console &console) {
  if (refusal.program.empty()) return console.fail(error);
  judging.program = refusal.program;
  judging.btf = "host";
  KernelTypes types;
  int code = kExitOk;
  judging.report = false;
  if (object::Object &object = *source.object(); relocate_for(object, judging.btf, types))
    report_and_mend(source, judge(object, source.sources(), judging, types, console, code), judging, types, console);
  if (console.verbosity > 0) console.error_text(refusal.log);
  if (code != kExitProgram) return console.fail(error);
  console.status("the kernel refuses `{}` too{}; -v shows its log", refusal.program,
                 refusal.place.empty() ? "" : ", at " + refusal.place);
  return code;
}

// --stats.
void say_stats(const session::Outcome &outcome, Console &console) {
  for (const session::Outcome::Ran &ran : outcome.programs)
    if (ran.times != 0)
      console.error_text(fmt::format("spile: {} ({}): {} run{}, {} ns each\n", ran.name, ran.section, ran.times,
                                     ran.times == 1 ? "" : "s", ran.ns / ran.times));
    else
      console.error_text(fmt::format("spile: {} ({}): did not run\n", ran.name, ran.section));
  for (const session::Outcome::Filled &map : outcome.maps)
    console.error_text(fmt::format("spile: map {}: {} of {} elements\n", map.name, map.elements, map.room));
}

// --strict: what is otherwise only said is an error.
bool has_trouble(const session::Outcome &outcome) { return outcome.failed_helpers != 0 || outcome.lost_records != 0; }

bool waits_for_events(tables::HookKind hook) {
  return hook == tables::HookKind::Tracepoint || hook == tables::HookKind::UserProbe ||
         hook == tables::HookKind::Sample || hook == tables::HookKind::Packet;
}

int run_session(const object::Object &object, const std::vector<Judged> &judged, session::Options options,
                bool is_strict, Console &console) {
  std::vector<session::Accepted> accepted;
  accepted.reserve(judged.size());
  for (const Judged &one : judged)
    accepted.push_back({&one.program, one.type, session::first_kernel_access(one.verdict)});
  const bool traces_child = options.command.has_value(), has_stats = options.stats;
  auto session = session::Session::open(object, accepted, std::move(options));
  if (!session) {
    const int code = console.fail(session.error());
    return traces_child ? kExitChildFailed : code;
  }
  session::Control control;
  const Signals signals(control);
  const auto outcome = (*session)->run(control);
  if (!outcome) {
    const int code = console.fail(outcome.error());
    return traces_child ? hooks::exit_status_of(outcome.error()) : code;
  }
  if (has_stats) say_stats(*outcome, console);
  const bool waits = std::ranges::any_of(judged, [](const Judged &one) { return waits_for_events(one.type->hook); });
  if (waits && outcome->events == 0) console.status("no event came: the programs did not run");
  if (outcome->exit_status.value_or(0) != 0) return *outcome->exit_status;
  if (is_strict && has_trouble(*outcome)) {
    console.fail({Error::Kind::Environment, "helpers failed or records were lost, and --strict is set", {}, 0});
    return kExitRuntime;
  }
  if (outcome->exit_status) return *outcome->exit_status;
  return outcome->child_status.value_or(kExitOk);
}

}  // namespace

int command_run(Arguments arguments, Console &console) {
  // As bpftrace and stap list hooks.
  if (!arguments.empty() && (arguments[0] == "-l" || arguments[0] == "-L" || arguments[0] == "-lv")) {
    std::vector<std::string> listing(arguments.begin() + 1, arguments.end());
    if (arguments[0] != "-l") listing.emplace_back("-v");
    return command_list(listing, console);
  }
  CommandLine line;
  line.usage = "spile [run] [options] FILE.c|FILE.o|-|-e PROGRAM [-- --NAME=VALUE ...]";
  line.about =
      "Compiles FILE (or reads it, when it is an object of any compiler), verifies every program in it, and runs\n"
      "them. stdout carries what the probe prints, and at the end the maps that none of its handlers deals with.";
  line.footer =
      "  spile -e 'tracepoint/syscalls/sys_enter_openat { printf(\"%s\\n\", str(ctx->filename)); }' -c \"ls /\"\n"
      "  spile killsnoop.bpf.c -c \"sh -c 'sleep 60 & kill -9 \\$!'\"\n"
      "  spile run dnsonly.bpf.c -i traffic.pcap --pass dns.pcap\n\n"
      "Exit status: with -c that of CMD (128+N when signal N killed it); 125, 126, 127 when spile failed, CMD could\n"
      "not be executed, or was not found. Otherwise 0; 1 the program is wrong; 2 wrong usage; 3 the environment\n"
      "says no; 5 the verifier cannot judge the program. 4 with --strict, where CMD gave 0: helpers failed or records\n"
      "were lost.\n"
      "exit(N) in the probe comes before all of it.";
  line.add_common();
  line.options.add_options()("execute,e", po::value<std::string>()->value_name("PROGRAM"),
                             "run PROGRAM, in the short form: HOOK { BODY } ...")(
      "on", po::value<std::string>()->value_name("WHERE"),
      "where the events come from: auto (the default), ptrace (of CMD), replay (of -i FILE), kernel")(
      "command,c", po::value<std::string>()->value_name("CMD"), "run CMD and trace what it and its children do")(
      "pid,p", po::value<uint32_t>()->value_name("PID"), "trace what this process and the children that it starts do")(
      "dev", po::value<std::string>()->value_name("INTERFACE"),
      "with --on=kernel: whose packets socket filters, XDP and tc programs see")(
      "cgroup", po::value<std::string>()->value_name("FOLDER"),
      "with --on=kernel: the control group (version 2) that cgroup programs are about")(
      "map", po::value<std::string>()->value_name("NAME"),
      "with --on=kernel: the map whose sockets sk_msg and sk_skb programs see, or that an iterator shows: one of the "
      "probe, or a file in bpffs; needed where several fit")(
      "netfilter", po::value<std::string>()->value_name("PLACE"),
      "with --on=kernel: where netfilter programs sit, FAMILY/HOOK[/PRIORITY][/defrag] as in inet/input")(
      "port", po::value<uint16_t>()->value_name("NUMBER"),
      "with --on=kernel: the port whose sockets (SO_REUSEPORT) sk_reuseport programs choose from")(
      "input,i", po::value<std::string>()->value_name("FILE"),
      "run packet programs on a pcap or pcapng file, or any on recorded events: .evt, .evb, trace.dat, the text of "
      "`perf script`; - is standard input")("pass", po::value<std::string>()->value_name("FILE"),
                                            "write the packets that pass, as pcap")(
      "drop", po::value<std::string>()->value_name("FILE"), "write the packets that are dropped, as pcap")(
      "verdicts", po::value<std::string>()->value_name("FILE"),
      "write all packets as pcapng, each with what the programs said of it")(
      "redirected", po::value<std::string>()->value_name("FILE"),
      "write the packets that XDP and tc programs redirect, clone or send back as pcapng, each with the interface "
      "that it leaves by")("output,o", po::value<std::string>()->value_name("FILE"),
                           "write what the probe prints to FILE")(
      "pin", po::value<std::string>()->value_name("FOLDER"),
      "keep the maps: in files of FOLDER, which `spile map` reads and the next run goes on with; with --on=kernel, in "
      "FOLDER of the kernel's bpffs")(
      "rotate", po::value<std::string>()->value_name("SIZE[,N]"),
      "with -o: when FILE has SIZE bytes (K, M, G), it becomes FILE.1, that FILE.2, ... up to FILE.N (5)")(
      "format,f", po::value<std::string>()->value_name("FORMAT"),
      "text (the default), json, csv or openmetrics: printed lines, records and maps, by the types in BTF")(
      "listen", po::value<std::string>()->value_name("ADDRESS:PORT"),
      "give the maps as OpenMetrics to who asks http://ADDRESS:PORT/metrics while the probe runs")(
      "engine", po::value<std::string>()->value_name("ENGINE"),
      "auto (the default: interpreted, and compiled when it is hot), interp or jit")(
      "duration,T", po::value<std::string>()->value_name("TIME"), "end the run after 10 (seconds), 500ms, 1m")(
      "strict", "helpers that fail, maps that are full and records that are lost make the run fail: exit status 4")(
      "stats", "say on stderr how often and how long each program ran, and how full the maps are")(
      "prog", po::value<std::string>()->value_name("NAME"), "run only this program")(
      "global,G", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "set a `const volatile` global of the probe; so does --NAME=VALUE behind --, where --help lists them")(
      "kconfig", po::value<std::string>()->value_name("FILE"),
      "values of `extern __kconfig`: a kernel's .config; default: this kernel's");
  add_network_option(line.options);
  add_jit_options(line.options);
  add_compile_options(line.options);
  // What `spile record -o` becomes.
  line.hidden.add_options()("file", po::value<std::string>())("record", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto separator = std::ranges::find(arguments, "--");
  const Arguments of_probe(separator == arguments.end() ? separator : separator + 1, arguments.end());
  arguments = Arguments(arguments.begin(), separator);
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (values->contains("file") == values->contains("execute"))
    return console.usage("`spile run` needs a file or -e PROGRAM");
  auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());

  const auto text = [&](const char *name) {
    return values->contains(name) ? std::optional((*values)[name].as<std::string>()) : std::nullopt;
  };
  session::Options options;
  options.command = text("command");
  const auto input = text("input");
  options.pass = text("pass").value_or("");
  options.drop = text("drop").value_or("");
  options.verdicts = text("verdicts").value_or("");
  options.redirected = text("redirected").value_or("");
  for (const char *option : {"pass", "drop", "verdicts", "redirected"})
    if (const auto path = text(option); path && input && *path != "-")
      if (const auto kept = check_not_read(fmt::format("--{}", option), *path, std::span(&*input, 1)); !kept)
        return console.fail(kept.error());
  // Where stdout carries packets or events, what the probe prints goes to stderr.
  bool prints_aside = false;
  for (std::string *file : {&options.pass, &options.drop, &options.verdicts, &options.redirected})
    if (*file == "-") {
      if (prints_aside) return console.usage("two files cannot both be standard output, `-`");
      prints_aside = true;
      *file = "/dev/stdout";
    }
  options.pin = text("pin").value_or("");
  auto network = network_of(*values);
  if (!network) return console.fail(network.error());
  options.network = std::move(*network);
  if (options.command && input)
    return console.usage("-c and -i cannot be had together: one run has one source of events");
  EventsFrom from = EventsFrom::Auto;
  if (const auto on = text("on")) {
    const auto named = events_from(*on);
    if (!named) return console.usage("--on takes auto, ptrace, replay or kernel, not `{}`", *on);
    from = *named;
    if ((from == EventsFrom::Replay) != input.has_value())
      return console.usage("{}", from == EventsFrom::Replay ? "--on=replay needs a recording: -i FILE"
                                                            : "-i FILE is a recording: --on=replay");
  }
  if (values->contains("pid")) {
    if (from == EventsFrom::Replay) return console.usage("-p is about a process that runs, and -i FILE about the past");
    if (from == EventsFrom::Auto && !values->contains("record"))
      from = kernel::check_allowed() ? EventsFrom::Kernel : EventsFrom::Ptrace;
    if (from == EventsFrom::Ptrace) options.pid = (*values)["pid"].as<uint32_t>();
  }
  for (const char *name : {"dev", "cgroup", "map", "netfilter", "port"})
    if (values->contains(name)) {
      if (from == EventsFrom::Ptrace || from == EventsFrom::Replay)
        return console.usage("--{} is about the kernel: --on=kernel", name);
      from = EventsFrom::Kernel;
    }
  if (options.network != nullptr && from == EventsFrom::Kernel)
    return console.usage("--net is about programs that run here: the kernel's have its own network");
  if (values->contains("pid") && options.command)
    return console.usage("-c and -p cannot be had together: one run is about one of them");
  const std::string engine = text("engine").value_or("auto");
  const auto *const chosen = std::ranges::find(kEngines, engine, &EngineName::name);
  if (chosen == std::end(kEngines)) return console.usage("--engine takes auto, interp or jit, not `{}`", engine);
  options.engine = chosen->kind;
  options.jit = jit_settings(*values);
  if (const auto duration = text("duration")) {
    // Seconds, as stap and timeout(1) count, where no unit is given.
    const bool has_unit = !whole_number<uint64_t>(*duration);
    const auto parsed = hooks::parse_interval(has_unit ? *duration : *duration + "s");
    if (!parsed) return console.usage("-T: {}", parsed.error().message);
    options.duration = *parsed;
  }
  std::optional<WholeFile> recording;  // which may take the place of -i
  bool is_recorded = false;
  std::unique_ptr<hooks::EventWriter> writer;
  if (auto path = text("record")) {
    if (*path == "-") {
      prints_aside = true;
      *path = "/dev/stdout";
    }
    if (!options.command && !input && !values->contains("pid") && from != EventsFrom::Kernel)
      return console.usage(
          "`spile record` needs a command to record, -c CMD, a process, -p PID, or events, -i FILE; --on=kernel, as "
          "root, records all processes");
    if (input && values->contains("pid"))
      return console.usage("-p and -i cannot be had together: one recording has one source of events");
    if (from != EventsFrom::Kernel) from = input ? EventsFrom::Replay : EventsFrom::Ptrace;
    if (values->contains("pid") && from == EventsFrom::Ptrace) options.pid = (*values)["pid"].as<uint32_t>();
    if (const auto probe = text("file"))  // -i may be replaced: it has been read by then
      if (const auto kept = check_not_read("-o", *path, std::span(&*probe, 1)); !kept)
        return console.fail(kept.error());
    auto created = WholeFile::create(*path);
    if (!created) return own_failure(console.fail(created.error()), options);
    recording.emplace(std::move(*created));
    writer = event_writer(*path, [&](const std::string &bytes) {
      recording->write(std::as_bytes(std::span(bytes)));
      is_recorded = true;
    });
    options.record = writer.get();
  }
  OutputFile output;
  if (const auto rotation = text("rotate")) {
    if (!text("output") || *text("output") == "-") return console.usage("--rotate is about the file of -o");
    if (auto set = output.set_rotation(*rotation); !set) return console.fail(set.error());
  }
  if (const auto path = text("output"); path && *path != "-") {
    std::vector<std::string> read;
    for (const char *name : {"file", "input"})
      if (const auto other = text(name)) read.push_back(*other);
    if (auto chosen_file = output.choose(*path, read); !chosen_file)
      return own_failure(console.fail(chosen_file.error()), options);
    options.print = [&output](std::string_view out) { return output.write(out); };
  } else {
    options.print = [&console, prints_aside](std::string_view out) {
      if (!prints_aside) return console.print(out);
      console.error_text(out);
      return true;
    };
  }
  options.status = [&console](const std::string &status) { console.status("{}", status); };
  options.loss = [&console](const std::string &loss) {
    if (console.diagnostics_format == DiagnosticsFormat::Text) console.error_text(fmt::format("spile: {}\n", loss));
  };
  std::unique_ptr<MetricsServer> server;
  if (const auto address = text("listen")) {
    auto opened = MetricsServer::open(*address);
    if (!opened) return own_failure(console.fail(opened.error()), options);
    server = std::move(*opened);
    options.metrics = server.get();
    console.status("metrics: {}", server->url());
  }
  const std::string format = text("format").value_or("text");
  options.format =
      session::make_output_format(format, [&console](const std::string &line) { console.error_text(line + "\n"); });
  if (options.format == nullptr) return console.usage("-f takes text, json, csv or openmetrics, not `{}`", format);

  for_this_machine(*compile);
  compile->text = text("execute");
  compile->form = compile->text ? SourceForm::Short : SourceForm::Either;
  Compilation compilation(compile->text ? "-e" : (*values)["file"].as<std::string>(), *compile, console);
  object::Object *object = compilation.object();
  compilation.summary();
  if (object == nullptr) return own_failure(compilation.exit_code(), options);
  if (std::ranges::find(of_probe, "--help") != of_probe.end()) {
    console.print(options_help(*object));
    return kExitOk;
  }
  if (const auto set = set_globals(*object, *values, of_probe); !set)
    return own_failure(console.fail(set.error()), options);
  JudgeOptions judging;
  judging.btf = compile->btf;
  judging.kconfig = text("kconfig").value_or("host");
  judging.program = text("prog").value_or("");
  judging.leave_optional = true;
  if (from == EventsFrom::Auto) {
    const Choice choice = choose_events(*object, judging.program, input.has_value(), options.command.has_value());
    from = choice.from;
    if (from == EventsFrom::Kernel || console.verbosity > 0)
      console.status("on {}: {}", from == EventsFrom::Kernel ? "the kernel" : "this machine's processes", choice.why);
  }
  if (from == EventsFrom::Kernel) {
    session::KernelSide::Options side;
    side.has_command = options.command.has_value();
    side.places.interface = text("dev").value_or("");
    side.places.cgroup = text("cgroup").value_or("");
    side.places.map = text("map").value_or("");
    side.places.netfilter = text("netfilter").value_or("");
    if (values->contains("port")) side.places.port = (*values)["port"].as<uint16_t>();
    side.pin = options.pin;
    if (values->contains("pid")) side.pid = (*values)["pid"].as<uint32_t>();
    if (options.record != nullptr)
      side.compile_tap = [&](const std::string &source) { return compile_tap(source, console); };
    kernel::Refusal refusal;
    auto loaded = session::KernelSide::load(*object, judging.program, std::move(side), refusal);
    if (!loaded) return own_failure(explain_refusal(compilation, refusal, loaded.error(), judging, console), options);
    options.kernel = std::move(*loaded);
    judging.user_side_alone = true;
  }
  KernelTypes types;
  if (auto relocated = relocate_for(*object, compile->btf, types); !relocated)
    return own_failure(console.fail(relocated.error()), options);
  judging.report = false;
  const std::vector<Judged> judged = judge(*object, compilation.sources(), judging, types, console, code);
  if (code != kExitOk) {
    report_and_mend(compilation, judged, judging, types, console);
    return own_failure(code, options);
  }
  if (console.verbosity > 0) console.status("{} programs verified; engine: {}", judged.size(), chosen->meaning);
  EventsOfFile events;
  if (input) {
    if (const auto opened = events.open(*input, object->btf, options); !opened) return console.fail(opened.error());
    const bool takes_packets =
        std::ranges::any_of(judged, [](const Judged &one) { return one.type->hook == tables::HookKind::Packet; });
    if (options.packets && !takes_packets)
      return console.fail({Error::Kind::Input,
                           fmt::format("`{}` is no recording, and no program of the probe takes packets", *input),
                           "recordings are .evt, .evb, trace.dat, and the text of `perf script`", 0});
  }
  if (options.virtual_time && !compile->btf.empty())
    if (const auto known = types.get(compile->btf)) options.kernel_types = *known;
  const bool traces_child = options.command.has_value();
  if (auto opened = output.open(); !opened) return own_failure(console.fail(opened.error()), options);
  options.stats = values->contains("stats");
  const int status = run_session(*object, judged, std::move(options), values->contains("strict"), console);
  for (const auto &written :
       {output.close(), is_recorded ? recording->commit() : Result<void>(), console.finish_output()})
    if (!written) {
      const int failed = console.fail(written.error());
      return traces_child ? kExitChildFailed : failed;
    }
  return status;
}

}  // namespace spile::driver
