// spile exec: runs a program on what the command line gives it, on one engine or on several, and prints r0.
//
//   --hex, FILE.s, --unverified ──► maps, context or packet ──► checked, jit: every access and every call is looked at
//   a program of a known type   ──► the verifier ──► the same ──► interp, jit, kernel: equal results
#include <linux/bpf.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "backend/isa/asm.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/exec_conformance.h"
#include "driver/exec_input.h"
#include "driver/jit_options.h"
#include "driver/judge.h"
#include "driver/network_option.h"
#include "runtime/session/trial.h"
#include "runtime/vm/checked.h"
#include "runtime/vm/jit_checked.h"
#include "runtime/vm/jit_host.h"
#include "runtime/vm/tiered.h"

namespace spile::driver {

namespace {

// As --engine names them.
constexpr std::string_view kEngines[] = {"auto", "checked", "interp", "jit", "kernel"};

struct Request {
  std::vector<std::string> engines;  // of kEngines; empty: what suits the program
  std::vector<std::string> ctx;
  std::shared_ptr<const helpers::Network> network;
  std::optional<std::string> memory, packet, type, program;
  uint64_t repeat = 1;
  std::optional<uint64_t> fuel;
  bool unverified = false;
  bool json = false;
  vm::JitSettings jit;
};

// What one engine says of the program.
struct Report {
  std::string_view engine;
  session::TrialResult result;
  std::optional<uint64_t> insns;  // executed in a run
  std::optional<vm::Fault> fault;
};

void print_json(Console &console, const Report &report) {
  console.print(fmt::format("{{\"r0\":{},\"ns_per_run\":{:.1f},\"insns\":{},\"engine\":\"{}\"}}\n", report.result.r0,
                            report.result.ns_per_run, report.insns ? std::to_string(*report.insns) : "null",
                            report.engine));
}

// One answer when all agree; else each engine's, and an error.
int print_reports(Console &console, std::span<const Report> reports, const Request &request) {
  const Report &first = reports.front();
  if (first.result.printed) console.print(*first.result.printed);
  const auto differs = std::ranges::find_if(
      reports, [&](const Report &other) { return !session::difference(first.result, other.result).empty(); });
  if (request.json) {
    for (const Report &report : reports) print_json(console, report);
  } else if (differs == reports.end()) {
    console.print(fmt::format("0x{:x}\n", first.result.r0));
    console.print(first.result.maps);
    console.print(first.result.storage);
  } else {
    for (const Report &report : reports) console.print(fmt::format("{} 0x{:x}\n", report.engine, report.result.r0));
  }
  if (differs == reports.end()) return kExitOk;
  return console.fail(Error{
      Error::Kind::Input,
      fmt::format("{} and {}: {}", first.engine, differs->engine, session::difference(first.result, differs->result)),
      {},
      0});
}

// Where the program stopped, when it did so everywhere. The addresses in a message are each engine's own.
int report_fault(Console &console, const SourceManager &sources, std::span<const Report> reports) {
  const auto place = [](const Report &report) {
    return report.fault ? fmt::format("instruction {}: {}", report.fault->insn, report.fault->diagnostic.message)
                        : fmt::format("0x{:x}", report.result.r0);
  };
  const Report &first = reports.front();
  for (const Report &other : reports.subspan(1)) {
    const bool same = first.fault && other.fault && first.fault->insn == other.fault->insn &&
                      first.fault->diagnostic.info->name == other.fault->diagnostic.info->name;
    if (same) continue;
    return console.fail(Error{Error::Kind::Input,
                              fmt::format("{} and {}: {}; {}", first.engine, other.engine, place(first), place(other)),
                              {},
                              0});
  }
  if (first.result.printed) console.print(*first.result.printed);
  console.report(sources, first.fault->diagnostic);
  return kExitProgram;
}

// Bare instructions as an object with one program, which can be verified.
object::Object wrap(std::span<const isa::Insn> insns, const std::string &section) {
  object::Object object;
  object.path = "instructions";
  object.license = "GPL";
  const auto bytes = std::as_bytes(insns);
  object.sections.push_back({section, object::SectionKind::Program, bytes.size(), 8, {bytes.begin(), bytes.end()}, {}});
  object.symbols.push_back({"program", object::SymbolKind::Function, object::Binding::Global,
                            object::Visibility::Default, object::SectionId{0}, 0, bytes.size()});
  object.programs.push_back({"program", section, object::SectionId{0}, 0, bytes.size(), object::SymbolId{0}});
  return object;
}

// A program that may run: accepted by the verifier, or linked only.
struct Runnable {
  object::Program program;
  const tables::ProgramType *type = nullptr;
  std::optional<uint32_t> kernel_access = {};  // of what was verified
};

Result<session::TrialInput> input_for(const Runnable &runnable, const Request &request) {
  session::TrialInput input;
  input.repeat = request.repeat;
  input.network = request.network;
  const bool takes_packet = runnable.type->hook == tables::HookKind::Packet;
  const std::string &name = runnable.program.name;
  if (takes_packet && request.memory)
    return usage_error("`{}` takes a packet: give one with --packet, in hexadecimal or as FILE.pcap#N", name);
  if (!takes_packet && request.packet) return usage_error("`{}` takes no packet", name);
  auto values = parse_ctx(request.ctx, runnable.program, *runnable.type);
  if (!values) return std::unexpected(values.error());
  input.values = std::move(*values);
  if (request.packet) {
    if (auto read = read_packet(*request.packet, input); !read) return std::unexpected(read.error());
  }
  // A program of no type that says how long its memory is has what --mem gives.
  const bool is_bare = request.unverified && runnable.type->ctx == tables::CtxKind::Syscall;
  if (!is_bare) input.ctx = empty_context(runnable.program, *runnable.type);
  if (request.memory) {
    auto bytes = read_bytes(*request.memory, "--mem");
    if (!bytes) return std::unexpected(bytes.error());
    if (is_bare) {
      input.ctx = std::move(*bytes);
    } else {
      if (bytes->size() > input.ctx.size())
        return usage_error("--mem: {} bytes; the context of `{}` has {}", bytes->size(), name, input.ctx.size());
      std::ranges::copy(*bytes, input.ctx.begin());
    }
  }
  return input;
}

Result<session::TrialResult> try_here(const object::Object &object, std::span<const session::Accepted> programs,
                                      size_t chosen, std::string_view name, const session::TrialInput &input,
                                      vm::Supervision &supervision, const vm::JitSettings &jit) {
  auto engine = name == "jit" && !supervision.verified     ? vm::make_checked_jit(supervision, jit)
                : name == "jit"                            ? vm::make_jit(jit)
                : name == "auto" && supervision.verified   ? vm::make_tiered(jit)
                : name == "interp" && supervision.verified ? vm::make_interpreter()
                                                           : vm::make_checked_interpreter(supervision);
  if (!engine) return std::unexpected(engine.error());
  return session::try_program(object, programs, chosen, **engine, input);
}

// Programs of one object, on each engine, with maps of its own.
int run_programs(const object::Object &object, const SourceManager &sources, std::span<const Runnable> programs,
                 const Request &request, Console &console) {
  std::vector<session::Accepted> accepted;
  std::optional<size_t> chosen;
  for (const Runnable &one : programs) {
    const bool is_wanted = request.program ? one.program.name == *request.program
                                           : !session::MapSet::is_tail_called(object, one.program.name);
    if (is_wanted && chosen) return console.usage("{} has several programs: choose one with --prog", object.path);
    if (is_wanted) chosen = accepted.size();
    accepted.push_back({&one.program, one.type, one.kernel_access});
  }
  if (!chosen) return console.usage("{} has no program `{}`", object.path, request.program.value_or(""));
  const Runnable &program = programs[*chosen];
  if (!session::can_be_tried(*program.type))
    return console.fail(Error{Error::Kind::Unsupported,
                              fmt::format("`{}`: the context of {} holds objects of a kernel, which cannot be made up",
                                          program.program.name, program.program.section),
                              {},
                              0});
  auto input = input_for(program, request);
  if (!input) return console.fail(input.error());

  vm::Supervision supervision;
  supervision.verified = !request.unverified;
  if (request.unverified) supervision.fuel = vm::kDefaultFuel;
  if (request.fuel) supervision.fuel = *request.fuel;
  std::vector<Report> reports;
  std::vector<std::string> engines = request.engines;
  if (engines.empty()) engines.emplace_back(request.unverified ? "checked" : "interp");
  const bool in_kernel = std::ranges::find(engines, "kernel") != engines.end();
  // There a socket filter is shown what a socket of UDP or TCP gives it.
  if (in_kernel && program.type->number == BPF_PROG_TYPE_SOCKET_FILTER) input->layer = hooks::Layer::Network;
  for (const std::string &name : engines) {
    auto result = name == "kernel" ? session::try_in_kernel(object, accepted, *chosen, *input)
                                   : try_here(object, accepted, *chosen, name, *input, supervision, request.jit);
    if (!result) return console.fail(result.error());
    Report report{
        *std::ranges::find(kEngines, name), std::move(*result), {}, std::exchange(supervision.fault, std::nullopt)};
    // The kernel tells half of it.
    if (in_kernel) report.result.r0 = static_cast<uint32_t>(report.result.r0);
    reports.push_back(std::move(report));
  }
  if (std::ranges::any_of(reports, [](const Report &report) { return report.fault.has_value(); }))
    return report_fault(console, sources, reports);
  if (request.json) {
    // How many instructions a run executes, the checked interpreter says.
    supervision.executed = 0;
    supervision.exact = true;
    session::TrialInput once = *input;
    once.repeat = 1;
    if (try_here(object, accepted, *chosen, "checked", once, supervision, {}))
      for (Report &report : reports) report.insns = supervision.executed;
  }
  return print_reports(console, reports, request);
}

int run_verified(object::Object &object, const SourceManager &sources, const JudgeOptions &judging, KernelTypes &types,
                 const Request &request, Console &console) {
  int code = kExitOk;
  std::vector<Judged> judged = judge(object, sources, judging, types, console, code);
  if (code != kExitOk) return code;
  std::vector<Runnable> programs;
  for (Judged &one : judged)
    programs.push_back({std::move(one.program), one.type, session::first_kernel_access(one.verdict)});
  return run_programs(object, sources, programs, request, console);
}

// Whatever the verifier would say. A section that nobody knows is taken for one whose programs have bare memory.
int run_unverified(object::Object &object, const SourceManager &sources, const JudgeOptions &judging,
                   const Request &request, Console &console) {
  if (std::ranges::find(request.engines, "kernel") != request.engines.end()) {
    Error error{Error::Kind::Usage, "the kernel runs only what was verified", {}, 0};
    error.hint = "--type=SECTION says what the program is, so that it can be verified: --type=syscall";
    return console.fail(error);
  }
  if (auto provided = provide_kconfig(object, judging.kconfig); !provided) return console.fail(provided.error());
  std::vector<Runnable> programs;
  for (const object::ProgramEntry &entry : object.programs) {
    const tables::ProgramType *type = tables::find_program_type(request.type.value_or(entry.section));
    if (type == nullptr) type = tables::find_program_type("syscall");
    auto linked = object::link(object, entry);
    if (!linked) return console.fail(linked.error());
    programs.push_back({std::move(*linked), type});
  }
  return run_programs(object, sources, programs, request, console);
}

Result<std::vector<isa::Insn>> assemble_file(const std::string &path) {
  SourceManager sources;
  auto file = sources.load(path);
  if (!file) return std::unexpected(file.error());
  auto insns = isa::assemble((*file)->text);
  if (!insns) insns.error().message = path + ": " + insns.error().message;
  return insns;
}

Result<Request> request_of(const po::variables_map &values) {
  Request request;
  const auto text = [&](const char *name) {
    return values.contains(name) ? std::optional(values[name].as<std::string>()) : std::nullopt;
  };
  request.memory = text("mem");
  request.packet = text("packet");
  request.type = text("type");
  request.program = text("prog");
  if (values.contains("ctx")) request.ctx = values["ctx"].as<std::vector<std::string>>();
  if (values.contains("repeat")) request.repeat = values["repeat"].as<uint64_t>();
  if (values.contains("fuel")) request.fuel = values["fuel"].as<uint64_t>();
  auto network = network_of(values);
  if (!network) return std::unexpected(network.error());
  request.network = std::move(*network);
  request.unverified = values.contains("unverified");
  request.jit = jit_settings(values);
  if (const auto stats = text("stats")) {
    if (*stats != "json") return usage_error("--stats takes json, not `{}`", *stats);
    request.json = true;
  }
  if (request.repeat == 0) return usage_error("--repeat: at least 1");
  if (const auto list = text("engine")) {
    for (std::string_view rest = *list; !rest.empty();) {
      const std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      if (std::ranges::find(kEngines, name) == std::end(kEngines))
        return usage_error("--engine takes auto, checked, interp, jit, kernel, or several with commas, not `{}`", name);
      request.engines.emplace_back(name);
    }
  }
  return request;
}

}  // namespace

int command_exec(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile exec [options] FILE.c|FILE.o|FILE.s | --hex BYTES";
  line.about =
      "Runs one program and prints r0 in hexadecimal, then its maps. Programs of FILE.c and FILE.o are verified first\n"
      "and run on maps of their own, with a context or a packet that the options give. --hex, FILE.s and --unverified\n"
      "run what nobody verified: every access to memory and every argument of a helper is checked, and a fault names\n"
      "the instruction, its line, the address and the memory that is next to it. Without a type, r1 is the memory of\n"
      "--mem and r2 its length.";
  line.footer =
      "  spile exec --hex '61 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00' --mem 78563412\n"
      "  spile exec filter.bpf.c --packet traffic.pcap#3 --engine=interp,jit --repeat 1000000 --stats=json";
  line.add_common();
  line.options.add_options()("hex", po::value<std::string>()->value_name("BYTES"), "the instructions, 16 digits each")(
      "mem", po::value<std::string>()->value_name("BYTES"),
      "what r1 points to: hexadecimal digits, or a file; default: zeros")(
      "packet", po::value<std::string>()->value_name("PACKET"),
      "an Ethernet frame in hexadecimal, or FILE.pcap#N of a capture")(
      "ctx", po::value<std::vector<std::string>>()->value_name("NAME=N,..."),
      "fields of the context: mark=5, args[1]=0x10")(
      "engine", po::value<std::string>()->value_name("LIST"),
      "checked, interp, jit, auto (interp, then jit), kernel (BPF_PROG_TEST_RUN); several: their results are compared")(
      "repeat", po::value<uint64_t>()->value_name("N"), "run it N times; a run finds what the one before left")(
      "stats", po::value<std::string>()->value_name("json"), "print r0, time, instructions of a run for each engine")(
      "prog", po::value<std::string>()->value_name("NAME"), "the program, where an object has several")(
      "type", po::value<std::string>()->value_name("SECTION"),
      "what the instructions of --hex or FILE.s are, so that they are verified: socket, syscall, xdp, ...")(
      "unverified", "run it with every access checked, whatever the verifier says (checked, jit)")(
      "conformance",
      "be a plugin of bpf_conformance: `spile exec --conformance [MEMORY]`, instructions on stdin; with --unverified "
      "the "
      "JIT's code checks, too")("fuel", po::value<uint64_t>()->value_name("N"),
                                "the most instructions that a checked run may execute (unverified: 100,000,000)")(
      "kconfig", po::value<std::string>()->value_name("FILE"),
      "values of `extern __kconfig`: a kernel's .config; default: this kernel's");
  add_network_option(line.options);
  add_jit_options(line.options);
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  auto request = request_of(*values);
  if (!request) return console.fail(request.error());
  const std::string path = values->contains("file") ? (*values)["file"].as<std::string>() : "";
  if (values->contains("conformance")) return run_conformance(path, request->engines, request->unverified, console);
  if (!path.empty() && values->contains("hex"))
    return console.usage("`spile exec` runs a file or --hex, and was given both: `{}`", path);
  if (path.empty() && !values->contains("hex")) return console.usage("`spile exec` needs a file (.c, .o, .s) or --hex");

  const auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  KernelTypes types;
  JudgeOptions judging;
  judging.btf = compile->btf;
  judging.kconfig = values->contains("kconfig") ? (*values)["kconfig"].as<std::string>() : "host";

  if (values->contains("hex") || path.ends_with(".s")) {
    Result<std::vector<isa::Insn>> insns;
    if (values->contains("hex")) {
      const auto bytes = parse_hex((*values)["hex"].as<std::string>(), "--hex");
      if (!bytes) return console.fail(bytes.error());
      insns = decode_insns(*bytes, "--hex");
    } else {
      insns = assemble_file(path);
    }
    if (!insns) return console.fail(insns.error());
    object::Object object = wrap(*insns, request->type.value_or("instructions"));
    request->unverified |= !request->type;
    return request->unverified ? run_unverified(object, SourceManager(), judging, *request, console)
                               : run_verified(object, SourceManager(), judging, types, *request, console);
  }

  Compilation compilation(path, *compile, console);
  object::Object *object = compilation.object();
  compilation.summary();
  if (object == nullptr) return compilation.exit_code();
  if (auto relocated = relocate_for(*object, compile->btf, types); !relocated) return console.fail(relocated.error());
  if (request->unverified) return run_unverified(*object, compilation.sources(), judging, *request, console);
  // Programs that a tail call reaches are verified too.
  if (request->program && std::ranges::none_of(object->programs, [&](const object::ProgramEntry &entry) {
        return session::MapSet::is_tail_called(*object, entry.name);
      }))
    judging.program = *request->program;
  if (request->type) judging.type = *request->type;
  return run_verified(*object, compilation.sources(), judging, types, *request, console);
}

}  // namespace spile::driver
