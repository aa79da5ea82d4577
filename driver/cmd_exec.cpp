// spile exec: bytecode on bare memory. r1 is the memory, r2 its length; r0 is printed. Nothing is verified first, so
// every access is checked while it runs, and fuel bounds the run.
#include <algorithm>
#include <cctype>
#include <optional>

#include "backend/isa/asm.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "runtime/vm/checked.h"

namespace spile::driver {

namespace {

// Pairs of hexadecimal digits; white space between them is skipped.
Result<std::vector<std::byte>> parse_hex(std::string_view text, std::string_view what) {
  std::vector<std::byte> bytes;
  std::optional<unsigned> high;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    unsigned digit = 0;
    if (lower >= '0' && lower <= '9')
      digit = static_cast<unsigned>(lower - '0');
    else if (lower >= 'a' && lower <= 'f')
      digit = static_cast<unsigned>(lower - 'a') + 10;
    else
      return usage_error("{}: `{}` is no hexadecimal digit", what, c);
    if (high) {
      bytes.push_back(static_cast<std::byte>(*high << 4 | digit));
      high.reset();
    } else {
      high = digit;
    }
  }
  if (high) return usage_error("{}: an odd number of hexadecimal digits", what);
  return bytes;
}

Result<std::vector<isa::Insn>> decode(std::span<const std::byte> bytes, std::string_view what) {
  if (bytes.empty() || bytes.size() % sizeof(isa::Insn) != 0)
    return input_error("{}: {} bytes are no whole number of instructions (8 bytes each)", what, bytes.size());
  std::vector<isa::Insn> insns(bytes.size() / sizeof(isa::Insn));
  std::memcpy(insns.data(), bytes.data(), bytes.size());
  return insns;
}

Result<std::vector<isa::Insn>> from_object(const object::Object &object, const std::string &name) {
  const object::ProgramEntry *entry =
      name.empty() && object.programs.size() == 1 ? object.programs.data() : object.find_program(name);
  if (entry == nullptr) {
    std::string have;
    for (const auto &program : object.programs) have += (have.empty() ? "" : ", ") + program.name;
    return usage_error("{}: choose a program with --prog; it has: {}", object.path, have.empty() ? "none" : have);
  }
  auto program = object::link(object, *entry);
  if (!program) return std::unexpected(program.error());
  for (const isa::Insn &insn : program->insns)
    if (insn.is_lddw() && (insn.src == isa::kPseudoMapIdx || insn.src == isa::kPseudoMapIdxValue))
      return unsupported_error(
          "{}: program `{}` uses maps; `spile exec` runs bare instructions, `spile run` makes maps", object.path,
          entry->name);
  return program->insns;
}

Result<std::vector<isa::Insn>> read_program(const po::variables_map &values, Console &console, int &code) {
  if (values.contains("hex")) {
    auto bytes = parse_hex(values["hex"].as<std::string>(), "--hex");
    if (!bytes) return std::unexpected(bytes.error());
    return decode(*bytes, "--hex");
  }
  if (!values.contains("file")) return usage_error("`spile exec` needs a file (.s, .o, .c) or --hex");
  const auto &path = values["file"].as<std::string>();
  if (path.ends_with(".s")) {
    SourceManager sources;
    auto file = sources.load(path);
    if (!file) return std::unexpected(file.error());
    auto insns = isa::assemble((*file)->text);
    if (!insns) insns.error().message = path + ": " + insns.error().message;
    return insns;
  }
  const auto options = compile_options(values);
  if (!options) return std::unexpected(options.error());
  Compilation compilation(path, *options, console);
  const object::Object *object = compilation.object();
  compilation.summary();
  if (object == nullptr) {
    code = compilation.exit_code();
    return std::vector<isa::Insn>{};
  }
  return from_object(*object, values.contains("prog") ? values["prog"].as<std::string>() : "");
}

}  // namespace

int command_exec(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile exec [options] FILE.s|FILE.o|FILE.c | --hex BYTES";
  line.about =
      "Runs instructions on bare memory: r1 is the memory, r2 its length. Prints r0 in hexadecimal. Nothing is\n"
      "verified first: every access is checked, and a fault names the instruction and the address.";
  line.footer = "  spile exec --hex '61 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00' --mem 78563412";
  line.add_common();
  line.options.add_options()("hex", po::value<std::string>()->value_name("BYTES"), "the instructions, 16 digits each")(
      "mem", po::value<std::string>()->value_name("BYTES"), "the memory's content in hexadecimal")(
      "prog", po::value<std::string>()->value_name("NAME"), "the program, where an object has several")(
      "fuel", po::value<uint64_t>()->value_name("N"), "instructions that may be executed (100,000,000)");
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  auto insns = read_program(*values, console, code);
  if (code != kExitOk) return code;
  if (!insns) return console.fail(insns.error());
  std::vector<std::byte> memory;
  if (values->contains("mem")) {
    auto bytes = parse_hex((*values)["mem"].as<std::string>(), "--mem");
    if (!bytes) return console.fail(bytes.error());
    memory = std::move(*bytes);
  }
  const vm::Region region{"memory", reinterpret_cast<uint64_t>(memory.data()), memory.size(), true};
  vm::CheckedRun run;
  if (!memory.empty()) {
    run.regions = {&region, 1};
    run.r1 = region.address;
    run.r2 = region.size;
  }
  if (values->contains("fuel")) run.fuel = (*values)["fuel"].as<uint64_t>();
  const Result<uint64_t> result = vm::run_checked(*insns, run);
  if (!result) return console.fail(result.error());
  console.print(fmt::format("0x{:x}\n", *result));
  return kExitOk;
}

}  // namespace spile::driver
