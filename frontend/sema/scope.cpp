// Scopes: which symbol a name means here. One table with, for each name, the chain of what it means from the innermost
// scope outwards; leaving a scope takes its names off again.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "frontend/btf/sources.h"
#include "frontend/pp/known_names.h"
#include "frontend/sema/analyzer.h"
#include "lang-spec/tables/tables.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

void Analyzer::leave_scope() {
  const Mark mark = marks_.back();
  marks_.pop_back();
  while (bound_names_.size() > mark.names) {
    auto &binding = names_[bound_names_.back()];
    binding = binding->shadowed;
    bound_names_.pop_back();
  }
  while (bound_tags_.size() > mark.tags) {
    auto &binding = tags_[bound_tags_.back()];
    binding = binding->shadowed;
    bound_tags_.pop_back();
  }
}

Symbol *Analyzer::lookup(std::string_view name) {
  if (const auto *b = binding(names_, name)) return b->what;
  if (read_postponed(name))
    if (const auto *b = binding(names_, name)) return b->what;
  // A builtin is declared nowhere, and no macro of a header makes it an enumerator.
  if (find_builtin(name) == nullptr && read_postponed_macros())
    if (const auto *b = binding(names_, name)) return b->what;
  return importer_ != nullptr ? import_symbol(name, true) : nullptr;
}

Symbol *Analyzer::lookup_here(std::string_view name) {
  const auto *b = binding(names_, name);
  if (b == nullptr && at_file_scope() && read_postponed(name)) b = binding(names_, name);
  if (b != nullptr) return b->scope == scope() ? b->what : nullptr;
  return importer_ != nullptr && at_file_scope() ? import_symbol(name, false) : nullptr;
}

Symbol *Analyzer::lookup_file_scope(std::string_view name) {
  read_postponed(name);
  const auto it = names_.find(name);
  if (it == names_.end()) return nullptr;
  for (const Binding<Symbol> *b = it->second; b != nullptr; b = b->shadowed)
    if (b->scope == 0) return b->what;
  return nullptr;
}

void Analyzer::bind(Symbol *symbol) {
  auto **binding = &names_[symbol->name];
  while (*binding != nullptr && (*binding)->scope > scope()) binding = &(*binding)->shadowed;
  *binding = nodes_->make<Binding<Symbol>>(symbol, scope(), *binding);
  if (!at_file_scope()) bound_names_.push_back(symbol->name);
}

Analyzer::Tag *Analyzer::lookup_tag(std::string_view tag, bool only_here) {
  const auto *b = binding(tags_, tag);
  if (b == nullptr && (!only_here || at_file_scope()) && read_postponed(tag)) b = binding(tags_, tag);
  if (b != nullptr) return !only_here || b->scope == scope() ? b->what : nullptr;
  return importer_ != nullptr && (!only_here || at_file_scope()) ? import_tag(tag) : nullptr;
}

void Analyzer::bind_tag(std::string_view tag, Tag *what) {
  auto **binding = &tags_[tag];
  while (*binding != nullptr && (*binding)->scope > scope()) binding = &(*binding)->shadowed;
  *binding = nodes_->make<Binding<Tag>>(what, scope(), *binding);
  if (!at_file_scope()) bound_tags_.push_back(tag);
}

Symbol *Analyzer::new_symbol(SymbolKind kind, std::string_view name, const Type *type, Range range, Arena *where) {
  auto *symbol = (where != nullptr ? where : &arena_)->make<Symbol>();
  symbol->kind = kind;
  symbol->name = name;
  symbol->type = type;
  symbol->range = range;
  symbol->function = function_;
  return symbol;
}

namespace {

// Names that people use without their header, and functions of the C library that a kernel program cannot call.
struct Missing {
  std::string_view name;  // a trailing `*`: whatever begins so
  std::string_view header, instead;
};
constexpr auto kMissing = std::to_array<Missing>({
    {"SEC", "bpf/bpf_helpers.h", {}},
    {"__uint", "bpf/bpf_helpers.h", {}},
    {"__type", "bpf/bpf_helpers.h", {}},
    {"__array", "bpf/bpf_helpers.h", {}},
    {"bpf_printk", "bpf/bpf_helpers.h", {}},
    {"bpf_for", "bpf/bpf_helpers.h", {}},
    {"bpf_for_each", "bpf/bpf_helpers.h", {}},
    {"bpf_repeat", "bpf/bpf_helpers.h", {}},
    {"bpf_tail_call_static", "bpf/bpf_helpers.h", {}},
    {"bpf_ksym_exists", "bpf/bpf_helpers.h", {}},
    {"container_of", "bpf/bpf_helpers.h", {}},
    {"barrier_var", "bpf/bpf_helpers.h", {}},
    {"BPF_CORE_READ*", "bpf/bpf_core_read.h", {}},
    {"BPF_PROBE_READ*", "bpf/bpf_core_read.h", {}},
    {"bpf_core_*", "bpf/bpf_core_read.h", {}},
    {"BPF_PROG*", "bpf/bpf_tracing.h", {}},
    {"BPF_K*", "bpf/bpf_tracing.h", {}},
    {"BPF_U*", "bpf/bpf_tracing.h", {}},
    {"BPF_SEQ_PRINTF", "bpf/bpf_tracing.h", {}},
    {"BPF_SNPRINTF", "bpf/bpf_tracing.h", {}},
    {"PT_REGS_*", "bpf/bpf_tracing.h", {}},
    {"bpf_hton*", "bpf/bpf_endian.h", {}},
    {"bpf_ntoh*", "bpf/bpf_endian.h", {}},
    {"bpf_cpu_to_*", "bpf/bpf_endian.h", {}},
    {"bpf_usdt_*", "bpf/usdt.bpf.h", {}},
    {"BPF_USDT", "bpf/usdt.bpf.h", {}},
    {"ntohs", {}, "it is `bpf_ntohs`, of `bpf/bpf_endian.h`"},
    {"ntohl", {}, "it is `bpf_ntohl`, of `bpf/bpf_endian.h`"},
    {"htons", {}, "it is `bpf_htons`, of `bpf/bpf_endian.h`"},
    {"htonl", {}, "it is `bpf_htonl`, of `bpf/bpf_endian.h`"},
    {"offsetof", "stddef.h", {}},
    {"NULL", "stddef.h", {}},
    {"printf",
     {},
     "`#include <spile.h>` has one, whose lines `spile run` prints; `bpf_printk` writes to the trace pipe"},
    {"puts", {}, "`printf` of `spile.h` prints; `bpf_printk` writes to the trace pipe"},
    {"malloc", {}, "there is no heap: take memory from a map, or `bpf_ringbuf_reserve`"},
    {"calloc", {}, "there is no heap: take memory from a map, or `bpf_ringbuf_reserve`"},
    {"free", {}, "there is no heap: what a map holds is deleted with `bpf_map_delete_elem`"},
    {"strcmp",
     {},
     "`streq(str(p), \"text\")` of `spile.h` compares a string with a literal; `bpf_strncmp` is the helper for it"},
    {"strncmp",
     {},
     "`streq(str(p), \"text\")` of `spile.h` compares a string with a literal; `bpf_strncmp` is the helper for it"},
    {"strcpy", {}, "`bpf_probe_read_kernel_str` and `bpf_probe_read_user_str` copy strings"},
    {"strncpy", {}, "`bpf_probe_read_kernel_str` and `bpf_probe_read_user_str` copy strings"},
    {"sprintf", {}, "`BPF_SNPRINTF` of `bpf/bpf_tracing.h` formats into a buffer"},
    {"snprintf", {}, "`BPF_SNPRINTF` of `bpf/bpf_tracing.h` formats into a buffer"},
    {"strlen", {}, "`bpf_probe_read_kernel_str` and its kin return the length of what they copy"},
    {"time", {}, "`bpf_ktime_get_ns` is the time since the machine started"},
    {"getpid", {}, "`bpf_get_current_pid_tgid() >> 32` is the process"},
    {"sleep", {}, "a kernel program cannot wait: `bpf_timer_start` calls a function later"},
    {"exit", {}, "`return` ends the program, and `exit` of `spile.h` the run"},
    {"args", {}, "the fields of a hook are `ctx`'s: `ctx->filename`, `ctx->ret`"},
    {"execname", {}, "the name of the task is `comm` in the short form, `comm()` of `spile.h` elsewhere"},
    {"probefunc", {}, "the name of the hook is `probe` in the short form"},
    {"func", {}, "the name of the hook is `probe` in the short form"},
    {"kstack", {}, "`bpf_get_stackid` with a map of type BPF_MAP_TYPE_STACK_TRACE keeps the stack"},
    {"ustack", {}, "`bpf_get_stackid` with BPF_F_USER_STACK and a BPF_MAP_TYPE_STACK_TRACE keeps the stack"},
    {"elapsed", {}, "keep `nsecs` of a `begin` handler in a variable, and subtract it"},
    {"rand", {}, "`bpf_get_prandom_u32()` is a random number"},
    {"cgroup", {}, "`bpf_get_current_cgroup_id()` is the control group"},
    {"curtask", {}, "`bpf_get_current_task_btf()` is the task"},
    {"ntop", {}, "`printf` prints addresses: `%pI4` and `%pI6`"},
    {"macaddr", {}, "`printf` prints MAC addresses: `%pM`"},
    {"buf", {}, "`printf` prints bytes: `%ph` of an array"},
    {"strftime", {}, "`printf` prints a time of the clock: `%pt` of `nsecs`"},
    {"print", {}, "tables are printed when the run ends; `printf` prints values"},
    {"println", {}, "`printf` prints values; its text ends with `\\n`"},
    {"clear", {}, "`for_each(table, key, value)` walks a table, and `del(table, key)` deletes"},
    {"system", {}, "a probe starts no commands"},
    {"memcpy", "string.h", {}},
    {"memset", "string.h", {}},
    {"memcmp", "string.h", {}},
});

const Missing *missing_name(std::string_view name) {
  for (const Missing &row : kMissing)
    if (row.name.ends_with('*') ? name.starts_with(row.name.substr(0, row.name.size() - 1)) : name == row.name)
      return &row;
  return nullptr;
}

// As the constants of the kernel's headers are written.
bool is_like_a_macro(std::string_view name) {
  return name.size() > 2 && std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; }) &&
         std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Where the constant [name] comes from; empty: it is none that is known. [has_kernel_types]: the program includes
// vmlinux.h, beside which the kernel's other headers would declare its types again.
std::string hint_for_constant(std::string_view name, bool has_kernel_types) {
  const auto known = pp::find_known_constant(name);
  if (has_kernel_types) {
    if (!known) return {};
    if (!known->value.empty())
      return fmt::format("it is {} of the C headers, which vmlinux.h does not have: `#define {} {}`",
                         known->is_macro ? "a macro" : "an enumerator", name, known->value);
    if (known->header == "limits.h" || known->header == "stdint.h")  // they declare nothing of the kernel's
      return fmt::format("`#include <{}>` defines it", known->header);
    return fmt::format("it is a macro of `<{}>`, and vmlinux.h has none", known->header);
  }
  std::string headers = known && !known->header.empty() ? fmt::format("`#include <{}>`", known->header) : "";
  const auto kernel = btf::Image::view(btf::frozen_image());
  if (kernel && kernel->find(btf::NameSpace::Ordinary, name) != nullptr)
    headers += headers.empty() ? "`#include \"vmlinux.h\"`" : " or `\"vmlinux.h\"`";
  if (!headers.empty()) return headers + " defines it";
  return known ? fmt::format("it is a macro of the C headers: `#define {} {}`", name, known->value) : std::string();
}

}  // namespace

// What an undeclared name may have meant: a helper whose header is missing, or a name spelled almost like it.
void Analyzer::report_undeclared(const Expr *e, bool is_call) {
  auto report = is_call ? diags_.report<diag::UndeclaredFunction>(e->range, e->text)
                        : diags_.report<diag::UndeclaredIdentifier>(e->range, e->text);
  if (e->text.starts_with("bpf_") && tables::find_helper(e->text.substr(4)) != nullptr) {
    report.hint("`{}` is a helper: `#include <bpf/bpf_helpers.h>` declares it", e->text);
    return;
  }
  if (const Missing *known = missing_name(e->text); known != nullptr) {
    if (known->header.empty())
      report.hint("{}", known->instead);
    else
      report.hint("`#include <{}>` defines it", known->header);
    return;
  }
  if (!is_call && is_like_a_macro(e->text))
    if (const std::string hint = hint_for_constant(e->text, importer_ != nullptr); !hint.empty()) {
      report.hint("{}", hint);
      return;
    }
  // What is indexed and not there is a table, as other tracers have them, and no constant of the kernel's.
  const Loc end = e->range.end;
  if (!is_call && diags_.sources().text({end, end + 1}) == "[") {
    report.hint(
        "of a table, `set({0}, x, key)` and `get({0}, key)` are the elements, in the short form and with "
        "spile_tables.h; "
        "an array is declared first: `u64 {0}[64];`",
        e->text);
    return;
  }
  std::vector<std::string_view> names;
  for (const auto &[name, binding] : names_)
    if (binding != nullptr && binding->what->kind != SymbolKind::Typedef) names.push_back(name);
  if (postponed_ != nullptr) postponed_->add_names(names);
  if (importer_ != nullptr) names.push_back(importer_->image().nearest(btf::NameSpace::Ordinary, e->text));
  // The table has no order of its own; the answer must not depend on it.
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  const std::string_view nearest = types::nearest_name(names, e->text);
  if (nearest.empty()) {
    const Loc begin = e->range.begin;
    if (!is_call && begin.raw > 1 && diags_.sources().text({Loc{begin.raw - 1}, begin}) == "&")
      report.hint("if it is a map, `struct {{ __uint(type, BPF_MAP_TYPE_HASH); … }} {} SEC(\".maps\");` declares it",
                  e->text);
    return;
  }
  const Symbol *symbol = lookup(nearest);
  report.hint("did you mean `{}`?", nearest).fixit(e->range, std::string(nearest));
  if (symbol->range.valid()) report.note(symbol->range, "`{}` is declared here", nearest);
}

}  // namespace spile::sema
