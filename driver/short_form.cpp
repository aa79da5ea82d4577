#include "driver/short_form.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "driver/foreign_hooks.h"
#include "driver/foreign_words.h"
#include "driver/short_form_tables.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/syscalls.h"
#include "lang-spec/tables/tables.h"
#include "lang-spec/tables/tracepoints.h"
#include "runtime/hooks/user_probe.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/short-form.def"
#include "support/diag_table.h"

namespace spile::driver {

namespace {

// What a body may name: a parameter of the function that it becomes, when it does.
struct ReadyName {
  std::string_view name, type, value;
  bool is_of_functions = false;  // of probes in functions alone
  std::string_view usdt;         // the value in USDT probes
};
constexpr auto kReadyNames = std::to_array<ReadyName>({
    {"pid", "__u32", "pid()"},
    {"tid", "__u32", "tid()"},
    {"uid", "__u32", "uid()"},
    {"gid", "__u32", "gid()"},
    {"cpu", "__u32", "cpu()"},
    {"nsecs", "__u64", "nsecs()"},
    {"comm", "struct spile_comm", "comm()"},
    {"probe", "struct spile_probe", ""},  // the wrapper of each hook has its own
    {"arg0", "__u64", "PT_REGS_PARM1(ctx)", true, "___bpf_usdt_value(0)"},
    {"arg1", "__u64", "PT_REGS_PARM2(ctx)", true, "___bpf_usdt_value(1)"},
    {"arg2", "__u64", "PT_REGS_PARM3(ctx)", true, "___bpf_usdt_value(2)"},
    {"arg3", "__u64", "PT_REGS_PARM4(ctx)", true, "___bpf_usdt_value(3)"},
    {"arg4", "__u64", "PT_REGS_PARM5(ctx)", true, "___bpf_usdt_value(4)"},
    {"arg5", "__u64", "PT_REGS_PARM6(ctx)", true, "___bpf_usdt_value(5)"},
    {"retval", "__u64", "PT_REGS_RC(ctx)", true},
});

// A header that is included where one of its words stands.
struct HeaderOf {
  std::array<std::string_view, 2> words;
  std::string_view name;
};
constexpr auto kHeadersOf = std::to_array<HeaderOf>({
    {{"enum syscall", "SYS_"}, "syscall_names.h"},
    {{"bpf_ntoh", "bpf_hton"}, "bpf/bpf_endian.h"},
});

// A word that begins a string which goes on behind its line.
bool is_open_string(std::string_view word) {
  return word.starts_with('"') && (word.size() < 2 || !word.ends_with('"') || word.contains('\n'));
}

// One program that a probe becomes.
struct Hook {
  std::string section;
  const tables::ProgramType *type = nullptr;
  std::string context;  // "struct sys_enter_openat"
};

// Either a probe, or C that stands between probes.
struct Piece {
  std::vector<Hook> hooks;    // empty: C
  size_t begin = 0, end = 0;  // words: the body with its braces, or the C
};

class Writer {
 public:
  Writer(const SourceManager::File &file, Diagnostics &diagnostics)
      : file_(file), diagnostics_(diagnostics), program_(file.text), name_(file.path), words_(split_words(program_)) {}
  std::optional<std::string> write();

 private:
  std::string_view text(size_t word) const { return words_[word].text; }
  size_t closing(size_t open) const;
  Range range(size_t begin, size_t end) const {  // of bytes of the text
    return {file_.begin + static_cast<uint32_t>(begin), file_.begin + static_cast<uint32_t>(end)};
  }
  Range range_of_words(size_t begin, size_t end) const {
    return range(words_[begin].begin(program_), words_[end - 1].end(program_));
  }
  std::string_view head(size_t begin, size_t end) const {  // what stands in front of the body words_[end]
    const size_t from = words_[begin].begin(program_);
    return program_.substr(from, words_[end].begin(program_) - from);
  }
  bool is_hook(size_t begin, size_t end) const;
  void split();
  std::vector<Hook> hooks_of(size_t begin, size_t end);
  void add_hooks(std::string_view pattern, std::vector<Hook> &hooks);
  void report_no_hook(std::string_view pattern);
  void report_no_probe();
  void report_foreign_words(const Piece &piece);

  std::string context_of(const Piece &probe) const;
  void put_source(const Piece &piece);
  void put_probe(const Piece &probe);
  void put_contexts();
  void put_parameters();

  const SourceManager::File &file_;
  Diagnostics &diagnostics_;
  std::string_view program_;
  const std::string &name_;
  std::vector<Word> words_;
  std::vector<Piece> pieces_;
  std::set<std::string, std::less<>> program_names_;
  std::string out_;
};

// Those of [names], "struct sys_enter_openat", that spile_contexts.h has.
std::string context_structs(const std::set<std::string, std::less<>> &names) {
  std::string text;
  if (names.contains("struct sys_enter") || names.contains("struct sys_exit")) text += tables::common_context_structs();
  for (const tables::Syscall &syscall : tables::syscalls())
    if (syscall.number() >= 0 && names.contains(fmt::format("struct sys_enter_{}", syscall.tracepoint)))
      text += tables::context_struct(syscall);
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// What a pattern that matches nothing may have meant: its stars count as what they stand for.
std::string nearest_tracepoint(std::string_view glob) {
  std::string bare(glob);
  std::erase_if(bare, [](char c) { return std::string_view("*?[]").contains(c); });
  tables::Nearest nearest(bare);
  std::string meant;
  const auto consider = [&](std::string_view name) {
    if (nearest.take(name.substr(0, bare.size()))) meant = name;
  };
  if (glob.contains("syscalls/"))
    for (const tables::Syscall &syscall : tables::syscalls())
      if (syscall.number() >= 0)
        for (const char *way : {"enter", "exit"}) consider(fmt::format("syscalls/sys_{}_{}", way, syscall.tracepoint));
  tables::for_each_tracepoint([&](std::string_view name, std::string_view) { consider(name); });
  return meant;
}

bool is_hook_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_/.:*?-+%,@~").contains(c);
}

// The word that closes what [open] opens; the number of words when none does.
size_t Writer::closing(size_t open) const {
  size_t depth = 0;
  for (size_t i = open; i < words_.size(); i++) {
    if (text(i) == "{") depth++;
    if (text(i) == "}" && --depth == 0) return i;
  }
  return words_.size();
}

// Whether the words in front of a body are hooks: C has other characters there, or a name that opens a type.
bool Writer::is_hook(size_t begin, size_t end) const {
  const auto of_hook = [&](size_t word) {
    return std::ranges::all_of(text(word), is_hook_character) && text(word) != "struct" && text(word) != "union" &&
           text(word) != "enum";
  };
  for (size_t i = begin; i < end; i++)
    if (!of_hook(i)) {
      const std::string_view all = trimmed(head(begin, end));
      return find_filter(all).exists() || !hook_spelled_here(all).empty();
    }
  return begin < end;
}

void Writer::split() {
  for (size_t begin = 0; begin < words_.size();) {
    size_t at = begin;
    while (at < words_.size() && text(at) != "{" && text(at) != ";" && !words_[at].is_directive) at++;
    if (at < words_.size() && text(at) == "{" && is_hook(begin, at)) {
      std::vector<Hook> hooks = hooks_of(begin, at);
      size_t last = closing(at);
      if (last == words_.size()) {
        auto report = diagnostics_.report<diag::UnclosedBody>(range_of_words(at, at + 1));
        size_t quote = at;
        while (quote < words_.size() && !is_open_string(text(quote))) quote++;
        if (quote < words_.size())  // which swallowed it
          report.note(range_of_words(quote, quote + 1), "this string has no closing `\"` on its line");
        else
          report.fixit(range(program_.size(), program_.size()), "}");
        last--;
      }
      pieces_.push_back({std::move(hooks), at, last + 1});
      begin = last + 1;
      continue;
    }
    // C: up to its `;`, to the end of a function's body, or to the end of a directive's line.
    if (at < words_.size() && text(at) == "{") {
      const bool is_function = at > begin && text(at - 1) == ")";
      at = std::min(closing(at), words_.size() - 1);
      while (!is_function && at < words_.size() && text(at) != ";") at++;
    }
    const size_t end = std::min(at + 1, words_.size());
    pieces_.push_back({{}, begin, end});
    begin = end;
  }
}

std::vector<Hook> Writer::hooks_of(size_t begin, size_t end) {
  std::vector<Hook> hooks;
  std::string_view patterns = head(begin, end);
  const Filter filter = find_filter(patterns);
  const std::string_view condition =
      filter.exists() ? patterns.substr(filter.begin + 1, filter.end - filter.begin - 1) : "";
  patterns = patterns.substr(0, filter.begin);
  for (size_t at = 0; at <= patterns.size();) {
    const size_t comma = std::min(patterns.find(',', at), patterns.size());
    if (const std::string_view pattern = trimmed(patterns.substr(at, comma - at)); !pattern.empty())
      add_hooks(pattern, hooks);
    at = comma + 1;
  }
  if (!filter.exists()) return hooks;
  const size_t from = words_[begin].begin(program_);
  diagnostics_.report<diag::FilterBeforeBody>(range(from + filter.begin, from + filter.end + 1))
      .hint("a filter is a statement of the body: `{{ if ({}) ... }}`", condition_in_c(trimmed(condition)));
  return hooks;
}

void Writer::report_no_hook(std::string_view pattern) {
  const auto at = static_cast<size_t>(pattern.data() - program_.data());
  const Range where = range(at, at + pattern.size());
  auto message = diagnostics_.report<diag::NoSuchHook>(where, pattern);
  if (const std::string here = hook_spelled_here(pattern); !here.empty()) {
    message.hint("it is `{}` here", here);
    if (tables::find_program_type(here) != nullptr) message.fixit(where, here);
    return;
  }
  std::string meant;
  for (const std::string_view name : tables::nearest_sections(pattern))
    if (tables::may_be_meant(pattern.substr(0, pattern.find('/')), name))
      meant += fmt::format("{}`{}`", meant.empty() ? "" : ", ", name);
  if (pattern.find_first_of(": (") != std::string_view::npos)
    message.hint("a hook is written as in SEC(): `tracepoint/syscalls/sys_enter_openat`; `spile list` shows them");
  else if (meant.empty())
    message.hint("`spile list` shows the hooks");
  else
    message.hint("did you mean {}? `spile list` shows the hooks", meant);
}

void Writer::report_no_probe() {
  const Range where = range(0, std::min(program_.find('\n'), program_.size()));
  const std::string_view all = trimmed(program_);
  const bool is_hook_alone = all.find_first_of("{;") == std::string_view::npos;
  const std::string here = !is_hook_alone                              ? ""
                           : tables::find_program_type(all) != nullptr ? std::string(all)
                                                                       : hook_spelled_here(all);
  if (!here.empty() && here != all)
    diagnostics_.report<diag::NoBody>(where, all).hint("`{} {{ count(calls, comm) }}` would count", here);
  else if (!here.empty())
    diagnostics_.report<diag::NoBody>(where, all).hint("`{} {{ printf(\"%s\\n\", comm) }}` would print", here);
  else
    diagnostics_.report<diag::NoProbe>(where).hint("a probe is a hook and a body: `begin {{ printf(\"hello\\n\"); }}`");
}

void Writer::report_foreign_words(const Piece &piece) {
  for (const ForeignWords &found : foreign_words(words_, piece.begin, piece.end)) {
    const Range where = range_of_words(found.begin, found.end);
    if (found.kind == ForeignWords::Kind::Variable) {
      diagnostics_.report<diag::DollarVariable>(where, text(found.begin))
          .hint("a variable is declared as in C: `{}`", found.instead);
      continue;
    }
    auto message = diagnostics_.report<diag::NamelessTable>(
        where, found.instead.empty() ? text(found.begin) : std::string_view("@"));
    if (found.instead.empty())
      message.hint("tables are printed when the run ends; `for_each(table, key, value)` walks one in an `end` handler");
    else
      message.hint("here it is `{}`", found.instead).fixit(where, found.instead);
  }
}

void Writer::add_hooks(std::string_view pattern, std::vector<Hook> &hooks) {
  const tables::ProgramType *type = tables::find_program_type(pattern);
  if (type == nullptr) return report_no_hook(pattern);
  if (type->hook == tables::HookKind::UserProbe) {
    hooks.push_back({spile::hooks::with_full_library_name(pattern), type, "struct pt_regs"});
    return;
  }
  const size_t category = pattern.find('/') + 1;
  if (type->hook != tables::HookKind::Tracepoint || category == 0) {
    const std::string_view context = tables::kContexts[static_cast<size_t>(type->ctx)].type;
    hooks.push_back({std::string(pattern), type, context == "void" ? "void" : fmt::format("struct {}", context)});
    return;
  }
  const size_t before = hooks.size();
  const std::string glob(pattern.substr(category));
  const auto add_if = [&](std::string_view name, std::string_view context) {
    if (::fnmatch(glob.c_str(), std::string(name).c_str(), FNM_PATHNAME) == 0)
      hooks.push_back(
          {fmt::format("{}{}", pattern.substr(0, category), name), type, fmt::format("struct {}", context)});
  };
  if (glob.contains("syscalls/"))
    for (const tables::Syscall &syscall : tables::syscalls()) {
      if (syscall.number() < 0) continue;
      add_if(fmt::format("syscalls/sys_enter_{}", syscall.tracepoint), fmt::format("sys_enter_{}", syscall.tracepoint));
      add_if(fmt::format("syscalls/sys_exit_{}", syscall.tracepoint), "sys_exit");
    }
  tables::for_each_tracepoint(
      [&](std::string_view name, std::string_view record) { add_if(name, fmt::format("trace_event_raw_{}", record)); });
  if (hooks.size() != before) return;
  // A name without a pattern may be another kernel's; whoever resolves hooks knows the nearest ones.
  if (glob.find_first_of("*?[") == std::string::npos) {
    hooks.push_back({std::string(pattern), type, "void"});
    return;
  }
  const auto at = static_cast<size_t>(pattern.data() - program_.data());
  auto message = diagnostics_.report<diag::NoHookMatches>(range(at, at + pattern.size()), pattern);
  if (const std::string nearest = nearest_tracepoint(glob); !nearest.empty())
    message.hint("the nearest is `{}{}`; `spile list` shows the hooks", pattern.substr(0, category), nearest);
  else
    message.hint("`spile list` shows the hooks");
}

// What ctx points to when all hooks agree; else what they have in common.
std::string Writer::context_of(const Piece &probe) const {
  const auto all = [&](auto holds) { return std::ranges::all_of(probe.hooks, holds); };
  if (all([&](const Hook &hook) { return hook.context == probe.hooks[0].context; })) return probe.hooks[0].context;
  return all([](const Hook &hook) { return hook.context.starts_with("struct sys_"); }) ? "struct sys_enter" : "void";
}

// The user's text at the line and the column where it stands.
void Writer::put_source(const Piece &piece) {
  const size_t begin = words_[piece.begin].begin(program_), end = words_[piece.end - 1].end(program_);
  const std::string_view before = program_.substr(0, begin);
  out_ += fmt::format("#line {} \"{}\"\n", 1 + std::ranges::count(before, '\n'), name_);
  if (!words_[piece.begin].is_directive) out_.append(begin - (before.rfind('\n') + 1), ' ');
  out_ += program_.substr(begin, end - begin);
  // The last statement of a body may do without its semicolon.
  const std::string_view last = piece.hooks.empty() ? "" : text(piece.end - 2);
  if (!piece.hooks.empty() && last != ";" && last != "}" && last != "{") {
    // In place of the space before the brace, so that what stands behind it keeps its column.
    if (out_[out_.size() - 2] == ' ')
      out_[out_.size() - 2] = ';';
    else
      out_.insert(out_.size() - 1, ";");
  }
  out_ += "\n#line 1 \"<short form>\"\n";
}

// Whether what the body returns does anything to what the program is about; else it returns nothing, and the program 0.
static bool decides(const tables::ProgramType &type) {
  if (type.hook == tables::HookKind::Packet) return true;
  // 0 drops what goes through a socket.
  constexpr uint32_t kSocketData[] = {BPF_PROG_TYPE_SK_MSG, BPF_PROG_TYPE_SK_SKB, BPF_PROG_TYPE_SK_REUSEPORT};
  if (std::ranges::find(kSocketData, type.number) != std::end(kSocketData)) return true;
  // An iterator's 1 asks for the same object once more.
  return !type.returns.any && type.returns.low != type.returns.high && type.attach != tables::AttachType::TRACE_ITER;
}

// What lets go on what the program is about, when its body ends without a word on it; empty: that is the body's to say.
static std::string_view going_on(const tables::ProgramType &type) {
  switch (type.number) {
    case BPF_PROG_TYPE_SOCKET_FILTER:  // all of the packet
      return "-1";
    case BPF_PROG_TYPE_XDP:
      return "2 /* XDP_PASS */";
    case BPF_PROG_TYPE_SCHED_CLS:
    case BPF_PROG_TYPE_SCHED_ACT:
      return type.section.starts_with("tcx") || type.section.starts_with("netkit") ? "-1 /* the next one decides */"
                                                                                   : "0 /* TC_ACT_OK */";
    case BPF_PROG_TYPE_LWT_IN:
    case BPF_PROG_TYPE_LWT_OUT:
    case BPF_PROG_TYPE_LWT_XMIT:
      return "0 /* BPF_OK */";
    case BPF_PROG_TYPE_SK_SKB:
      if (type.attach == tables::AttachType::SK_SKB_STREAM_PARSER) return "ctx->len /* all is one message */";
      return "1";
    case BPF_PROG_TYPE_CGROUP_SKB:
    case BPF_PROG_TYPE_SK_MSG:
    case BPF_PROG_TYPE_SK_REUSEPORT:
      return "1";
    default:
      return type.section.starts_with("netfilter") ? "1 /* NF_ACCEPT */" : "";
  }
}

void Writer::put_probe(const Piece &probe) {
  const std::string number = std::to_string(&probe - pieces_.data());
  const bool has_result = std::ranges::any_of(probe.hooks, [](const Hook &hook) { return decides(*hook.type); });
  const std::string context = context_of(probe);
  std::string parameters, values;
  bool names_probe = false;
  const bool is_usdt = probe.hooks[0].section.starts_with("usdt");
  for (const ReadyName &ready : kReadyNames) {
    if (!uses_name(words_, probe.begin, probe.end, ready.name)) continue;
    if (ready.is_of_functions && context != "struct pt_regs") continue;
    parameters += fmt::format(", const {} {}", ready.type, ready.name);
    if (ready.value.empty())
      names_probe = true;
    else
      values += fmt::format(", {}", is_usdt && !ready.usdt.empty() ? ready.usdt : ready.value);
  }
  std::string_view otherwise = has_result ? going_on(*probe.hooks[0].type) : std::string_view();
  // What lets go on at one of the hooks may drop at another.
  const bool differs = has_result && std::ranges::any_of(probe.hooks, [&](const Hook &hook) {
                         return going_on(*hook.type) != otherwise;
                       });
  if (differs) {
    otherwise = "___otherwise";
    parameters += fmt::format(", int {}", otherwise);
  }
  out_ += fmt::format("static __always_inline {} ___body{}({} *ctx{})\n", has_result ? "int" : "void", number, context,
                      parameters);
  if (!otherwise.empty()) out_ += "{\n";
  put_source(probe);
  if (!otherwise.empty()) out_ += fmt::format("\treturn {};\n}}\n", otherwise);
  for (const Hook &hook : probe.hooks) {
    std::string name;
    const bool is_tracepoint = hook.type->hook == tables::HookKind::Tracepoint;
    for (const char c : hook.section.substr(is_tracepoint ? hook.section.rfind('/') + 1 : 0))
      name += std::string_view("/.-+:%*?@~").contains(c) ? '_' : c;
    // clang's assembler has one name for a section and a function; `bpf_` is where helpers' names begin.
    if (name == hook.section || name.starts_with("bpf_")) name.insert(0, "on_");
    if (!program_names_.insert(name).second) name += "_" + number;
    program_names_.insert(name);
    const std::string shown = hook.section.substr(is_tracepoint ? hook.section.find('/') + 1 : 0);
    std::string arguments = values;
    if (names_probe) arguments += fmt::format(", (struct spile_probe){{ \"{}\" }}", shown);
    if (differs) arguments += fmt::format(", {}", going_on(*hook.type).empty() ? "0" : going_on(*hook.type));
    const std::string call = fmt::format("___body{}(ctx{})", number, arguments);
    out_ += fmt::format("SEC(\"{}\") int {}({} *ctx)\n{{\n\t{}\n}}\n", hook.section, name, context,
                        decides(*hook.type) ? fmt::format("return {};", call) : fmt::format("{};\n\treturn 0;", call));
  }
}

void Writer::put_contexts() {
  std::set<std::string, std::less<>> contexts;
  for (const Piece &piece : pieces_)
    if (!piece.hooks.empty()) contexts.insert(context_of(piece));
  out_ += context_structs(contexts);
}

// `$1`: a number, or the text that `kstr($1)` takes.
void Writer::put_parameters() {
  std::map<std::string, bool, std::less<>> parameters;  // whether it is a text
  for (size_t i = 0; i < words_.size(); i++)
    if (text(i).starts_with('$') && text(i).size() > 1)
      parameters[std::string(text(i))] |= i >= 2 && text(i - 2) == "kstr";
  for (const auto &[name, is_text] : parameters)
    out_ += is_text ? fmt::format("const volatile char {}[SPILE_STRING_SIZE];\n", name)
                    : fmt::format("const volatile __s64 {};\n", name);
}

std::optional<std::string> Writer::write() {
  const size_t errors = diagnostics_.error_count();
  split();
  for (const Piece &piece : pieces_) report_foreign_words(piece);
  if (diagnostics_.error_count() != errors) return std::nullopt;
  if (std::ranges::none_of(pieces_, [](const Piece &piece) { return !piece.hooks.empty(); })) {
    report_no_probe();
    return std::nullopt;
  }
  out_ = "#line 1 \"<short form>\"\n#include \"vmlinux.h\"\n#include <spile_tables.h>\n";
  const bool has_registers = std::ranges::any_of(
      pieces_, [this](const Piece &piece) { return !piece.hooks.empty() && context_of(piece) == "struct pt_regs"; });
  if (has_registers) out_ += "#include <bpf/bpf_tracing.h>\n";
  const bool has_usdt = std::ranges::any_of(
      pieces_, [](const Piece &piece) { return !piece.hooks.empty() && piece.hooks[0].section.starts_with("usdt"); });
  if (has_usdt) out_ += "#include <bpf/usdt.bpf.h>\n";
  for (const HeaderOf &header : kHeadersOf)
    if (std::ranges::any_of(header.words, [&](auto word) { return program_.contains(word); }))
      out_ += fmt::format("#include <{}>\n", header.name);
  put_contexts();
  put_parameters();
  auto tables = declare_tables(words_);
  if (!tables) {
    const TableFault &fault = tables.error();
    const size_t at = fault.word.begin(program_);
    const Range where = range(at, at + fault.word.text.size());
    if (fault.wanted.empty())
      diagnostics_.report<diag::OtherKeys>(where, fault.table, fault.keys, fault.keys == 1 ? "" : "s",
                                           fault.keys_before);
    else
      diagnostics_.report<diag::TableArguments>(where, fault.word.text)
          .hint("it is `{}`, and up to four keys behind that", fault.wanted);
    return std::nullopt;
  }
  bool declared = false;
  for (const Piece &piece : pieces_) {
    if (piece.hooks.empty()) {
      put_source(piece);
      continue;
    }
    // Behind the declarations that come before all probes: the types of keys may be among them.
    if (!std::exchange(declared, true)) out_ += *tables;
    put_probe(piece);
  }
  out_ += "char LICENSE[] SEC(\"license\") = \"GPL\";\n";
  return std::move(out_);
}

}  // namespace

std::optional<std::string> write_out_short_form(const SourceManager::File &file, Diagnostics &diagnostics) {
  return Writer(file, diagnostics).write();
}

std::string write_out_contexts(std::string_view program, const std::string &name) {
  const std::vector<Word> words = split_words(program);
  const auto include = std::ranges::find_if(words, [](const Word &word) {
    return word.is_directive && word.text.contains("include") && word.text.contains("<spile_contexts.h>");
  });
  if (include == words.end()) return std::string(program);
  std::set<std::string, std::less<>> named;
  for (size_t i = 0; i + 1 < words.size(); i++)
    if (words[i].text == "struct") named.insert(fmt::format("struct {}", words[i + 1].text));
  const std::string_view before = program.substr(0, include->begin(program));
  return fmt::format("{}{}#line {} \"{}\"{}", before, context_structs(named), 2 + std::ranges::count(before, '\n'),
                     name, program.substr(include->end(program)));
}

bool is_short_form(std::string_view text) {
  return std::ranges::none_of(split_words(text), [](const Word &word) { return word.text == "SEC"; });
}

}  // namespace spile::driver
