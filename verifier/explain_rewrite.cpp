// What to change where no statement in front of the fault is enough: the line itself, or the order of two. Each only
// where a person would write the same, from what the source's own lines show.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "verifier/explain.h"
#include "verifier/source_names.h"
#include "verifier/source_text.h"

namespace spile::verifier {
namespace {

// Turns that bpf_iter_num_new() allows (BPF_MAX_LOOPS).
constexpr int64_t kMaxLoopTurns = 8 * 1024 * 1024;

// Sections whose programs get addresses of a process as their arguments.
constexpr std::string_view kOfProcess[] = {"tracepoint/syscalls/sys_enter_", "tp/syscalls/sys_enter_", "ksyscall/",
                                           "uprobe", "usdt"};

bool is_number(std::string_view text, int64_t &value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// `for (long i = 0; i < 1000; i++)`, taken apart.
struct CountingLoop {
  std::string_view head, type, variable, first, limit;
};
CountingLoop counting_loop(std::string_view line) {
  const size_t begin = line.find("for (");
  if (begin == std::string_view::npos) return {};
  const std::string_view inside = bracketed(line, begin + 4);
  const size_t one = inside.find("; "), two = one == std::string_view::npos ? one : inside.find("; ", one + 2);
  if (two == std::string_view::npos) return {};
  const std::string_view start = inside.substr(0, one), test = inside.substr(one + 2, two - one - 2),
                         step = inside.substr(two + 2);
  const size_t equals = start.find(" = "),
               space = equals == std::string_view::npos ? equals : start.rfind(' ', equals - 1);
  if (space == std::string_view::npos) return {};
  const std::string_view variable = start.substr(space + 1, equals - space - 1);
  const bool counts = (step == fmt::format("{}++", variable) || step == fmt::format("++{}", variable)) &&
                      test.starts_with(fmt::format("{} < ", variable));
  if (!counts || !is_plain_name(variable)) return {};
  return {line.substr(begin, inside.size() + 6), start.substr(0, space), variable, start.substr(equals + 3),
          test.substr(variable.size() + 3)};
}

// What the line declares the pointer to be one to: "struct path" of `struct path *p = ...`; empty where it does not.
std::string_view declared_target(std::string_view line, std::string_view pointer) {
  const size_t at = line.find(fmt::format("*{} =", pointer));
  if (at == std::string_view::npos) return {};
  std::string_view type = line.substr(0, at);
  for (const std::string_view skipped : {" ", "\t", "const ", "volatile "})
    while (type.starts_with(skipped)) type.remove_prefix(skipped.size());
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type.find_first_of("*,;(){}=") == std::string_view::npos ? type : std::string_view();
}

}  // namespace

void rewrite_loop(const Telling &tell, const ForeignPlace &loop) {
  const auto [head, type, variable, first, limit] = counting_loop(loop.line_text);
  int64_t from = 0, to = 0;
  if (!is_number(first, from) || !is_number(limit, to) || from < 0 || to <= from || to - from > kMaxLoopTurns) return;
  tell.out.remedies.push_back(
      {tell.out.diagnostic.foreign.path,
       loop.line,
       fmt::format("{} {};", type, variable),
       "",
       {loop.line, std::string(head), fmt::format("bpf_for({}, {}, {})", variable, first, limit)}});
}

void rewrite_process_read(const Telling &tell) {
  const auto &[env, f, trail, state, out] = tell;
  const ForeignPlace &at = out.diagnostic.foreign;
  const auto takes = [&](std::string_view section) { return env.program.section.starts_with(section); };
  if (!std::ranges::any_of(kOfProcess, takes)) return;
  const std::string_view text = at.line_text, pointer = pointer_at(text, at.column), index = index_at(text, at.column);
  // What is read anew in each turn is no longer the same when it is read once before the loop.
  if (pointer.empty() || text.find("while") != std::string_view::npos || text.find("for ") != std::string_view::npos)
    return;
  int64_t number = 0;
  std::string read;
  if (is_plain_name(index) || is_number(index, number))
    read = fmt::format("{}[{}]", pointer, index);
  else if (text.find(fmt::format("*{}", pointer)) != std::string_view::npos)
    read = fmt::format("*{}", pointer);
  const ForeignPlace origin = place_of(env, f.state.origin);
  const std::string_view target = declared_target(origin.line_text, pointer);
  const size_t place = text.find(read);
  if (read.empty() || target.empty() || place == std::string_view::npos) return;
  const std::string value = fmt::format("{}_value", pointer.substr(pointer.find_last_of(">.") + 1));
  out.remedies.push_back(
      {at.path,
       at.line,
       fmt::format("{} {}; bpf_probe_read_user(&{}, sizeof({}), &{});", target, value, value, value, read),
       "",
       {at.line, read, value}});
}

void rewrite_map_argument(const Telling &tell) {
  const auto &[env, f, trail, state, out] = tell;
  const ForeignPlace &at = out.diagnostic.foreign;
  const std::string_view text = at.line_text;
  const std::string callee = tell.callee();
  const std::string_view given = argument_of(text, callee, f.arg);
  if (given.empty() || env.program.object == nullptr) return;
  const object::Map *only = nullptr;
  for (const object::Map &map : env.program.object->maps) {
    if (map.is_global_data) continue;
    if (only != nullptr) return;  // which one is meant, its author knows
    only = &map;
  }
  if (only == nullptr) return;
  const size_t begin = text.find(callee), end = static_cast<size_t>(given.data() - text.data());
  const std::string before(text.substr(begin, end - begin));
  out.remedies.push_back(
      {at.path, at.line, "", "", {at.line, before + std::string(given), fmt::format("{}&{}", before, only->name)}});
}

void rewrite_size(const Telling &tell, unsigned memory, unsigned size) {
  const ForeignPlace &at = tell.out.diagnostic.foreign;
  std::string_view variable = argument_of(at.line_text, tell.callee(), memory),
                   given = argument_of(at.line_text, tell.callee(), size);
  if (variable.starts_with('&')) variable.remove_prefix(1);
  if (!is_plain_name(variable) || given.empty()) return;
  const size_t begin = static_cast<size_t>(given.data() - std::string_view(at.line_text).data());
  // With the comma in front of it it is the argument, not its like elsewhere in the line.
  const size_t comma = at.line_text.rfind(',', begin);
  if (comma == std::string::npos) return;
  const std::string before = at.line_text.substr(comma, begin - comma);
  tell.out.remedies.push_back({at.path,
                               at.line,
                               "",
                               "",
                               {at.line, before + std::string(given), fmt::format("{}sizeof({})", before, variable)}});
}

void rewrite_truncation(const Telling &tell) {
  const ForeignPlace &at = tell.out.diagnostic.foreign;
  const std::string_view text = at.line_text;
  const size_t begin = text.find("asm"), left = text.find("<<= 32"), right = text.find(">>= 32");
  const bool cuts = begin != std::string_view::npos && left < right && right != std::string_view::npos;
  const size_t end = text.find_last_of(';');
  if (!cuts || end < right || begin != text.find_first_not_of(" \t")) return;
  tell.hint("a pointer that is cut to 32 bits is none any more");
  tell.out.remedies.push_back(
      {at.path, at.line, "", "", {at.line, std::string(text.substr(begin, end + 1 - begin)), ""}});
}

void rewrite_comparison(const Telling &tell, uint32_t comparison, int64_t more) {
  if (comparison == kNoInsn) return;
  const ForeignPlace at = place_of(tell.env, comparison);
  const std::string_view text = at.line_text;
  size_t greater = text.find(" > ");
  if (greater == std::string_view::npos || at.path != tell.out.diagnostic.foreign.path) return;
  Remedy remedy{at.path, at.line, "", ""};
  const size_t plus = text.rfind(" + ", greater);
  int64_t number = 0;
  // `p + 1` may mean one structure; other numbers are of bytes.
  if (plus != std::string_view::npos && is_number(text.substr(plus + 3, greater - plus - 3), number) && number != 1)
    remedy.change = {at.line, std::string(text.substr(plus, greater + 3 - plus)),
                     fmt::format(" + {} > ", number + more)};
  else if (text[greater - 1] == ')' && text.find("(void *)(") < greater)
    remedy.change = {at.line, ") > ", fmt::format(") + {} > ", more)};
  else
    return;
  tell.out.remedies.push_back(std::move(remedy));
}

void rewrite_parameters(const Telling &tell) {
  static constexpr std::pair<std::string_view, std::string_view> kMacros[] = {
      {"kprobe/", "BPF_KPROBE"}, {"uprobe", "BPF_UPROBE"}, {"ksyscall/", "BPF_KSYSCALL"}};
  const std::string_view section = tell.env.program.section;
  const auto *macro = std::ranges::find_if(kMacros, [&](const auto &row) { return section.starts_with(row.first); });
  if (macro == std::end(kMacros)) return;
  // `int probe(struct pt_regs *ctx, ` becomes `int BPF_KPROBE(probe, `.
  const std::string head = fmt::format("{}(struct pt_regs *ctx, ", tell.env.program.name);
  const ForeignPlace &at = tell.out.diagnostic.foreign;
  tell.out.remedies.push_back(
      {at.path, at.line, "", "", {0, head, fmt::format("{}({}, ", macro->second, tell.env.program.name)}});
}

void rewrite_order(const Telling &tell, uint32_t release) {
  const ForeignPlace from = place_of(tell.env, release);
  const std::string name = tell.source_name();
  const uint32_t line = tell.line();
  if (name.empty() || from.line == 0 || from.line >= line || from.path != tell.out.diagnostic.foreign.path) return;
  tell.out.remedies.push_back({from.path, line, "", "", {}, {from.line, name}});
}

}  // namespace spile::verifier
