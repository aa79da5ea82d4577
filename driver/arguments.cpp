#include "driver/arguments.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "driver/dependencies.h"
#include "lang-spec/tables/spelling.h"

namespace spile::driver {

// Options of clang that change nothing here, so that a line of a makefile works with the name of the compiler changed.
static bool is_neutral(std::string_view word) {
  static constexpr std::string_view kWords[] = {"-g",           "-g0",
                                                "-g1",          "-g2",
                                                "-g3",          "-ggdb",
                                                "-pipe",        "-mlittle-endian",
                                                "--target=bpf", "--target=bpfel",
                                                "-pedantic",    "-ffreestanding"};
  return std::ranges::find(kWords, word) != std::end(kWords) || word.starts_with("-fno-") ||
         word.starts_with("-fdebug-") || word.starts_with("-ffile-prefix-map=") || word.starts_with("-gdwarf");
}

// What people type who come from the neighbours, and what it is called here. Looked at only where the option is none of
// the command's own.
struct ForeignOption {
  std::string_view option, hint;
};
static constexpr auto kForeign = std::to_array<ForeignOption>({
    // bpftrace
    {"--dry-run", "`spile check FILE` compiles and verifies without running"},
    {"--test", "`spile test FILE` runs a probe's tests, `spile check FILE` compiles and verifies without running"},
    {"--unsafe", "there is no unsafe mode: every program is verified"},
    {"--info", "`spile info` says what this machine can do"},
    {"--usdt-file-activation", "`-p PID` or `-c CMD` says whose USDT probes are meant"},
    {"--aot", "`spile build FILE -o FILE.o` compiles ahead of time"},
    {"--emit-elf", "`spile build FILE -o FILE.o` writes the object"},
    {"--emit-llvm", "`spile build --emit=ir` prints Spile's own IR"},
    {"-emit-llvm", "`spile build --emit=ir` prints Spile's own IR"},
    {"-d", "`spile build --emit=ast` (or ir, mir, asm) shows a stage, `spile dump` the code"},
    {"-dd", "`spile build --emit=ir-raw` shows what comes before the optimizer"},
    {"-k", "helpers that fail are counted, and told when the run ends; with --strict that is an error"},
    {"-kk", "helpers that fail are counted, and told when the run ends; with --strict that is an error"},
    {"-B", "each line is written when it is complete; `-o FILE` writes to a file"},
    // SystemTap
    {"-x", "stap's target: use `-p PID`, or `-c CMD` to start one"},
    {"-g", "there is no guru mode: every program is verified"},
    {"-m", "there are no modules: `spile build FILE -o FILE.o` compiles to an object"},
    {"-s", "a script is named without an option: `spile run FILE`"},
    {"-F", "there is no background mode: `-o FILE` keeps what is printed, `--pin FOLDER` the maps"},
    {"-S", "`--rotate SIZE,N` keeps the file of -o small"},
    {"-t", "`spile run --stats` says how often and how long programs ran"},
    {"--runtime", "`--on=ptrace`, `--on=kernel` say where the events come from"},
    {"--monitor", "`--listen 127.0.0.1:PORT` shows the maps while the probe runs"},
    {"--remote", "a probe runs on this machine; `spile build` makes an object for another"},
    {"--dump-probe-types", "`spile list` shows the hooks"},
    {"--dump-functions", "`spile tables helpers` shows the functions"},
    // dtrace, strace, perf, tcpdump
    {"-n", "dtrace's one-liner option is `-e PROGRAM` here"},
    {"-P", "a hook stands in front of its body: `-e 'HOOK { BODY }'`"},
    {"-w", "`--pass FILE` writes the packets that pass"},
    {"-r", "a capture is read with `-i FILE`"},
    {"-a", "without -c and -p a probe is about all processes: `--on=kernel`, as root"},
    {"--pcap", "`--pass FILE` writes the packets that pass, `--drop FILE` the others"},
    {"--interface", "an interface is named with `--dev`, as root"},
    {"--pid", "a process is named with `-p PID`"},
    // clang
    {"-target", "the target is always bpf"},
    {"--target", "the target is always bpf"},
    {"-c", "objects are made by `spile build`, without an option"},
});

// A hint that begins with an option is about that of the same command: `spile dump` rotates nothing.
static bool names_no_option_of(std::string_view hint, const OptionTable &options) {
  constexpr std::string_view kOption = "`--";
  if (!hint.starts_with(kOption)) return false;
  return !options.has(hint.substr(kOption.size(), hint.find_first_of(" =`", kOption.size()) - kOption.size()));
}

static std::string_view foreign_hint(std::string_view word, const OptionTable &options) {
  for (const ForeignOption &foreign : kForeign)
    if (word == foreign.option || (foreign.option.starts_with("--") && word.starts_with(foreign.option) &&
                                   word.substr(foreign.option.size()).starts_with('=')))
      return names_no_option_of(foreign.hint, options) ? std::string_view() : foreign.hint;
  return {};
}

std::string_view OptionTable::Row::long_name() const {
  const std::string_view all = names;
  return all.substr(0, all.find(','));
}

// `--long`, `--long=value`, `-s`, `-svalue`.
bool OptionTable::Row::is_named_by(std::string_view word) const {
  if (word.starts_with("--")) return word.substr(2, word.find('=') - 2) == long_name();
  const std::string_view short_name = std::string_view(names).substr(long_name().size());
  return short_name.size() == 2 && word.size() > 1 && word[0] == '-' && word[1] == short_name[1];
}

bool OptionTable::has(std::string_view long_name) const {
  return std::ranges::any_of(rows_, [&](const Row &row) { return row.long_name() == long_name; });
}

bool OptionTable::knows(std::string_view word) const {
  return std::ranges::any_of(rows_, [&](const Row &row) { return row.is_named_by(word); });
}

std::string OptionTable::nearest(std::string_view word) const {
  if (!word.starts_with("--")) return {};
  word = word.substr(2, word.find('=') - 2);
  tables::Nearest nearest(word);
  for (const Row &row : rows_) nearest.take(row.long_name());
  return nearest.name();
}

void OptionTable::move(Row &row, po::options_description &to) {
  if (row.value == nullptr)
    to.add_options()(row.names, row.help);
  else
    to.add_options()(row.names, row.value.release(), row.help);
}

void OptionTable::move_all(po::options_description &to) {
  for (Row &row : rows_) move(row, to);
  rows_.clear();
}

void OptionTable::move_named(std::span<const std::string> words, po::options_description &to) {
  for (Row &row : rows_)
    if (std::ranges::any_of(words, [&](const std::string &word) { return row.is_named_by(word); })) move(row, to);
  rows_.clear();
}

void CommandLine::add_common() {
  options.add_options()("help,h", "show this help")("color", po::value<std::string>()->value_name("WHEN"),
                                                    "auto, always or never")(
      "diagnostics", po::value<std::string>()->value_name("FORMAT"), "text (the default), json or sarif")(
      "quiet,q", "no status on stderr")("verbose,v", "say more on stderr");
}

static void show_help(const CommandLine &line, const po::options_description &options, Console &console) {
  std::ostringstream text;
  text << "usage: " << line.usage << "\n\n" << line.about << "\n\n" << options;
  if (!line.footer.empty()) text << "\n" << line.footer << "\n";
  console.print(text.str());
}

// `spile [run]` is `spile run`.
static std::string without_brackets(std::string text) {
  std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
  return text;
}

// Whether the option takes a number without a sign: Boost reads -1 as the largest of these.
static bool counts(const po::options_description &all, const std::string &name) {
  const po::option_description *option = name.empty() ? nullptr : all.find_nothrow(name, false);
  if (option == nullptr) return false;
  const auto *typed = dynamic_cast<const po::typed_value_base *>(option->semantic().get());
  return typed != nullptr && (typed->value_type() == typeid(uint64_t) || typed->value_type() == typeid(uint32_t));
}

std::optional<po::variables_map> CommandLine::parse(Arguments arguments, Console &console, int &exit_code) {
  po::variables_map values;
  // clang's spelling of two long options with one dash.
  std::vector<std::string> words;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view word = arguments[i];
    if (word == "--") {
      words.insert(words.end(), arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
      break;
    }
    if (word == "-target" && i + 1 < arguments.size() && std::string_view(arguments[i + 1]).starts_with("bpf"))
      i++;
    else if (!is_neutral(word))
      words.emplace_back(word);
  }
  static constexpr std::string_view kLong[] = {
      "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-mcpu", "-nobuiltininc", "-nostdinc", "-std",
      "-M",       "-MM",     "-MD",        "-MMD",     "-MF",      "-MT",   "-MP",           "-MG"};
  for (size_t i = 0; i < words.size(); i++) {
    std::string &word = words[i];
    if (word == "--") break;
    // Among those of -MT, in their order.
    if (word == "-MQ" && i + 1 < words.size()) {
      word = "--MT";
      words[i + 1] = make_name(words[i + 1]);
      i++;
      continue;
    }
    if (word.size() > 3 && word.starts_with("-MQ")) word = "--MT=" + make_name(word.substr(3));
    if (!word.starts_with('-') || word.starts_with("-I")) continue;  // most of the words of a long line
    for (const std::string_view name : kLong)
      if (word.starts_with(name) && (word.size() == name.size() || word[name.size()] == '=')) word.insert(0, "-");
    // A value that is joined to its option.
    for (const std::string_view name : {"-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-MF", "-MT"})
      if (word.size() > name.size() && word.starts_with(name))
        word = "-" + std::string(name) + "=" + word.substr(name.size());
    if (constexpr std::string_view kUndefine = "--undefine="; word.starts_with(kUndefine)) {
      word = "-D" + std::string(kUndefineMark) + word.substr(kUndefine.size());
    } else if (word.starts_with("-U") && word.size() > 2) {
      word = "-D" + std::string(kUndefineMark) + word.substr(2);
    } else if ((word == "-U" || word == "--undefine") && i + 1 < words.size()) {
      word = "-D";
      words[i + 1].insert(0, kUndefineMark);
      i++;
    }
  }
  // Options whose value may be left out: the next word is none.
  static constexpr std::pair<std::string_view, std::string_view> kImplied[] = {{"--fix", "diff"}, {"--cfg", "svg"}};
  for (std::string &word : words) {
    if (word == "--") break;
    for (const auto &[option, value] : kImplied)
      if (word == option) word = fmt::format("{}={}", option, value);
  }
  for (std::string &word : words)
    if (constexpr std::string_view kLimit = "-ferror-limit="; word.starts_with(kLimit))
      word = "--max-errors=" + word.substr(kLimit.size());
  po::options_description shown("options"), all;
  const bool has_command = options.has("command");
  bool wants_help = false;
  // With what may be said of them, as long as the table has its rows.
  struct Unknown {
    std::string_view foreign;
    std::string nearest;
  };
  std::vector<Unknown> unknown;
  for (const std::string &word : std::span(words.begin(), std::ranges::find(words, "--")))
    if (word == "--help" || word == "-h")
      wants_help = true;
    else if (word.size() > 1 && word[0] == '-' && !options.knows(word) && !hidden.knows(word))
      unknown.push_back({foreign_hint(word, options), options.nearest(word)});
  if (!wants_help && unknown.empty())
    options.move_named(words, shown);
  else
    options.move_all(shown);  // for the help, and for what Boost says of an option that nobody knows
  all.add(shown);
  hidden.move_all(all);
  namespace style = po::command_line_style;
  const int how = style::allow_long | style::long_allow_adjacent | style::long_allow_next | style::allow_short |
                  style::allow_dash_for_short | style::short_allow_adjacent | style::short_allow_next;
  try {
    po::parsed_options parsed = po::command_line_parser(words).options(all).positional(positional).style(how).run();
    for (const po::option &option : parsed.options)
      if (counts(all, option.string_key))
        for (const std::string &value : option.value)
          if (value.starts_with('-'))
            throw po::error(fmt::format("--{} takes no negative number: `{}`", option.string_key, value));
    po::store(parsed, values);
    if (values.contains("help")) {
      show_help(*this, shown, console);
      exit_code = kExitOk;
      return std::nullopt;
    }
    po::notify(values);
    given = std::move(parsed.options);
  } catch (const po::error &error) {
    Error wrong{Error::Kind::Usage, error.what(), {}, 0};
    for (const auto &[foreign, nearest] : unknown) {
      if (wrong.hint.empty()) wrong.hint = foreign;
      if (wrong.hint.empty() && !nearest.empty()) wrong.hint = fmt::format("did you mean `--{}`?", nearest);
    }
    if (wrong.hint.empty() && has_command && std::string_view(error.what()).contains("positional"))
      wrong.hint = "a command is given with -c: -c \"ls /\"; what the probe takes, behind --";
    if (wrong.hint.empty()) wrong.hint = "see `" + without_brackets(usage.substr(0, usage.find(' ', 6))) + " --help`";
    exit_code = console.fail(wrong);
    return std::nullopt;
  }
  if (values.contains("quiet")) console.quiet = true;
  if (values.contains("verbose")) console.verbosity++;
  if (values.contains("diagnostics")) {
    const auto &format = values["diagnostics"].as<std::string>();
    if (format != "text" && format != "json" && format != "sarif") {
      exit_code = console.usage("--diagnostics takes text, json or sarif, not `{}`", format);
      return std::nullopt;
    }
    console.diagnostics_format = format == "json"    ? DiagnosticsFormat::Json
                                 : format == "sarif" ? DiagnosticsFormat::Sarif
                                                     : DiagnosticsFormat::Text;
  }
  if (values.contains("color")) {
    const auto &when = values["color"].as<std::string>();
    if (when != "auto" && when != "always" && when != "never") {
      exit_code = console.usage("--color takes auto, always or never, not `{}`", when);
      return std::nullopt;
    }
    console.set_colour(when == "auto" ? Colour::Auto : when == "always" ? Colour::Always : Colour::Never);
  }
  return values;
}

}  // namespace spile::driver
