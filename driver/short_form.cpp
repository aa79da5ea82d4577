#include "driver/short_form.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "driver/short_form_tables.h"
#include "lang-spec/tables/syscalls.h"
#include "lang-spec/tables/tables.h"
#include "lang-spec/tables/tracepoints.h"
#include "runtime/hooks/user_probe.h"

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
  Writer(std::string_view program, const std::string &name)
      : program_(program), name_(name), words_(split_words(program)) {}
  Result<std::string> write();

 private:
  std::string_view text(size_t word) const { return words_[word].text; }
  size_t closing(size_t open) const;
  Result<void> split();
  Result<std::vector<Hook>> hooks_of(size_t begin, size_t end);
  Result<void> add_hooks(std::string_view pattern, size_t at, std::vector<Hook> &hooks);
  std::unexpected<Error> wrong(Error::Kind kind, size_t at, const std::string &what, std::string hint = {}) const;

  std::string context_of(const Piece &probe) const;
  void put_source(const Piece &piece);
  void put_probe(const Piece &probe);
  void put_contexts();
  void put_parameters();

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

bool is_hook_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_/.:*?-+%,@~").contains(c);
}

std::unexpected<Error> Writer::wrong(Error::Kind kind, size_t at, const std::string &what, std::string hint) const {
  const std::string_view before = program_.substr(0, at);
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t column = at - (before.rfind('\n') + 1) + 1;
  return std::unexpected(Error{kind, fmt::format("{}:{}:{}: {}", name_, line, column, what), std::move(hint), 0});
}

// The word that closes what [open] opens; the last one when none does, which the parser will say.
size_t Writer::closing(size_t open) const {
  size_t depth = 0;
  for (size_t i = open; i < words_.size(); i++) {
    if (text(i) == "{") depth++;
    if (text(i) == "}" && --depth == 0) return i;
  }
  return words_.size() - 1;
}

Result<void> Writer::split() {
  for (size_t begin = 0; begin < words_.size();) {
    size_t at = begin;
    bool is_hook = true;
    for (; at < words_.size() && text(at) != "{" && text(at) != ";" && !words_[at].is_directive; at++)
      is_hook = is_hook && std::ranges::all_of(text(at), is_hook_character) && text(at) != "struct" &&
                text(at) != "union" && text(at) != "enum";
    if (at < words_.size() && text(at) == "{" && is_hook && at > begin) {
      auto hooks = hooks_of(begin, at);
      if (!hooks) return std::unexpected(hooks.error());
      const size_t last = closing(at);
      pieces_.push_back({std::move(*hooks), at, last + 1});
      begin = last + 1;
      continue;
    }
    // C: up to its `;`, to the end of a function's body, or to the end of a directive's line.
    if (at < words_.size() && text(at) == "{") {
      const bool is_function = at > begin && text(at - 1) == ")";
      at = closing(at);
      while (!is_function && at < words_.size() && text(at) != ";") at++;
    }
    const size_t end = std::min(at + 1, words_.size());
    pieces_.push_back({{}, begin, end});
    begin = end;
  }
  return {};
}

Result<std::vector<Hook>> Writer::hooks_of(size_t begin, size_t end) {
  std::vector<Hook> hooks;
  const size_t from = words_[begin].begin(program_);
  std::string_view head = program_.substr(from, words_[end].begin(program_) - from);
  for (size_t at = 0; at <= head.size();) {
    const size_t comma = std::min(head.find(',', at), head.size());
    std::string_view pattern = head.substr(at, comma - at);
    const size_t first = pattern.find_first_not_of(" \t\n");
    if (first != std::string_view::npos) {
      pattern = pattern.substr(first, pattern.find_last_not_of(" \t\n") - first + 1);
      if (auto added = add_hooks(pattern, from + at + first, hooks); !added) return std::unexpected(added.error());
    }
    at = comma + 1;
  }
  return hooks;
}

Result<void> Writer::add_hooks(std::string_view pattern, size_t at, std::vector<Hook> &hooks) {
  const tables::ProgramType *type = tables::find_program_type(pattern);
  if (type == nullptr) {
    const auto near = tables::nearest_sections(pattern);
    const std::string hint =
        pattern == "BEGIN" || pattern == "END" ? fmt::format("it is `{}` here", pattern == "END" ? "end" : "begin")
        : pattern.contains(':')                ? "a hook is written as in SEC(): `tracepoint/syscalls/sys_enter_openat`"
                                : fmt::format("did you mean `{}`, `{}` or `{}`?", near[0], near[1], near[2]);
    return wrong(Error::Kind::Input, at, fmt::format("there is no hook `{}`", pattern), hint);
  }
  if (type->hook == tables::HookKind::UserProbe) {
    hooks.push_back({spile::hooks::with_full_library_name(pattern), type, "struct pt_regs"});
    return {};
  }
  const size_t category = pattern.find('/') + 1;
  if (type->hook != tables::HookKind::Tracepoint || category == 0) {
    const std::string_view context = tables::kContexts[static_cast<size_t>(type->ctx)].type;
    hooks.push_back({std::string(pattern), type, context == "void" ? "void" : fmt::format("struct {}", context)});
    return {};
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
  if (hooks.size() != before) return {};
  // A name without a pattern may be another kernel's; whoever resolves hooks knows the nearest ones.
  if (glob.find_first_of("*?[") != std::string::npos)
    return wrong(Error::Kind::Environment, at, fmt::format("no hook matches `{}`", pattern),
                 "`spile list` shows the hooks");
  hooks.push_back({std::string(pattern), type, "void"});
  return {};
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
  if (!piece.hooks.empty() && out_.ends_with('}')) out_.insert(out_.size() - 1, ";");
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

void Writer::put_probe(const Piece &probe) {
  const std::string number = std::to_string(&probe - pieces_.data());
  const bool has_result = decides(*probe.hooks[0].type);
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
  out_ += fmt::format("static __always_inline {} ___body{}({} *ctx{})\n", has_result ? "int" : "void", number, context,
                      parameters);
  put_source(probe);
  for (const Hook &hook : probe.hooks) {
    std::string name;
    const bool is_tracepoint = hook.type->hook == tables::HookKind::Tracepoint;
    for (const char c : hook.section.substr(is_tracepoint ? hook.section.rfind('/') + 1 : 0))
      name += std::string_view("/.-+:%*?@~").contains(c) ? '_' : c;
    if (name == hook.section) name.insert(0, "on_");  // clang's assembler has one name for a section and a function
    if (!program_names_.insert(name).second) name += "_" + number;
    program_names_.insert(name);
    const std::string shown = hook.section.substr(is_tracepoint ? hook.section.find('/') + 1 : 0);
    const std::string call = fmt::format("___body{}(ctx{}{})", number, values,
                                         names_probe ? fmt::format(", (struct spile_probe){{ \"{}\" }}", shown) : "");
    out_ += fmt::format("SEC(\"{}\") int {}({} *ctx)\n{{\n\t{}\n}}\n", hook.section, name, context,
                        has_result ? fmt::format("return {};", call) : fmt::format("{};\n\treturn 0;", call));
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

Result<std::string> Writer::write() {
  if (auto split_up = split(); !split_up) return std::unexpected(split_up.error());
  const bool has_probe = std::ranges::any_of(pieces_, [](const Piece &piece) { return !piece.hooks.empty(); });
  if (!has_probe)
    return wrong(Error::Kind::Input, 0, "there is no probe",
                 "a probe is a hook and a body: `begin { printf(\"hello\\n\"); }`");
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
  if (!tables) return wrong(Error::Kind::Input, tables.error().word.begin(program_), tables.error().what);
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

Result<std::string> write_out_short_form(std::string_view program, const std::string &name) {
  return Writer(program, name).write();
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
